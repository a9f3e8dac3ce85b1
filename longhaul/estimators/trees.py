"""Bounds checks of trees read from a file.

scikit-learn follows a node's indices unchecked, for speed: wrong ones in a file would make it
read foreign memory, or loop forever.
"""

import numpy as np

LEAVES = 20  # that the rows of a small table must be able to fill


def is_valid_tree(children: np.ndarray, columns: np.ndarray, inner: np.ndarray, width: int) -> bool:
    """Return whether every path from the root ends in a leaf and uses only existing columns.

    Parameters
    ----------
    children : ndarray of int, shape (nodes, 2)
        Indices of the children; scikit-learn numbers a child after its parent.
    columns : ndarray of int, shape (nodes,)
        The column that a node splits on.
    inner : ndarray of bool, shape (nodes,)
        Which nodes are not leaves; only their children and columns are checked.
    width : int
        Number of columns of the matrix to predict from.
    """
    descending = children > np.arange(len(children))[:, np.newaxis]
    in_bounds = (children < len(children)).all(axis=1) & (columns >= 0) & (columns < width)
    return bool((descending.all(axis=1) & in_bounds)[inner].all())


def leaf_rows(requested: float, rows: int) -> int:
    """Return the minimum rows of a leaf: as requested, at most a twentieth of a small table."""
    return max(1, min(int(requested), rows // LEAVES))
