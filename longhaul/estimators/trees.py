"""Trees read from a file: their nodes must lead on, and stay within bounds.

scikit-learn follows a node's indices unchecked, for speed: a file with wrong ones would make it
read foreign memory, or run in circles.
"""

import numpy as np

LEAVES = 20  # that any table must be able to fill


def is_valid_tree(children: np.ndarray, columns: np.ndarray, inner: np.ndarray, width: int) -> bool:
    """Whether every path from the root ends in a leaf and looks only at columns that exist.

    Parameters
    ----------
    children : ndarray of int, shape (nodes, 2)
        scikit-learn numbers a child after its parent.
    columns : ndarray of int, shape (nodes,)
        The column that a node looks at.
    inner : ndarray of bool, shape (nodes,)
        Which nodes are not leaves; only their children and columns are looked at.
    width : int
        Columns of a matrix to predict from.
    """
    lead_on = children > np.arange(len(children))[:, np.newaxis]
    within = (children < len(children)).all(axis=1) & (columns >= 0) & (columns < width)
    return bool((lead_on.all(axis=1) & within)[inner].all())


def leaf_rows(asked: float, rows: int) -> int:
    """How many rows a leaf must have: as asked, but no more than a twentieth of a small table."""
    return max(1, min(int(asked), rows // LEAVES))
