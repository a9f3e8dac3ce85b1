"""Protocol of the engines that work on tables, and `open`, which starts one of them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from longhaul.data.deliveries import Delivery
from longhaul.data.ingestion import IngestedTable
from longhaul.data.table import PeriodTable
from longhaul.data.validation import CheckedPeriod
from longhaul.engines.local import LocalEngine
from longhaul.engines.spark import requirements
from longhaul.features.encoder import Encoder
from longhaul.model.correction import Correction
from longhaul.model.predictions import Provenance
from longhaul.model.predictor import Predictor
from longhaul.monitoring.observation import Observation
from longhaul.monitoring.reference import Reference
from longhaul.problem import Contract, Problem
from longhaul.training.candidate import EncodedWindows
from longhaul.training.search import Search
from longhaul.training.trials import Trial

SPARK = "spark"


class Engine(Protocol):
    """Work on large tables: by this process, or by the workers of a cluster.

    Both engines give the same figures; see each one's methods for what may differ.
    """

    def log_folder(self, name: str) -> AbstractContextManager[Path]:
        """Yield a folder that becomes the artifact folder `name`, completely or not at all."""

    def ingest(
        self, problem: Problem, folder: Path, target: Path, recorded: Collection[Delivery] = ()
    ) -> IngestedTable:
        """Read a problem's source; write its periods; see `longhaul.data.ingestion.ingest`.

        Parameters
        ----------
        problem : Problem
        folder : Path
            Where a relative path starts: that of the problem file.
        target : Path
            An existing folder, which gets the table.
        recorded : collection of Delivery
            The files that were seen before; see `longhaul.data.sources.read`.
        """

    def learn_contract(self, table: PeriodTable, window: list[str]) -> dict[str, Any]:
        """Learn the contract from some periods; see `longhaul.data.contract.learn`."""

    def check(
        self, file: Path, expectations: Mapping[str, Any], limits: Contract, target: Path
    ) -> CheckedPeriod:
        """Check one period; write its good rows; see `longhaul.data.validation.check`."""

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
        """Predict the rows of one file of a table; write another.

        Parameters
        ----------
        source, target : Path
            See `longhaul.model.predictions.write`.
        uri : str
            Of the model, such as ``models:/flights/3``.
        predictor : Predictor
            That of the same model.
        problem : Problem
        provenance : Provenance
        correction : Correction or None
            Of the version, for two classes.
        """

    def count(
        self,
        source: Path,
        predictions: Path,
        problem: Problem,
        due: bool,
        encoder: Encoder,
        reference: Reference,
    ) -> Observation | None:
        """Count a period from its files; see `longhaul.monitoring.observation.count`."""

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
        """Try settings of a family; see `longhaul.training.search.Search.run`.

        Parameters
        ----------
        search : Search
        family : str
        family_files : sequence of Path
            Files of the problem's custom families.
        windows : EncodedWindows
        problem : Problem
        threads : int
            Processors of this machine to use; 0 is all. A cluster's engine takes one for a trial.
        earlier : sequence of Trial

        Yields
        ------
        Trial
            Each new one as it ends.
        """


@contextmanager
def open(engine: str, job: str, models: bool = False) -> Iterator[Engine]:
    """Start an engine for one step; it ends with the block.

    Parameters
    ----------
    engine : {"local", "spark"}
    job : str
        What a cluster's pages call it.
    models : bool
        Whether models are loaded; see `longhaul.engines.spark.session.session`.

    Raises
    ------
    LonghaulError
        When Spark cannot be used: see `longhaul.engines.spark.session.session`.
    """
    if engine != SPARK:
        yield LocalEngine()
        return
    requirements.require()
    # Not before it is asked for: pyspark is optional, and takes seconds to import.
    from longhaul.engines.spark import engine as spark

    with spark.start(job, models) as started:
        yield started
