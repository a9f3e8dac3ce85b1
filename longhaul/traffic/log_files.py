"""Files of the prediction log, in groups with the same features."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from longhaul.model.correction import RAW, SHIFT
from longhaul.traffic import prediction_log, sql

FEATURES = "features"


@dataclass(frozen=True)
class LogFiles:
    """Files with the same columns.

    Attributes
    ----------
    paths : list of Path
    columns : list of str
        Of the predictions.
    features : list of str
        The columns of the rows, as they were sent.
    """

    paths: list[Path]
    columns: list[str]
    features: list[str]

    def select(self, predicted: Iterable[str], prefix: str = "") -> str:
        """Return the SQL that selects predictions and, with a prefix to their names, features.

        Without a prefix there are no features. What was predicted before there were corrections was
        not shifted.
        """
        defaults = {RAW: "probability", SHIFT: "0.0::DOUBLE"}
        columns = [
            sql.name(name) if name in self.columns else f"{defaults[name]} AS {sql.name(name)}"
            for name in predicted
        ]
        features = [
            f"{FEATURES}.{sql.name(name)} AS {sql.name(prefix + name)}"
            for name in (self.features if prefix else [])
        ]
        return f"SELECT {', '.join([*columns, *features])} FROM {sql.parquet(self.paths)}"


def find(
    log: Path, keys: Iterable[str], subfolder: str = prediction_log.PREDICTIONS
) -> list[LogFiles]:
    """Find the files of some versions.

    Parameters
    ----------
    log : Path
        The folder of the prediction log.
    keys : iterable of str
        The names of the versions' folders, ``<model>-<version>``.
    subfolder : str
        `prediction_log.PREDICTIONS`, or another with the same columns.
    """
    alike: dict[pa.Schema, list[Path]] = defaultdict(list)
    for key in keys:
        for file in sorted((log / subfolder / key).glob("*/*.parquet")):
            alike[pq.read_schema(file).remove_metadata()].append(file)
    return [LogFiles(paths, schema.names, _features(schema)) for schema, paths in alike.items()]


def _features(schema: pa.Schema) -> list[str]:
    return [field.name for field in schema.field(FEATURES).type]
