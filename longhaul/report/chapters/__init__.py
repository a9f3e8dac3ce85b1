"""The chapters of a report: each makes sections from the run tree, or none."""

from collections.abc import Callable

from longhaul.report.chapters import (
    champion,
    data,
    deployment,
    experiments,
    problem,
    production,
    verdict,
)
from longhaul.report.document import Section
from longhaul.report.run_tree import RunTree

Chapter = Callable[[RunTree], list[Section]]

CHAPTERS: tuple[Chapter, ...] = (
    problem.sections,
    data.sections,
    experiments.sections,
    verdict.sections,
    champion.sections,
    deployment.sections,
    production.sections,
    champion.promotions,
    experiments.effort,
)
