"""The tags by which runs tell each other what they are."""

HEADLINE = "longhaul.headline"  # the one line that a reader wants of a stage
ACTION = "longhaul.action"  # that monitoring asks for
ERROR = "longhaul.error"  # why a stage, or a trial, failed
FAMILY = "longhaul.family"  # of a candidate
FINGERPRINT = "longhaul.fingerprint"  # what a stage's result depends on
LEVEL = "longhaul.level"  # of what monitoring decided
PRODUCTION_RUN = "longhaul.life"  # of a registered model: the run of its life in production
TRIAL_NUMBER = "longhaul.trial"  # of a trial in its search
OWNER = "longhaul.owner"  # the process that a run belongs to
REUSED = "longhaul.reused."  # and a stage: the run that stands for it, on the parent
SEARCH = "longhaul.search"  # that a trial is a part of
LAST_PERIOD_SEEN = "longhaul.seen"  # of a registered version: the last period it was fitted on or judged by
VERDICT = "longhaul.verdict"  # of a registered version: what spoke for it
VERSION = "longhaul.version"  # of a run that registered one: models:/<name>/<version>
