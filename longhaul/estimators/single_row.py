"""LightGBM's C interface for one row at a time, which its Python interface does not offer.

``Booster.predict`` builds a predictor for each call, which takes several times as long as to walk
one row down the trees. The functions are those of LightGBM's documented C API,
``LGBM_BoosterPredictForMatSingleRowFastInit`` and the two beside it.
"""

import ctypes
import weakref
from typing import Any

import numpy as np
from lightgbm.basic import _LIB

_FLOAT32, _NORMAL, _ALL = 0, 0, -1  # C_API_DTYPE_FLOAT32, C_API_PREDICT_NORMAL


class SingleRowPredictor:
    """Predicts one row with a booster, on the thread that asks.

    Parameters
    ----------
    booster : lightgbm.Booster
    threads : int
        What other predictions in this process use. One row takes none but the thread that asks, but
        LightGBM notes the number all the same.
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
        """Of the positive class: float64 of shape (1,), for float32 of shape (1, p)."""
        row, found = np.ascontiguousarray(row), np.empty(1)
        length = ctypes.addressof(self._length)  # always 1: of no interest
        self._check(self._predict(self._config, _address(row), length, _address(found)))
        return found

    def _check(self, code: int) -> None:
        if code:
            raise RuntimeError(_LIB.LGBM_GetLastError().decode("utf-8"))


def _address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])
