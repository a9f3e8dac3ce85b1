"""The names of what may be predicted."""

from typing import Literal

TaskType = Literal["binary", "multiclass", "regression"]
