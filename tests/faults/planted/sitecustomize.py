"""Python imports this at its start; it imports what the cluster wants planted into the process."""

import importlib
import os

importlib.import_module(os.environ["CHAOS_PLANT"])
