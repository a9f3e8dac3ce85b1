"""The tags by which runs tell each other what they are."""

HEADLINE = "longhaul.headline"  # the one line that a reader wants of a stage
ERROR = "longhaul.error"  # why a stage, or a trial, failed
FAMILY = "longhaul.family"  # of a candidate
FINGERPRINT = "longhaul.fingerprint"  # what a stage's result depends on
NUMBER = "longhaul.trial"  # of a trial in its search
OWNER = "longhaul.owner"  # the process that a run belongs to
REUSED = "longhaul.reused."  # and a stage: the run that stands for it, on the parent
SEARCH = "longhaul.search"  # that a trial is a part of
VERDICT = "longhaul.verdict"  # of a registered version: what spoke for it
VERSION = "longhaul.version"  # of a run that registered one: models:/<name>/<version>
