"""What has to be shown, with default settings: the promises under the faults that people fear."""

import itertools

from tests.faults.conftest import Measured, NewCustomer, NewField
from tests.faults.verdict import judge, retried_after, settled
from tests.support.eventually import eventually


def test_a_worker_that_holds_forty_runs_and_runs_thirty_is_killed(
    new_field: NewField, new_customer: NewCustomer, measured: Measured
) -> None:
    field = new_field(workers=1, apis=1, settings={"SLOTS": "70"})
    ann = new_customer(field)
    long = "[ $PUNCTUAL_ATTEMPT -gt 1 ] || sleep 300"
    again = ann.create(15, due_in=2, work=long, max_retries=2)
    never_again = ann.create(15, due_in=2, work=long, max_retries=0)
    field.running(30)
    held = ann.create(40, due_in=25)
    eventually(lambda: field.count("claimed") == 40, within=20)
    field.add("worker")
    field.ready()
    field["worker-1"].restarts = False
    killed_at = field.now()
    field["worker-1"].kill()
    settled(field, ann.promises, within=120)
    verdict = judge(field, ann.promises, late_by=45)
    assert verdict.violations == []
    for promise in held:
        assert (verdict.run_of(promise).state, verdict.starts_of(promise)) == ("succeeded", 1)
    for promise in again:
        assert (verdict.run_of(promise).state, verdict.starts_of(promise)) == ("succeeded", 2)
    for promise in never_again:
        assert (verdict.run_of(promise).state, verdict.starts_of(promise)) == ("lost", 1)
    name = "worker killed that held 40 runs and ran 30"
    measured(name, what="worst lateness", bound=45, seconds=verdict.worst_late)
    measured(name, what="kill to retry", bound=45, seconds=retried_after(verdict, killed_at))


def test_valkey_and_coordinator_are_killed_eight_times(
    new_field: NewField, new_customer: NewCustomer, measured: Measured
) -> None:
    field = new_field(apis=1)
    ann = new_customer(field)
    valkey = field.servers.valkey
    for number, victim in zip(range(8), itertools.cycle(("valkey", "coordinator-1"))):
        ann.create(30, due_in=1)
        ann.create(8 if number % 2 else 7, due_in=6)
        field.lasts(2)
        if victim == "valkey":
            valkey.kill()
            field.lasts(1)  # what supervises a server starts it again after a second
            valkey.start()
        else:
            field[victim].kill()
        field.lasts(4)
    assert len(ann.promises) == 300
    settled(field, ann.promises, within=90)
    verdict = judge(field, ann.promises, late_by=15)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 300}
    measured(
        "Valkey and coordinator killed 8 times in turn during 300 due runs",
        what="worst lateness",
        bound=15,
        seconds=verdict.worst_late,
    )


def test_postgresql_is_killed_twice(
    new_field: NewField, new_customer: NewCustomer, measured: Measured
) -> None:
    field = new_field(apis=1, coordinators=2)
    ann = new_customer(field)
    ann.create(60, due_in=20, work="sleep 1")
    ann.create(10, due_in=1, work="sleep 30")
    postgres = field.servers.postgres
    with ann.looking("/api/tasks/?limit=5", "/api/runs/"):
        field.running(10)
        for _ in range(2):
            postgres.kill()
            field.lasts(3)
            postgres.start()
            field.lasts(10)
        settled(field, ann.promises, within=120)
    verdict = judge(field, ann.promises, late_by=45)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 70}
    assert ann.faults == []
    assert set(ann.answers) == {200, 201, 503}
    measured(
        "PostgreSQL killed twice",
        what="worst lateness",
        bound=45,
        seconds=verdict.worst_late,
    )
