"""A model service, asked over HTTP in MLflow's scoring protocol."""

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
    """A model server that answers.

    Parameters
    ----------
    address : str
        Such as ``http://127.0.0.1:5001``.
    """

    def __init__(self, address: str):
        self.address = address
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy has no business on this machine

    def ready(self) -> bool:
        """Whether the server says that its model is loaded."""
        with contextlib.suppress(requests.RequestException):
            return bool(self._session.get(f"{self.address}/ping", timeout=PING_SECONDS).ok)
        return False

    def ask(self, frame: pd.DataFrame) -> tuple[np.ndarray, float]:
        """Send rows in one request.

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
            When the service refuses, or answers something else than n predictions.
        """
        body, headers = payload.dumps(frame), {"Content-Type": "application/json"}
        start = time.perf_counter()
        try:
            answer = self._session.post(
                f"{self.address}/invocations", body, headers=headers, timeout=REQUEST_SECONDS
            )
        except requests.RequestException as error:
            raise LonghaulError(f"the service does not answer: {_first_line(error)}") from None
        seconds = time.perf_counter() - start
        return _scores(answer, len(frame)), seconds

    def close(self) -> None:
        """Close the connection."""
        self._session.close()


def _scores(answer: requests.Response, count: int) -> np.ndarray:
    if not answer.ok:
        raise LonghaulError(
            f"the service answers {answer.status_code}: {' '.join(answer.text.split())[:300]}"
        )
    try:
        rows = answer.json()["predictions"]
        scores = np.array([_score(row) for row in rows], dtype=float)
    except (ValueError, KeyError, TypeError) as error:
        raise LonghaulError(f"the service's answer has no predictions: {error!r}") from None
    if len(scores) != count:
        raise LonghaulError(f"the service answers {len(scores)} rows when asked {count}")
    return scores


def _score(row: dict[str, Any]) -> Any:
    """What a row's prediction says: all probabilities, else the one, else the number."""
    return row.get("probabilities") or row["prediction" if "prediction" in row else "probability"]


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
