"""The types of targets; a module of its own, since a packaged model needs it and not the problem."""

from typing import Literal

TaskType = Literal["binary", "multiclass", "regression"]
