"""The API dies or loses its database; what it has accepted is kept, and it says what is wrong."""

import os
import signal
import uuid

import httpx

from tests.faults.checker.verdict import judge, settled
from tests.faults.conftest import NewCluster, NewCustomer
from tests.faults.injection.links import REFUSE, STALL, Mode
from tests.faults.injection.statement_faults import NEW_TASKS, Kind
from tests.faults.system.api_client import promise
from tests.support.eventually import eventually


def test_an_api_killed_between_commit_and_reply(
    new_cluster: NewCluster, new_customer: NewCustomer
) -> None:
    cluster = new_cluster(apis=1)
    ann = new_customer(cluster)
    task = ann.task(due_in=4)
    key = {"Idempotency-Key": str(uuid.uuid4())}
    trap = cluster["api-1"].database.arm(Kind.SWALLOW_COMMIT, NEW_TASKS, cut=False)
    trap.when_sprung(cluster["api-1"].kill)
    try:
        ann.client.post("/api/tasks/", json=task, headers=key)
    except httpx.TransportError:
        pass
    else:
        raise AssertionError("the API answered before it was killed")

    def repeated() -> httpx.Response | None:
        try:
            answer = ann.client.post("/api/tasks/", json=task, headers=key)
        except httpx.TransportError:
            return None
        return answer if answer.status_code == 201 else None

    answer = eventually(repeated, within=20)
    assert answer is not None
    assert answer.headers["Idempotency-Replayed"] == "true"
    promises = [promise(answer.json()["id"], task)]
    settled(cluster, promises, within=30)
    verdict = judge(cluster, promises, late_by=15)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 1}
    assert len(ann.client.get("/api/tasks/").json()["items"]) == 1


def test_without_its_database_the_api_says_503_and_why(
    new_cluster: NewCluster, new_customer: NewCustomer
) -> None:
    cluster = new_cluster(apis=1)
    ann = new_customer(cluster)
    paths = ("/api/tasks/", "/api/runs/", f"/api/tasks/{uuid.uuid4()}/", "/readyz", "/healthz")
    for fault in (REFUSE, Mode(cut_after=0), STALL):
        cluster["api-1"].database.set(fault)
        for path in paths:
            answer = ann.client.get(path, timeout=10 if fault is STALL else 40)
            expected = 200 if path == "/healthz" else 503
            assert answer.status_code == expected, (fault, path, answer.text)
            assert "Traceback" not in answer.text
            if path == "/readyz":
                assert any("database" in reason for reason in answer.json()["reasons"])
            elif path != "/healthz":
                assert answer.headers["Content-Type"] == "application/problem+json"
                assert answer.json()["request_id"]
        cluster["api-1"].calm()
        eventually(lambda: ann.client.get("/api/tasks/").status_code == 200, within=30)
    cluster["api-1"].redis.set(REFUSE)
    reasons = ann.client.get("/readyz").json()["reasons"]
    assert [reason.partition(":")[0] for reason in reasons] == ["queue"]
    assert ann.client.get("/api/tasks/").status_code == 200  # only hints go through Redis


def test_a_request_process_that_is_frozen_is_made_anew(
    new_cluster: NewCluster, new_customer: NewCustomer
) -> None:
    cluster = new_cluster(apis=1)
    ann = new_customer(cluster)
    _, child = cluster["api-1"].everything()
    os.kill(child, signal.SIGSTOP)

    def answers() -> bool:
        try:
            return ann.client.get("/api/tasks/", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    assert not answers()
    eventually(answers, within=40, every=1)
    [frozen] = cluster["api-1"].logged("request process frozen")
    [ended] = cluster["api-1"].logged("request process ended")
    assert (frozen["pid"], ended["pid"], ended["signal"]) == (child, child, "SIGKILL")
    assert cluster["api-1"].logged("library reported") == []
