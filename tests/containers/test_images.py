"""What is in the images, and what is not."""

import json
import tomllib

import pytest

from tests.containers.composition import PROJECT, ROOT, Composition

EVERYWHERE = {"alembic", "dramatiq", "psycopg2", "punctual", "punctual_client", "sqlalchemy"}
PARTS = {
    "api": {"flask", "gunicorn", "marshmallow", "punctual_api"},
    "coordinator": {"apscheduler", "punctual_coordinator"},
    "worker": {"punctual_worker"},
}
NOWHERE = {"hatchling", "pip", "punctual_devstack", "pytest", "setuptools"}
FIND = "import importlib.util as u, sys; print(*(n for n in sys.argv[1:] if u.find_spec(n)))"


@pytest.mark.parametrize("service", PARTS)
def test_an_image_holds_what_its_service_needs_and_no_more(
    composition: Composition, service: str
) -> None:
    packages = EVERYWHERE.union(NOWHERE, *PARTS.values())
    found = composition.compose("exec", "-T", service, "python", "-c", FIND, *packages).split()
    assert set(found) == EVERYWHERE | PARTS[service]


@pytest.mark.parametrize("service", PARTS)
def test_an_image_sends_traces_to_the_configured_endpoint(
    composition: Composition, service: str
) -> None:
    script = (ROOT / "tests" / "containers" / "one_trace.py").read_text()
    output = composition.compose("exec", "-T", service, "python", "-c", script)
    assert output == "/v1/traces application/x-protobuf True"


@pytest.mark.parametrize("service", PARTS)
def test_the_doctor_is_in_every_image_and_finds_nothing_wrong(
    composition: Composition, service: str
) -> None:
    output = composition.compose("exec", "-T", service, "punctual", "doctor", "--json")
    document = json.loads(output)
    assert document["settings"]["PUNCTUAL_DATABASE_URL"].count("********") == 1
    found = {each["check"]: each for each in document["findings"]}
    assert {each["level"] for each in found.values()} <= {"ok", "unseen"}, output
    assert "separate_user" in found["commands"]["detail"]
    closed = {check for check, each in found.items() if each["level"] == "unseen"}
    if service != "worker":  # whose role sees least
        assert closed == ({"secrets"} if service == "coordinator" else set())
    assert bool(closed) == (service != "api")
    assert "worker as punctual_worker" in found["isolation"]["detail"]


@pytest.mark.parametrize("service", PARTS)
def test_the_command_of_users_is_in_every_image(composition: Composition, service: str) -> None:
    output = composition.compose("exec", "-T", service, "punctual", "--help")
    assert "whoami" in output
    assert "doctor" in output


@pytest.mark.parametrize("service", PARTS)
def test_an_image_holds_no_compiler_and_nothing_uncompiled(
    composition: Composition, service: str
) -> None:
    tools = "for tool in cc gcc make git; do command -v $tool; done; true"
    assert composition.compose("exec", "-T", service, "sh", "-c", tools) == ""
    count = "find /opt/punctual/lib -name '*.py%s' | wc -l"
    sources, compiled = (
        int(composition.compose("exec", "-T", service, "sh", "-c", count % suffix))
        for suffix in ("", "c")
    )
    assert sources == compiled > 0


@pytest.mark.parametrize("service", [*PARTS, "proxy"])
def test_an_image_says_which_release_it_is(composition: Composition, service: str) -> None:
    project = tomllib.loads((ROOT / "shared/pyproject.toml").read_text())["project"]
    label = '{{index .Config.Labels "org.opencontainers.image.version"}}'
    output = composition.docker("image", "inspect", "-f", label, f"{PROJECT}-{service}")
    assert output.strip() == project["version"]


@pytest.mark.parametrize("service", PARTS)
def test_time_zones_are_those_of_the_pinned_package(composition: Composition, service: str) -> None:
    program = "import zoneinfo as z; print(z.TZPATH, z.ZoneInfo('Europe/Rome'))"
    output = composition.compose("exec", "-T", service, "python", "-c", program)
    assert output == "() Europe/Rome\n"
