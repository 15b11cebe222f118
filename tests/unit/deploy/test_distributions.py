"""Our own packages: where an installer takes them from, and that they are never published."""

import subprocess
import sys
import tomllib
from email.message import Message
from email.parser import Parser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[3]
FOLDERS = (
    *("shared", "services/api", "services/coordinator", "services/worker"),
    *("deploy/devstack", "clients/python"),
)
ALONE = {"shared", "clients/python"}
BUILD = "import sys, hatchling.build as build; print(build.prepare_metadata_for_build_wheel('.'))"


def metadata(folder: Path, into: Path) -> Message:
    """Return the metadata that an installer reads of the package in `folder`."""
    script = BUILD.replace("'.'", repr(str(into)))
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, check=True, capture_output=True, text=True
    )
    return Parser().parsestr((into / done.stdout.split()[-1] / "METADATA").read_text())


def name_in(folder: Path) -> str:
    """Return the name of the distribution whose pyproject.toml lies in `folder`."""
    name: str = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["name"]
    return name


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_we_need_of_our_own_is_taken_from_this_checkout(folder: str, tmp_path: Path) -> None:
    found = metadata(ROOT / folder, tmp_path)
    ours = [each for each in found.get_all("Requires-Dist", []) if each.startswith("punctual")]
    assert bool(ours) == (folder not in ALONE)
    for requirement in ours:
        name, _, address = requirement.partition(" @ ")
        place = Path(unquote(urlsplit(address).path))
        assert address.startswith("file:///"), requirement
        assert place.is_relative_to(ROOT)
        assert name_in(place) == name


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_index_refuses_our_packages(folder: str, tmp_path: Path) -> None:
    found = metadata(ROOT / folder, tmp_path)
    assert found["Name"].startswith("punctual-scheduler")
    assert "Private :: Do Not Upload" in found.get_all("Classifier", [])
