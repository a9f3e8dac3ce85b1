"""Calibration fitted to stored counts, so that outcomes can refresh it as they come."""

import numpy as np

from longhaul.evaluation.calibration import Calibration, CellCounts, log_odds
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.scores import POSITIVE, Scores


def fit(clusters: ClusterCounts[Scores]) -> Calibration:
    """Fit a calibration to the labelled rows of counts; see `Calibration.fit`."""
    parts = list(clusters.labelled.values())
    cells = [part.cells() for part in parts]
    counts = [part.counts[:, : POSITIVE + 1].astype(float) for part in cells]
    code = np.repeat(np.arange(len(parts)), [len(part) for part in counts])
    odds = np.concatenate([np.zeros(0), *(log_odds(part.probability) for part in cells)])
    both = np.concatenate([np.zeros((0, 2)), *counts])
    filled = both.sum(axis=1) > 0
    rows, positive = both.sum(axis=1)[filled], both[filled, POSITIVE]
    return Calibration.of_cells(CellCounts(odds[filled], rows, positive, code[filled], len(parts)))
