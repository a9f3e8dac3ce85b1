"""One thin module per entry point of MLproject."""

import os

# OpenMP threads that spin while they wait take a shared machine down with them: a fit that shares
# two processors with another one takes eight times as long. Read when the library is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
