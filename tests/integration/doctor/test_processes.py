"""Coordinators and workers, as the doctor finds them."""

import re
import uuid
from datetime import timedelta
from importlib.metadata import version

from sqlalchemy import Engine, text

from punctual import DISTRIBUTION
from punctual.store.processes.coordinators import register
from punctual.store.processes.workers import register as register_worker
from tests.integration.doctor.conftest import Doctor, bad
from tests.support.rows import database_now, new_run, new_task
from tests.support.steps import change_run, claim_run, new_worker, silence, start_run


def test_no_process_at_work_is_an_error(engine: Engine, doctor: Doctor) -> None:
    silence(engine, new_worker(engine, name="w-9"), seconds=100)
    code, document = doctor()
    assert code == 1
    assert bad(document, "error") == {
        "coordinator": "none is alive: nothing new is planned or repaired",
        "worker": "none takes runs: nothing starts",
    }
    assert "w-9" in bad(document, "warning")["worker"]


def test_a_restarted_worker_differs_from_its_earlier_life(at_work: Engine, doctor: Doctor) -> None:
    earlier = new_worker(at_work, name="w-1")
    silence(at_work, earlier, seconds=25)
    found = [each for each in doctor()[1]["findings"] if each["check"] == "worker"]
    details = {each["level"]: each["detail"] for each in found}
    assert re.match(r"w-1: stopped answering, last heartbeat \d+ s ago; ", details["warning"])
    assert f"id {str(earlier)[:13]}…, since 20" in details["warning"]
    free = r"w-1: active, 16 of 16 slots free, last heartbeat \d+ s ago; id "
    assert re.match(free, details["ok"])
    assert str(earlier)[:13] not in details["ok"]


def test_a_worker_whose_slots_are_all_busy_is_a_warning(at_work: Engine, doctor: Doctor) -> None:
    worker = one_slot(at_work)
    start_run(at_work, new_run(at_work, new_task(at_work)), worker)
    code, document = doctor()
    assert code == 0
    assert bad(document, "warning")["worker"] == "no slot is free: what is due now starts late"
    assert "0 of 1 slots free" in bad(document, "ok")["worker"]


def test_a_run_that_is_claimed_ahead_of_its_due_time_takes_no_slot(
    at_work: Engine, doctor: Doctor
) -> None:
    worker = one_slot(at_work)
    run = new_run(at_work, new_task(at_work))
    claim_run(at_work, run, worker)
    change_run(at_work, run, due_at=database_now(at_work) + timedelta(seconds=60))
    with at_work.begin() as connection:
        connection.execute(text("UPDATE workers SET room = 0"))  # it claims no more for now
    _, document = doctor()
    assert "worker" not in bad(document, "warning")
    assert "1 of 1 slots free" in bad(document, "ok")["worker"]
    change_run(at_work, run, due_at=database_now(at_work))
    assert bad(doctor()[1], "warning")["worker"].startswith("no slot is free")


def one_slot(engine: Engine) -> uuid.UUID:
    """The worker at work, which has one slot from now on."""
    with engine.begin() as connection:
        found = connection.execute(text("UPDATE workers SET slots = 1 RETURNING id"))
        worker: uuid.UUID = found.scalar_one()
    return worker


def test_a_coordinator_whose_cycles_do_not_end_is_a_warning(
    at_work: Engine, doctor: Doctor
) -> None:
    with at_work.begin() as connection:
        connection.execute(text("UPDATE coordinators SET cycle_at = now() - interval '1 hour'"))
    code, document = doctor()
    assert code == 0
    assert "c-1" in bad(document, "warning")["coordinator"]


def test_what_processes_registered_with_is_reported(engine: Engine, doctor: Doctor) -> None:
    ours = version(DISTRIBUTION)
    with engine.begin() as connection:
        register(connection, name="c-1", host="h", pid=1, version=ours)
        fields = {"host": "h", "pid": 1, "slots": 4, "version": ours}
        for name, isolation in (
            ("w-1", ["separate_user", "unprivileged", "user_namespaces"]),
            ("w-2", ["unprivileged"]),
            ("w-3", []),
            ("w-4", ["unprivileged", "separate_user"]),
        ):
            register_worker(connection, name=name, isolation=isolation, **fields)  # type: ignore[arg-type]
    _, document = doctor()
    assert bad(document, "ok")["releases"] == f"all at work are {ours}"
    assert f"c-1 ({ours}): " in bad(document, "ok")["coordinator"]
    lines = [each for each in document["findings"] if each["check"] == "commands"]
    assert [(each["level"], each["detail"].partition(":")[0]) for each in lines] == [
        ("warning", "of w-3 are isolated by nothing; not in force"),
        ("ok", "of w-1, w-4 are isolated by separate_user, unprivileged; not in force"),
        ("warning", "of w-2 are isolated by unprivileged; not in force"),
    ]
    assert "user_namespaces" not in str(lines)
    assert lines[1]["detail"].endswith(
        ": user_per_slot, no_new_privileges, command_networks, own_process_view,"
        " own_process_namespace, seccomp, read_only_root, cgroup_limits"
    )


def test_an_unfinished_upgrade_is_reported(at_work: Engine, doctor: Doctor) -> None:
    with at_work.begin() as connection:
        connection.execute(text("UPDATE coordinators SET version = '99.0.0'"))
    _, document = doctor()
    assert "99.0.0, an unknown release" in bad(document, "warning")["releases"]
