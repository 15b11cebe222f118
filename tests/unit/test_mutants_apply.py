"""Each planted fault finds the guard of the product that it takes out."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import mutants

FOLDER = Path(mutants.__path__[0])
MODULES = sorted(file.stem for file in FOLDER.glob("*.py") if file.stem != "__init__")


@pytest.mark.parametrize("name", MODULES)
def test_a_mutant_can_be_planted(name: str) -> None:
    program = [sys.executable, "-c", f"import tests.faults.mutants.{name}"]
    planted = subprocess.run(program, capture_output=True, text=True, check=False)
    assert planted.returncode == 0, planted.stderr
