"""Engine of this machine: everything is done by the process itself."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from longhaul import tasks
from longhaul.data import ingestion, validation
from longhaul.data.deliveries import Delivery
from longhaul.data.ingestion import IngestedTable
from longhaul.data.table import PeriodTable
from longhaul.data.validation import CheckedPeriod
from longhaul.estimators import families
from longhaul.features.encoder import Encoder
from longhaul.model import predictions
from longhaul.model.correction import Correction
from longhaul.model.predictions import Provenance
from longhaul.model.predictor import Predictor
from longhaul.monitoring import observation
from longhaul.monitoring.observation import Observation
from longhaul.monitoring.reference import Reference
from longhaul.problem import Contract, Problem
from longhaul.tracking import artifacts
from longhaul.training.candidate import EncodedWindows
from longhaul.training.objective import validation_objective
from longhaul.training.search import MAX_PENDING, Search
from longhaul.training.trials import Trial


class LocalEngine:
    """Process of this machine; see `longhaul.engines.base.Engine`."""

    def log_folder(self, name: str) -> AbstractContextManager[Path]:
        """Yield a temporary folder that becomes an artifact."""
        return artifacts.log_folder(name)

    def ingest(
        self, problem: Problem, folder: Path, target: Path, recorded: Collection[Delivery] = ()
    ) -> IngestedTable:
        """Read the whole source into memory; write its periods."""
        return ingestion.ingest(problem, folder, artifacts.fetch, target, recorded)

    def learn_contract(self, table: PeriodTable, window: list[str]) -> dict[str, Any]:
        """Learn the contract from some periods."""
        return validation.learn(table, window)

    def check(
        self, file: Path, expectations: Mapping[str, Any], limits: Contract, target: Path
    ) -> CheckedPeriod:
        """Check one period in memory; write its good rows."""
        return validation.check(file, expectations, limits, target)

    def predict(
        self,
        source: Path,
        target: Path,
        uri: str,
        predictor: Predictor,
        problem: Problem,
        provenance: Provenance,
        correction: Correction | None = None,
    ) -> None:
        """Predict the rows of one file batch by batch; the model is that in memory."""
        predictions.write(source, target, predictor, problem, provenance, correction=correction)

    def count(
        self,
        source: Path,
        predictions: Path,
        problem: Problem,
        due: bool,
        encoder: Encoder,
        reference: Reference,
    ) -> Observation | None:
        """Count a period batch by batch."""
        return observation.count(source, predictions, problem, due, encoder, reference)

    def search(
        self,
        search: Search,
        family: str,
        family_files: Sequence[Path],
        windows: EncodedWindows,
        problem: Problem,
        threads: int,
        earlier: Sequence[Trial],
    ) -> Iterator[Trial]:
        """Try settings, several at once where trials of the family can share a dataset."""
        chosen, cores = families.family(family, family_files), threads or os.cpu_count() or 1
        shared = families.share_dataset(
            chosen, windows.encoder, windows.train, windows.valid, search.seed
        )
        # Two trials side by side, with a processor each, get further than one after the other
        # with two.
        pending = MAX_PENDING if shared else 1
        workers = min(pending, cores)
        task = tasks.task_for(problem.target.task_type)
        objective = validation_objective(
            task, chosen, windows, search.seed, cores // workers, shared
        )
        return replace(search, max_pending=pending, workers=workers).run(objective, earlier)
