"""One thin module per entry point of MLproject."""

import gc
import os
import warnings

import longhaul.pipeline.excepthook  # noqa: F401

# OpenMP threads wait by spinning, some 300,000 turns. When another program has one of two
# processors, a fit then takes twelve times as long; with 1,000 turns three times, and alone no
# longer than before. Read when the library is loaded.
gc.set_threshold(10_000)  # collecting garbage takes a tenth of all imports, and finds none
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
# Pandera imports what there is of Spark, which warns of a pandas that works here.
warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
