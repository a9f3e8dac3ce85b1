"""Pictures that are drawn as they come: to lay them out takes half of the time that pages take.

For stages and lives whose tests do not look at pictures. They are laid out in the tests of `plots`
and of pages, and in every life by stock ``mlflow run``.
"""

from matplotlib.figure import Figure

from longhaul.plots import style

DPI = 40


def canvas(width: float = style.WIDTH, height: float = style.HEIGHT) -> Figure:
    """Stand in for `longhaul.plots.style.canvas`."""
    return Figure(figsize=(width, height), dpi=DPI)
