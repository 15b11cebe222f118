"""A worker whose reporter blocks for ever from SIGUSR1 on."""

import importlib
import os

os.environ["STICKS"] = "reporter"
importlib.import_module("tests.faults.planted.sticks")
