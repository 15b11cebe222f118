"""Every documented setting reaches the services that read it, however they are started."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from punctual.ops.config import PREFIX, Settings
from punctual.ops.setting_names import unknown_names
from punctual_devstack import settings as stack_settings
from punctual_devstack.command_user import CommandUser
from punctual_devstack.services import migration, services, shared_environ

ROOT = Path(__file__).resolve().parents[3]
SERVICES = ("api", "coordinator", "worker", "notifier")
READERS = {"all": SERVICES, "API": ("api",), **{name: (name,) for name in (*SERVICES, "migrate")}}
# What the image or the container itself decides there: its own name, port and folders.
OF_THE_CONTAINER = {"NAME", "BIND", "WORK_DIR", "HEALTH_PORT"}
NAME = re.compile(r"\bPUNCTUAL_[A-Z][A-Z_]*[A-Z]\b")
TEXTS = {".py", ".md", ".yml", ".yaml", ".sh", ".toml"}
DESCRIBES_MISTAKES = {"setting_names.py", "settings.md"}
# What differs from process to process of one stack.
OF_EACH_PROCESS = {"NAME"}


def documented() -> Iterator[tuple[str, str]]:
    """Each setting with each service that reads it, as the table says."""
    for line in (ROOT / "docs" / "reference" / "settings.md").read_text().splitlines():
        if line.startswith(f"| `{PREFIX}"):
            cells = [cell.strip(" `") for cell in line.split("|")]
            for reader in cells[3].split(", "):
                yield from ((cells[1].removeprefix(PREFIX), each) for each in READERS[reader])


def reaches(environment: Mapping[str, Any], name: str) -> bool:
    return f"{PREFIX}{name}" in environment or f"{PREFIX}{name}_FILE" in environment


@pytest.mark.parametrize(("name", "service"), list(documented()))
def test_through_the_compose_file(name: str, service: str) -> None:
    composed = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert name in OF_THE_CONTAINER or reaches(composed[service]["environment"], name)


def test_a_misspelt_name_for_the_compose_file_stops_what_all_services_wait_for() -> None:
    composed = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert composed["migrate"]["env_file"] == [{"path": ".env", "required": False}]
    for service in SERVICES:
        waits = composed[service]["depends_on"]["migrate"]
        assert waits == {"condition": "service_completed_successfully"}


@pytest.mark.parametrize(("name", "service"), list(documented()))
def test_through_the_manifests(name: str, service: str) -> None:
    files = (ROOT / "deploy" / "kubernetes" / "base").glob("*.yaml")
    pods = [each for file in files for each in yaml.safe_load_all(file.read_text())]
    [pod] = [
        p for p in pods if p["kind"] in ("Deployment", "Job") and service in p["metadata"]["name"]
    ]
    [container] = pod["spec"]["template"]["spec"]["containers"]
    given = {each["name"]: each for each in container["env"]}
    # Whatever the map of settings holds: an overlay puts any name there.
    assert "envFrom" in container or reaches(given, name)


@pytest.mark.parametrize(("name", "service"), list(documented()))
def test_through_make_run(name: str, service: str, tmp_path: Path) -> None:
    given = {"PUNCTUAL_DATA_DIR": str(tmp_path), f"{PREFIX}{name}": "given"}
    settings = stack_settings.read(given)
    environ = shared_environ(settings, {})
    started = [
        *services(settings, environ, {}, CommandUser(tmp_path), 30),
        migration(environ, {}, cwd=tmp_path),
    ]
    found = [spec.environ[f"{PREFIX}{name}"] for spec in started if spec.name.startswith(service)]
    assert name in OF_EACH_PROCESS or found == ["given"]


def test_every_name_in_the_product_and_its_docs_is_one_that_something_reads() -> None:
    read = [item.name.upper() for item in fields(Settings)]
    found: dict[str, str] = {}
    for folder in ("docs", "deploy", "services", "shared"):
        for file in (ROOT / folder).rglob("*"):
            if file.suffix in TEXTS and file.name not in DESCRIBES_MISTAKES:
                for name in NAME.findall(file.read_text()):
                    found[name] = file.name
    assert "PUNCTUAL_SLOTS" in found
    assert unknown_names(found, read, prefix=PREFIX) == []
