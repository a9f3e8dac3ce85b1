"""The names of what may be predicted."""

from typing import Literal

Kind = Literal["binary", "multiclass", "regression"]
