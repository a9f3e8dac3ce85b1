"""MLflow pyfunc wrapper of a packaged model: a model from code, with no pickle.

MLflow copies this file and the modules it imports next to the package, so the model runs without
the project that trained it.
"""

import logging
import os
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

from longhaul.model.package import load_predictor
from longhaul.model.unread import examine_frame

ON_UNREADABLE = "LONGHAUL_ON_UNREADABLE"  # count: what cannot be read is missing, as in the service


class Model(PythonModel):
    """MLflow model: probabilities, decisions and, if asked for, reasons."""

    def load_context(self, context: Any) -> None:
        """Read the predictor from the package among the model's artifacts."""
        self.predictor = load_predictor(Path(context.artifacts["package"]))

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Predict rows.

        Parameters
        ----------
        context : object
            Not used.
        model_input : DataFrame of n rows
            A feature without a column counts as missing; other columns are ignored.
        params : dict or None
            ``reasons``: how many to give for each row; 0 for none.

        Returns
        -------
        DataFrame of n rows, with the index of `model_input`
            ``probability``, ``decision`` and, if asked for, ``reasons``; see `Predictor.predict`.

        Raises
        ------
        MlflowException
            When a value is refused, or no column is one of the model's: MLflow's servers answer
            400 with its message.
        """
        self._require_columns(model_input)
        self._require_readable(model_input)
        return self.predictor.predict(model_input, int((params or {}).get("reasons", 0)))

    def _require_columns(self, frame: pd.DataFrame) -> None:
        """Refuse rows without a column of the model: MLflow has dropped the rows, too."""
        features = self.predictor.features
        if features and not any(name in frame.columns for name in features):
            listed = ", ".join(map(repr, features[:10]))
            raise MlflowException.invalid_parameter_value(
                f"no column of the rows is one of the model's: {listed}"
            )

    def _require_readable(self, frame: pd.DataFrame) -> None:
        """Refuse values that are present and cannot be read; or log how many are missing."""
        forms = {column.name: column.form for column in self.predictor.encoder.columns}
        unread = examine_frame(forms, frame)
        if unread and os.environ.get(ON_UNREADABLE) == "count":
            logging.getLogger(__name__).warning("%d values: %s", unread.count, unread)
        elif unread:
            raise MlflowException.invalid_parameter_value(str(unread))


set_model(Model())
