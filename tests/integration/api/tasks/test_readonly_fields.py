"""Answers sent back: read, change what is to change, PUT."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from punctual.domain.names import name_fault
from punctual_api.tasks.schemas.tasks import NewTaskSchema
from tests.integration.api.conftest import Person

OURS = {"version", "updated_at"}

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
WORDS = TEXT.filter(str.strip)
LABELS = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=20)
NAMES = LABELS.filter(lambda name: name_fault(name) is None)
SECONDS = st.one_of(st.integers(1, 86_400), st.floats(1, 86_400))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
OFFSETS = st.sampled_from(["Z", "+02:00", "-09:30"])
INSTANTS = st.builds(
    lambda at, offset: at.isoformat() + offset,
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)),
    OFFSETS,
)
ONE = st.one_of(
    st.fixed_dictionaries({"at": INSTANTS}),
    st.fixed_dictionaries({"every": SECONDS}, optional={"start": INSTANTS | st.none()}),
    st.fixed_dictionaries(
        {"cron": st.sampled_from(["* * * * *", " 0 2 * * 1-5", "30 4 1 */2 sun"])},
        optional={"timezone": st.sampled_from(["UTC", "Europe/Rome"]), "end": INSTANTS},
    ),
)
CODES = st.lists(st.integers(1, 255), min_size=1, max_size=5)
LIMITS = {
    "processes": st.integers(1, 500),
    "memory_bytes": st.none(),
    "file_bytes": st.just(9),
    "disk_bytes": st.integers(1, 2**60),
}
HTTP = st.fixed_dictionaries(
    {"url": st.just("https://example.com/hook?a=b")},
    optional={
        "method": st.sampled_from(["GET", "PUT"]),
        "headers": st.just({"X-One": "1"}),
        "body": TEXT,
        "expect": st.just([204, 200]) | st.none(),
        "timeout": st.floats(0.1, 3600),
        "follow_redirects": st.booleans(),
    },
)
SCRIPT = st.fixed_dictionaries({"interpreter": st.just("sh"), "body": WORDS})
PARAMS = st.sampled_from(
    [
        [],
        [{"name": "day"}, {"name": "full", "type": "boolean", "default": False}],
        [{"name": "size", "type": "number", "default": 1e300, "description": "é"}],
        [{"name": "region", "type": "choice", "choices": ["eu", "us"]}],
        [{"name": "day", "required": True, "default": "today"}],
    ]
)
POLICIES: dict[str, st.SearchStrategy[Any]] = {
    "team": st.sampled_from([None, "anna"]),
    "name": NAMES,
    "schedule": st.none() | ONE | st.lists(ONE, min_size=1, max_size=3),
    "max_retries": st.integers(0, 100),
    "retry_delay": st.floats(0, 86_400),
    "retry_delay_max": st.floats(0, 86_400),
    "end_grace": st.none() | st.floats(0, 60),
    "timeout": st.floats(0, 86_400, exclude_min=True),
    "env": st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True), TEXT),
    "params": PARAMS | st.none(),
    "working_dir": TEXT.map(lambda path: f"/{path}") | st.none(),
    "tags": st.lists(NAMES, max_size=3),
    "metadata": st.dictionaries(TEXT, JSON, max_size=3),
    "anomalies": st.sampled_from(["off", "low", "normal", "high"]),
    "overlap": st.sampled_from(["skip", "allow", "queue", "replace"]),
    "max_concurrent": st.integers(1, 9) | st.none(),
    "queue": st.sampled_from(["default", "night"]),
    "calendars": st.just(["Weekend", "Weekend"]) | st.just([]) | st.none(),
    "catch_up": st.sampled_from(["latest", "all", "none"]),
    "start_deadline": SECONDS | st.none(),
    "priority": st.integers(0, 9),
    "max_runs": st.integers(1, 3) | st.none(),
    "limits": st.fixed_dictionaries({}, optional=LIMITS) | st.none(),
    "jitter": st.floats(0, 86_400),
}
TYPES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"command": WORDS}, optional={"script": st.none()}),
    st.fixed_dictionaries({"script": SCRIPT}, optional={"command": st.none()}),
    st.fixed_dictionaries({"http": HTTP}),
)
CHOICES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"retry_on": CODES}),
    st.fixed_dictionaries({"no_retry_on": CODES}),
)


def task(policies: dict[str, Any], type_: dict[str, Any], choices: dict[str, Any]) -> Any:
    values = {**policies, **type_, **choices}
    if "http" in values:  # a request has no working directory, and reads these variables alone
        values |= {"working_dir": None, "env": {"SSL_CERT_DIR": "/etc/ssl/certs"}}
    return values


TASKS = st.builds(
    task,
    st.fixed_dictionaries({}, optional=POLICIES),
    TYPES,
    CHOICES,
)
PAUSE = {"until": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
STANDINGS = st.sampled_from([None, ("pause", None), ("pause", PAUSE), ("run", None)])
QUICKLY = settings(
    max_examples=100,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_the_tasks_made_up_here_have_every_field_there_is() -> None:
    elsewhere = {
        "schedule_time",
        "after",
        "command",
        "script",
        "http",
        "retry_on",
        "no_retry_on",
    } | {"ping"}
    assert set(NewTaskSchema().fields) == set(POLICIES) | elsewhere


def test_a_task_replaced_by_what_was_read_of_it_is_what_it_was(anna: Person) -> None:
    weekend = {"name": "Weekend", "windows": [{"weekday": "sat", "start": "00:00", "end": "00:00"}]}
    assert anna.post("/calendars/", json=weekend).status_code == 201
    upstream = [{"task": anna.task()["id"]}]

    @given(sent=TASKS, after=st.sampled_from([[], upstream]), standing=STANDINGS)
    @QUICKLY
    def sent_back(sent: dict[str, Any], after: list[Any], standing: Any) -> None:
        created = anna.post("/tasks/", json={**sent, "after": after})
        assert created.status_code == 201, created.json
        path = f"/tasks/{created.get_json()['id']}/"
        if standing is not None:
            verb, body = standing
            answer = anna.post(f"{path}{verb}/", json=body or {})
            assert answer.status_code in (200, 202), answer.json
        read = anna.get(path).get_json()
        for method in ("PUT", "PATCH"):
            replaced = anna.call(method, path, json=read)
            assert replaced.status_code == 200, replaced.json
            now = replaced.get_json()
            assert now["version"] == read["version"] + 1
            assert {**now, **dict.fromkeys(OURS)} == {**read, **dict.fromkeys(OURS)}
            assert anna.get(path).get_json() == now
            read = now

    sent_back()


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_readonly_fields_are_accepted_and_ignored(anna: Person, method: str) -> None:
    other, task = anna.task(), anna.task(schedule={"every": 3600})
    unread = {"enabled": False, "status": "running", "paused_until": "soon", "last_run": 7}
    unread |= {"id": other["id"], "version": 99, "type": "http", "created_at": None, "retries": -1}
    path = f"/tasks/{task['id']}/"
    now = anna.call(method, path, json={**task, **unread, "priority": 9}).get_json()
    assert {**now, "updated_at": None} == {
        **task,
        "priority": 9,
        "version": 2,
        "updated_at": None,
    }


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_name_that_no_answer_has_is_still_refused(anna: Person, method: str) -> None:
    task = anna.task()
    answer = anna.call(method, f"/tasks/{task['id']}/", json={**task, "pririty": 9})
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == ["/pririty"]


def test_a_change_of_nothing_that_is_decided_changes_nothing(anna: Person) -> None:
    task = anna.task()
    path = f"/tasks/{task['id']}/"
    assert anna.call("PATCH", path, json={"status": "paused"}).get_json() == task


def test_a_new_task_refuses_readonly_fields(anna: Person) -> None:
    task = anna.task()
    sent = {"command": "true", "status": "paused"}
    for answer in (
        anna.post("/tasks/", json=task),
        anna.post("/tasks/", json=sent),
        anna.post("/tasks/bulk/", json={"items": [sent]}),
    ):
        assert answer.status_code == 422
        assert any(fault["pointer"].endswith("/status") for fault in answer.get_json()["errors"])


def test_a_calendar_is_replaced_by_what_was_read_of_it(anna: Person) -> None:
    sent = {"name": "Feast", "days": ["2027-12-26", "2027-12-25"], "timezone": "Europe/Rome"}
    calendar = anna.post("/calendars/", json=sent).get_json()
    path = f"/calendars/{calendar['id']}/"
    now = anna.call("PUT", path, json={**calendar, "name": "Feasts"}).get_json()
    assert now["name"] == "Feasts"
    ours = {"version": 2, "updated_at": now["updated_at"], "name": "Feasts"}
    assert now == {**calendar, **ours}
    assert anna.call("PUT", path, json={**now, "weeks": []}).status_code == 422
    assert anna.post("/calendars/", json={**now, "name": "Other"}).status_code == 422
