"""The runner is up within milliseconds because it is little more than Python itself."""

import subprocess
import sys

IMPORT = """
import sys
before = set(sys.modules)
import punctual_worker.runner.__main__
print(*set(sys.modules) - before)
"""
HEAVY = {"asyncio", "dataclasses", "inspect", "logging", "pathlib", "subprocess", "typing"}


def test_it_imports_the_standard_library_alone_and_nothing_heavy_of_it() -> None:
    completed = subprocess.run(
        [sys.executable, "-I", "-c", IMPORT], capture_output=True, text=True, check=True
    )
    imported = {name.partition(".")[0] for name in completed.stdout.split()}
    assert imported <= sys.stdlib_module_names | {"punctual_worker"}
    assert not imported & HEAVY
