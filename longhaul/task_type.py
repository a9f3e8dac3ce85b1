"""The types of targets, in a module that a packaged model can bring without the problem."""

from typing import Literal

TaskType = Literal["binary", "multiclass", "regression"]
