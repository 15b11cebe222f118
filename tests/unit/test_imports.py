"""What the purest parts of the code may lean on: nothing that has to be installed."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALLOWED = {
    "shared/punctual/domain": {"punctual", "cronsim"},
    "services/worker/punctual_worker/runner": {"punctual_worker"},
    "deploy/venv.py": set(),
    "deploy/devstack/punctual_devstack/processes/parent_death_signal.py": set(),
}


def imported(path: Path) -> Iterator[str]:
    """The top names of all that the file, or every file below the folder, imports."""
    for file in [path] if path.is_file() else path.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield (node.module or "").split(".")[0]


@pytest.mark.parametrize("place", ALLOWED)
def test_imports_only_the_standard_library_and_what_it_is_allowed(place: str) -> None:
    names = set(imported(ROOT / place))
    assert "sys" in names or len(names) > 1, "looked at the wrong place"
    assert names <= sys.stdlib_module_names | ALLOWED[place]
