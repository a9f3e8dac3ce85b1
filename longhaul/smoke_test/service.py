"""HTTP client of a model server, in MLflow's scoring protocol."""

import contextlib
import time
from typing import Any

import numpy as np
import pandas as pd
import requests

from longhaul.errors import LonghaulError
from longhaul.model import payload

PING_SECONDS = 1.0
REQUEST_SECONDS = 60.0


class ServiceClient:
    """Client of one model server.

    Parameters
    ----------
    address : str
        Such as ``http://127.0.0.1:5001``.
    """

    def __init__(self, address: str):
        self.address = address
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy for this machine's own addresses

    def is_ready(self) -> bool:
        """Return whether the server has loaded its model."""
        with contextlib.suppress(requests.RequestException):
            return bool(self._session.get(f"{self.address}/ping", timeout=PING_SECONDS).ok)
        return False

    def predict(self, frame: pd.DataFrame) -> tuple[np.ndarray, float]:
        """Request predictions of rows in one request.

        Parameters
        ----------
        frame : DataFrame of n rows

        Returns
        -------
        scores : ndarray of float64
            See `longhaul.tasks.Task`.
        seconds : float
            From the first byte sent to the last one received.

        Raises
        ------
        LonghaulError
            When the server answers with an error, or with anything but n predictions.
        """
        body, headers = payload.dumps(frame), {"Content-Type": "application/json"}
        start = time.perf_counter()
        try:
            response = self._session.post(
                f"{self.address}/invocations", body, headers=headers, timeout=REQUEST_SECONDS
            )
        except requests.RequestException as error:
            raise LonghaulError(f"the service does not answer: {_first_line(error)}") from None
        seconds = time.perf_counter() - start
        return _scores(response, len(frame)), seconds

    def close(self) -> None:
        """Close the connection."""
        self._session.close()


def _scores(response: requests.Response, count: int) -> np.ndarray:
    if not response.ok:
        raise LonghaulError(
            f"the service answers {response.status_code}: {' '.join(response.text.split())[:300]}"
        )
    try:
        rows = response.json()["predictions"]
        scores = np.array([_score(row) for row in rows], dtype=float)
    except (ValueError, KeyError, TypeError) as error:
        raise LonghaulError(f"the service's answer has no predictions: {error!r}") from None
    if len(scores) != count:
        raise LonghaulError(f"the service answers {len(scores)} predictions for {count} rows")
    return scores


def _score(row: dict[str, Any]) -> Any:
    """Return the score in a prediction: all probabilities, one probability, or the number."""
    return row.get("probabilities") or row["prediction" if "prediction" in row else "probability"]


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
