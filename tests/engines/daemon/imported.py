"""Spark's daemon of Python workers, which has imported what each of them would import.

Packages of others alone: which code of the project a worker runs is what is tested.
"""

import importlib

from pyspark.daemon import manager

for name in ("pandas", "pyarrow.parquet", "mlflow.pyfunc", "sklearn.pipeline", "scipy.stats"):
    importlib.import_module(name)

if __name__ == "__main__":
    manager()
