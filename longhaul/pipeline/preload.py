"""Module for the fork server: it imports the modules that the environment names.

One that cannot be imported must not end the server: the step that needs it says so itself.
"""

import contextlib
import importlib
import os

for _name in filter(None, os.environ.get("LONGHAUL_PRELOAD", "").split(",")):
    with contextlib.suppress(Exception):
        importlib.import_module(_name)
