"""What the local stack reads from its environment."""

from pathlib import Path

import pytest

from punctual_devstack.make_variables import similar_names
from punctual_devstack.services import shared_environ
from punctual_devstack.settings import InvalidStackSetting, check_services, read


def test_one_of_each_on_port_8000_when_nothing_is_said() -> None:
    settings = read({})
    assert (settings.port, settings.slots) == (8000, 16)
    assert (settings.api, settings.coordinators, settings.workers) == (1, 1, 1)
    assert settings.data_dir == Path(".punctual").resolve()


def test_an_empty_variable_counts_as_not_set() -> None:
    settings = read({"PORT": "", "WORKERS": "3", "PUNCTUAL_DATABASE_URL": ""})
    assert (settings.port, settings.workers) == (8000, 3)
    assert not settings.given("DATABASE_URL")


def test_a_secret_may_be_given_as_a_file() -> None:
    settings = read({"PUNCTUAL_REDIS_URL_FILE": "/run/secrets/redis"})
    assert settings.given("REDIS_URL")
    assert not settings.given("DATABASE_URL")


def test_services_get_the_users_settings_but_not_makes() -> None:
    settings = read({"PUNCTUAL_SWEEP_SECONDS": "1", "MAKEFLAGS": "s", "HOME": "/home/anna"})
    assert settings.environ == {"PUNCTUAL_SWEEP_SECONDS": "1", "HOME": "/home/anna"}


@pytest.mark.parametrize(
    ("environ", "registration"),
    [
        ({}, "open"),
        ({"PUNCTUAL_BIND": "[::1]:8000"}, "open"),
        ({"PUNCTUAL_BIND": "0.0.0.0:8000"}, None),
        ({"PUNCTUAL_BIND": ":8000"}, None),
        ({"PUNCTUAL_BIND": "10.1.2.3:8000"}, None),
        ({"PUNCTUAL_REGISTRATION": "closed"}, "closed"),
    ],
)
def test_registration_is_open_while_only_this_machine_reaches_it(
    environ: dict[str, str], registration: str | None
) -> None:
    assert shared_environ(read(environ), {}).get("PUNCTUAL_REGISTRATION") == registration


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "70000"),
        ("PORT", "http"),
        ("WORKERS", "-1"),
        ("SLOTS", "0"),
        ("API", "1.5"),
    ],
)
def test_a_number_that_cannot_be_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(InvalidStackSetting, match=f"^{name} must be .*{value}"):
        read({name: value})


def test_slots_reach_the_workers_whichever_way_they_are_set() -> None:
    def slots(**environ: str) -> set[tuple[str, str]]:
        found = shared_environ(read(environ), {})
        return {each for each in found.items() if each[0].startswith("PUNCTUAL_SLOTS")}

    assert slots() == {("PUNCTUAL_SLOTS", "16")}
    assert slots(SLOTS="5") == {("PUNCTUAL_SLOTS", "5")}
    assert slots(PUNCTUAL_SLOTS="6") == {("PUNCTUAL_SLOTS", "6")}
    assert slots(PUNCTUAL_SLOTS_FILE="/x") == {("PUNCTUAL_SLOTS_FILE", "/x")}


def test_make_run_needs_a_port_that_it_can_print() -> None:
    for bind in ("127.0.0.1:0", "[::1]:0"):
        with pytest.raises(InvalidStackSetting, match=r"^PUNCTUAL_BIND must name a port here"):
            check_services(read({"PUNCTUAL_BIND": bind}))


def test_what_no_service_could_start_with_is_refused_before_any_is_started() -> None:
    check_services(read({"PUNCTUAL_SLOTS": "3", "PUNCTUAL_DATA_DIR": "/tmp", "HOME": "/root"}))
    for wrong in ({"PUNCTUAL_SLOTS": "none"}, {"PUNCTUAL_SLOT": "3"}):
        with pytest.raises(InvalidStackSetting, match="PUNCTUAL_SLOTS"):
            check_services(read(wrong))


@pytest.mark.parametrize(
    ("assigned", "message"),
    [
        ("WORKER=2", "WORKER is not read: WORKERS is"),
        ("workers=2", "workers is not read: WORKERS is"),
        ("COORDINATOR=2 PORT=8001", "COORDINATOR is not read: COORDINATORS is"),
        ("SLOT:=4", "SLOT is not read: SLOTS is"),
        ("APIS=2", "APIS is not read: API is"),
        (r"NOTE=a\ b PORTS=1", "PORTS is not read: PORT is"),
    ],
)
def test_a_misspelt_name_on_makes_command_line_stops_the_start(assigned: str, message: str) -> None:
    for options in ("", "w ", "rR --no-print-directory "):
        with pytest.raises(InvalidStackSetting, match=f"^{message}$"):
            read({"MAKEFLAGS": f"{options}-- {assigned}"})


@pytest.mark.parametrize(
    "flags", ["", "w", "rR -- WORKERS=2 PORT=8001", "-- SOAK=600 COLOUR=yes FROM=a", "-- A='"]
)
def test_other_names_on_makes_command_line_are_no_mistakes(flags: str) -> None:
    read({"MAKEFLAGS": flags, "WORKER": "in the environment names are others'"})


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"SLOTS": "4", "PUNCTUAL_SLOTS": "8"}, "SLOTS=4 and PUNCTUAL_SLOTS=8 are both set"),
        ({"SLOTS": "4", "PUNCTUAL_SLOTS_FILE": "/x"}, "SLOTS and PUNCTUAL_SLOTS_FILE are both"),
        ({"PORT": "8001", "PUNCTUAL_BIND": "0.0.0.0:8000"}, "PORT=8001 and PUNCTUAL_BIND=0.0.0.0"),
    ],
)
def test_one_thing_set_to_two_values_stops_the_start(environ: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidStackSetting, match=f"^{message}"):
        read(environ)
    read({"SLOTS": "4", "PUNCTUAL_SLOTS": "4", "PORT": "8000", "PUNCTUAL_BIND": "[::]:8000"})


def test_a_misspelt_name_in_the_environment_is_warned_of() -> None:
    environ = {"COORDINATOR": "2", "WORKER": "2", "WORKERS": "2", "SLOT": "", "HOME": "/root"}
    assert similar_names(read({**environ, "PYTHONPATH": "/x", "API_KEY": "x"}).environ) == [
        "COORDINATOR in the environment is not read: COORDINATORS is",
        "WORKER in the environment is not read: WORKERS is",
    ]
