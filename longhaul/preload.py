"""Module for the fork server: it imports the modules that the environment names.

One that cannot be imported must not end the server: what needs it says so itself. The server has a
process group of its own: what ends the group of the process that began it must not end the server
first, or nobody would learn how its children ended. It ends with the last process that uses it.
"""

import contextlib
import gc
import importlib
import os

with contextlib.suppress(OSError):  # it leads a session, and so a group, already
    os.setpgrp()
gc.set_threshold(10_000)  # as in steps/__init__.py
for _name in filter(None, os.environ.get("LONGHAUL_PRELOAD", "").split(",")):
    with contextlib.suppress(Exception):
        importlib.import_module(_name)
