"""Engine of a Spark cluster: tables are read, checked, scored and counted by its workers."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from longhaul.data import ingestion as local_ingestion
from longhaul.data import problem_copy
from longhaul.data.deliveries import Delivery
from longhaul.data.ingestion import IngestedTable
from longhaul.data.table import PeriodTable
from longhaul.data.validation import CheckedPeriod
from longhaul.engines.spark import contract, ingestion, observation, scoring, tables
from longhaul.engines.spark import search as spark_search
from longhaul.engines.spark.session import session
from longhaul.features.encoder import Encoder
from longhaul.model.correction import Correction
from longhaul.model.predictions import Provenance
from longhaul.model.predictor import Predictor
from longhaul.monitoring.observation import Observation
from longhaul.monitoring.reference import Reference
from longhaul.problem import Contract, Problem
from longhaul.tracking import artifacts
from longhaul.training.candidate import EncodedWindows
from longhaul.training.search import Search
from longhaul.training.trials import Trial


@dataclass(frozen=True)
class SparkEngine:
    """Workers of a Spark session; see `longhaul.engines.base.Engine`.

    Attributes
    ----------
    spark : SparkSession
    """

    spark: SparkSession

    def log_folder(self, name: str) -> AbstractContextManager[Path]:
        """Yield a folder of the artifact store that workers write to."""
        return tables.log_folder(self.spark, name)

    def ingest(
        self, problem: Problem, folder: Path, target: Path, recorded: Collection[Delivery] = ()
    ) -> IngestedTable:
        """Let the workers read Parquet files and write periods as folders of parts."""
        ingested = ingestion.ingest(self.spark, problem, folder, artifacts.fetch, target)
        problem_copy.write(target, ingested.problem, folder)
        local_ingestion.require_windows(PeriodTable(target), problem)
        return ingested

    def learn_contract(self, table: PeriodTable, window: list[str]) -> dict[str, Any]:
        """Learn the contract from summaries that the workers count."""
        return contract.learn(self.spark, table, window)

    def check(
        self, file: Path, expectations: Mapping[str, Any], limits: Contract, target: Path
    ) -> CheckedPeriod:
        """Check one period; write its good rows as a folder of parts."""
        return contract.check(self.spark, file, expectations, limits, target)

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
        """Predict by the model's `spark_udf`, in the workers."""
        scoring.write(self.spark, source, target, uri, predictor, problem, provenance, correction)

    def count(
        self,
        source: Path,
        predictions: Path,
        problem: Problem,
        due: bool,
        encoder: Encoder,
        reference: Reference,
    ) -> Observation | None:
        """Count a period part by part."""
        return observation.observe(
            self.spark, source, predictions, problem, due, encoder, reference
        )

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
        """Try settings by `SparkTrials`, one thread each."""
        task_type = problem.target.task_type
        return spark_search.run(
            self.spark, search, family, family_files, task_type, windows, earlier
        )


@contextmanager
def start(job: str, models: bool = False) -> Iterator[SparkEngine]:
    """Start a session, and the engine in it; both end with the block."""
    with session(f"longhaul {job}", models) as spark:
        yield SparkEngine(spark)
