"""Fast prediction of single rows through LightGBM's C API.

``Booster.predict`` builds a predictor for each call, which takes several times as long as
predicting one row. The functions are those of LightGBM's documented C API,
``LGBM_BoosterPredictForMatSingleRowFastInit`` and its two companions; LightGBM's Python interface
does not offer them.
"""

import ctypes
import weakref
from typing import Any

import numpy as np
from lightgbm.basic import _LIB

_FLOAT32, _NORMAL, _ALL = 0, 0, -1  # C_API_DTYPE_FLOAT32, C_API_PREDICT_NORMAL


class SingleRowPredictor:
    """Predictor of one row with a booster, on the calling thread.

    Parameters
    ----------
    booster : lightgbm.Booster
    threads : int
        The number that other predictions in this process use. A single row uses only the calling
        thread, but LightGBM stores the number for the whole process.
    """

    def __init__(self, booster: Any, threads: int = 0):
        self._booster = booster  # the handle below must not outlive it
        self._config, self._length = ctypes.c_void_p(), ctypes.c_int64()
        self._check(
            _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
                booster._handle,
                ctypes.c_int(_NORMAL),
                ctypes.c_int(0),
                ctypes.c_int(_ALL),
                ctypes.c_int(_FLOAT32),
                ctypes.c_int32(booster.num_feature()),
                ctypes.c_char_p(b"num_threads=%d" % threads),
                ctypes.byref(self._config),
            )
        )
        weakref.finalize(self, _LIB.LGBM_FastConfigFree, self._config)
        self._predict = _LIB["LGBM_BoosterPredictForMatSingleRowFast"]
        self._predict.argtypes = [ctypes.c_void_p] * 4

    def scores(self, row: np.ndarray) -> np.ndarray:
        """Predict the positive class: float64 of shape (1,), from float32 of shape (1, p)."""
        row, score = np.ascontiguousarray(row), np.empty(1)
        length = ctypes.addressof(self._length)  # output parameter, always 1
        self._check(self._predict(self._config, _address(row), length, _address(score)))
        return score

    def _check(self, code: int) -> None:
        if code:
            raise RuntimeError(_LIB.LGBM_GetLastError().decode("utf-8"))


def _address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])
