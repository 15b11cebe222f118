"""Python imports this at its start; it imports what the field wants planted into the process."""

import importlib
import os

importlib.import_module(os.environ["CHAOS_PLANT"])
