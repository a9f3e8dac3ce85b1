"""Names of the tags that Longhaul sets on runs, registered models and versions."""

HEADLINE = "longhaul.headline"  # of a step's run: its outcome in one line
ACTION = "longhaul.action"  # of a monitoring run: the action that it asks for
CANARY_SHARE = "longhaul.canary"  # of a registered model: the canary's version and share
CORRECTION = "longhaul.correction"  # of a version: URI of its correction.json, or off
ERROR = "longhaul.error"  # why a step, or a trial, failed
FAMILY = "longhaul.family"  # of a candidate
FINGERPRINT = "longhaul.fingerprint"  # of everything that a step's result depends on
LEVEL = "longhaul.level"  # of a monitoring run: ok, watch or act
LOOKS = "longhaul.looks"  # of a version: how often it was compared with the champion
OUTCOME = "longhaul.outcome"  # of a version: promote, approval, undecided or refuse
SERVING_REFUSAL = "longhaul.refusal"  # of a run of deploy: why the model cannot be served
PRODUCTION_RUN = "longhaul.life"  # of a registered model: the run of its history in production
TRIAL_NUMBER = "longhaul.trial"  # of a trial in its search
MANIFEST = "longhaul.manifest"  # of a step's run: its artifacts, to see whether all are there
OWNER = "longhaul.owner"  # the process that a run belongs to
REUSED = "longhaul.reused."  # prefix, before a step's name: the run reused for it, on the parent
SEARCH = "longhaul.search"  # of a trial: the search that it is part of
LAST_PERIOD_SEEN = "longhaul.seen"  # of a version: the last period it was fitted or judged on
SHADOW_COMPARISON = "longhaul.shadow"  # of a version: URI of its newest comparison.json
CLEAN_TABLE = "longhaul.table"  # of a step that looked for one itself: URI of the newest
STEPS = "longhaul.steps"  # of a step that runs others: the ids of their runs
VERDICT = "longhaul.verdict"  # of a version: the verdict that it was registered with
VERSION = "longhaul.version"  # of a run that registered one: models:/<name>/<version>
