"""Live traffic of a registered model: its part of a prediction log, with the outcomes so far."""

from pathlib import Path

from longhaul.data import sources
from longhaul.data.files import ARTIFACTS
from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from longhaul.registry.model_uri import ModelUri
from longhaul.tracking import artifacts, remote_copy
from longhaul.traffic import outcome_table, prediction_log
from longhaul.traffic.outcome_table import NO_OUTCOMES
from longhaul.traffic.served import ServedTraffic


def open_log(table: str, log: str, outcomes: str, query: str, folder: Path) -> ServedTraffic:
    """Open the traffic of the model that a table belongs to.

    Parameters
    ----------
    table : str
        URI of the clean table that the model learned from.
    log : str
        Path or URI of the prediction log.
    outcomes : str
        Path or URI of a table of outcomes; empty: only those by request.
    query : str
        What to ask, if that is a database.
    folder : Path
        Where a relative path starts.

    Raises
    ------
    LonghaulError
        When one of them cannot be read, or the problem has no time column, or no key for the
        outcomes.
    """
    base, address = PeriodTable(artifacts.fetch(table)), resolve(log, folder)
    problem = base.problem
    place = fetch_log(address)
    if problem.time is None:
        raise LonghaulError(
            "traffic: its periods go by a time column, and the problem declares none; declare time"
        )
    outcome_rows = NO_OUTCOMES
    if outcomes:
        if not problem.key:
            raise LonghaulError(
                "outcomes: the problem declares no key, the column that names the row of an"
                " outcome; declare it, or report outcomes by request"
            )
        outcome_rows = outcome_table.read(outcomes, query, problem, folder, artifacts.fetch)
    return ServedTraffic(
        place, list(version_keys(place, problem.name).values()), base, outcome_rows
    )


def digest(
    table: str, log: str, outcomes: str, query: str, period: str, folder: Path
) -> list[tuple[str, str]]:
    """Digest the rows that were answered up to a period, and their outcomes; see `open_log`."""
    with open_log(table, log, outcomes, query, folder) as served:
        return [(label, digest) for label, digest in served.digests().items() if label <= period]


def shadow_files(log: str, shadow: ModelUri, folder: Path) -> list[Path]:
    """List the files of the predictions of a shadow; see `open_log`."""
    place = fetch_log(resolve(log, folder))
    return sorted((place / prediction_log.SHADOW / shadow.key).glob("*/*.parquet"))


def fetch_log(address: str) -> Path:
    """Return a local path to the prediction log at an address; what was fetched is not again.

    Parameters
    ----------
    address : str
        A path, an artifact's URI, or where `serve` ships it, such as ``s3://…``.

    Raises
    ------
    LonghaulError
        When there is none, or it cannot be read.
    """
    if sources.is_path(address) and not Path(address).is_dir():
        raise LonghaulError(f"traffic: there is no folder {address}; serve calls it record")
    if sources.is_path(address) or address.startswith(ARTIFACTS):
        return artifacts.fetch(address)
    try:
        return remote_copy.fetch(address, list(prediction_log.SEALED))
    except LonghaulError as error:
        raise LonghaulError(f"traffic: {error}; serve ships a log there") from None


def resolve(address: str, folder: Path) -> str:
    """Resolve a relative path; other addresses stay as they are."""
    return str(folder / address) if address and sources.is_path(address) else address


def version_keys(log: Path, name: str) -> dict[str, str]:
    """Return the versions of a model that a log has predictions of, with their folders' names."""
    keys = {}
    for path in sorted((log / prediction_log.PREDICTIONS).glob("*")):
        number = path.name.rpartition("-")[2]
        if ModelUri(name, number, "").key == path.name:
            keys[number] = path.name
    return keys
