"""MLflow pyfunc wrapper of a packaged model: a model from code, with no pickle.

MLflow copies this file and the modules it imports next to the package, so the model runs without
the project that trained it.
"""

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

from longhaul.model.package import load_predictor


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
        """
        return self.predictor.predict(model_input, int((params or {}).get("reasons", 0)))


set_model(Model())
