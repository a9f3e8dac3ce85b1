"""Trees that came from a file."""

import numpy as np
import pytest

from longhaul.estimators.trees import is_valid_tree

CHILDREN = [[1, 2], [-1, -1], [3, 4], [-1, -1], [-1, -1]]
COLUMNS = [0, -2, 1, -2, -2]
INNER = np.array([True, False, True, False, False])


def test_sound() -> None:
    """A tree as scikit-learn makes it passes."""
    assert is_valid_tree(np.array(CHILDREN), np.array(COLUMNS), INNER, 2)


@pytest.mark.parametrize(
    ("node", "children"), [(0, [1, 5]), (2, [3, 10**9]), (0, [0, 1]), (2, [0, 4]), (2, [-7, 4])]
)
def test_bad_children(node: int, children: list[int]) -> None:
    """A child that does not exist, or that leads back, is seen."""
    changed = np.array(CHILDREN)
    changed[node] = children
    assert not is_valid_tree(changed, np.array(COLUMNS), INNER, 2)


@pytest.mark.parametrize("column", [-1, 2, 10**9])
def test_bad_column(column: int) -> None:
    """A node that looks at a column that does not exist is seen."""
    changed = np.array(COLUMNS)
    changed[2] = column
    assert not is_valid_tree(np.array(CHILDREN), changed, INNER, 2)
