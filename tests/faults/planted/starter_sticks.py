"""A worker whose starter blocks for ever from SIGUSR1 on."""

import importlib
import os

os.environ["STICKS"] = "starter"
importlib.import_module("tests.faults.planted.sticks")
