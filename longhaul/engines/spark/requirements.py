"""Requirements of the Spark engine: the package pyspark, and Java."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from longhaul.errors import LonghaulError


def require() -> None:
    """Refuse to start Spark where pyspark or Java is missing.

    Raises
    ------
    LonghaulError
    """
    if find_spec("pyspark") is None:
        raise LonghaulError(
            "engine: spark takes the package pyspark, which is not installed;"
            " pip install -r requirements-spark.txt"
        )
    java = Path(os.environ.get("JAVA_HOME", ""), "bin", "java")
    if shutil.which("java") is None and not java.is_file():
        raise LonghaulError(
            "engine: spark takes Java 17 or newer, which is not installed; install it, or set"
            " JAVA_HOME"
        )
