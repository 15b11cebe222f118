"""A command gets the values of secrets, and nothing else ever does."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from punctual.ops.sealing import SealingKey, new_pair
from punctual.store.driver.engine import make_engine
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.runs import ended, output_of
from tests.integration.worker.secrets import MASK, PRIVATE, PUBLIC, VALUE, Secrets
from tests.support.eventually import eventually
from tests.support.rows import attempts_of, dispatch_all, new_run, new_team, run_row
from tests.support.servers import as_service


@pytest.fixture
def secrets(engine: Engine) -> Secrets:
    return Secrets(engine, new_team(engine))


def everything(engine: Engine) -> str:
    """Every row of every table, as text."""
    with engine.connect() as connection:
        tables = list(
            connection.execute(
                text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            ).scalars()
        )
        rows = [connection.execute(text(f"SELECT t::text FROM {table} AS t")) for table in tables]
        return "\n".join(str(row[0]) for result in rows for row in result)


def test_a_command_gets_a_secret_and_its_output_masks_it(
    secrets: Secrets, engine: Engine, start_worker: StartWorker
) -> None:
    secrets.save("pg", VALUE)
    env = {"PGPASSWORD": {"secret": "pg"}, "PLAIN": "plain"}
    command = (
        'printf \'%s|%s|%s\\n\' "${#PGPASSWORD}" "$PGPASSWORD" "$PLAIN";'
        ' printf %s "$PGPASSWORD" | base64; echo "$PGPASSWORD" >&2;'
        " printf gx7-; sleep 0.05; printf 'Kq0_very-secret\\n'"
    )
    run = secrets.run(command, env)
    worker = start_worker(heartbeat_seconds=0.5, secrets_private_key=PRIVATE)
    assert ended(engine, run).state == "succeeded"
    shown = output_of(engine, run).decode()
    assert f"{len(VALUE)}|{MASK}|plain\n" in shown
    assert shown.count(MASK) == 4
    stored = everything(engine)
    for form in (VALUE, base64.b64encode(VALUE.encode()).decode(), VALUE.encode().hex()):
        assert form not in shown
        assert form not in stored
        assert form not in worker.log.read_text()
    with engine.connect() as connection:
        keys = connection.execute(text("SELECT secret_keys FROM workers")).scalar_one()
    assert keys == [SealingKey(PUBLIC).id]


def test_a_value_of_several_lines_reaches_the_command_byte_for_byte(
    secrets: Secrets, engine: Engine, start_worker: StartWorker
) -> None:
    value = "-----BEGIN KEY-----\nq83vEjRWeJA=\n  $(id) 'x' \"y\" \\ ü\n-----END KEY-----\n"
    secrets.save("key", value)
    start_worker(heartbeat_seconds=0.5, secrets_private_key=PRIVATE)
    run = secrets.run(
        'printf %s "$KEY" | sha256sum; printf %s "$KEY"; printf %s "$KEY" | sed "s/^/| /"',
        {"KEY": {"secret": "key"}},
    )
    assert ended(engine, run).state == "succeeded"
    shown = output_of(engine, run).decode()
    assert shown.startswith(hashlib.sha256(value.encode()).hexdigest())
    assert "q83vEjRWeJA" not in shown
    assert "$(id)" not in shown


def test_the_longest_value_reaches_the_command(
    secrets: Secrets, engine: Engine, start_worker: StartWorker
) -> None:
    value = "".join(f"{number:08x}" for number in range(8192))
    secrets.save("big", value)
    start_worker(heartbeat_seconds=0.5, secrets_private_key=PRIVATE)
    run = secrets.run('printf %s "${#BIG} "; printf %s "$BIG"', {"BIG": {"secret": "big"}})
    assert ended(engine, run).state == "succeeded"
    assert output_of(engine, run).decode() == f"65536 {MASK}"


def test_a_secret_that_is_gone_fails_the_run_once_and_by_name(
    secrets: Secrets, engine: Engine, start_worker: StartWorker
) -> None:
    start_worker(heartbeat_seconds=0.5, secrets_private_key=PRIVATE)
    run = secrets.run("true", {"A": {"secret": "pg"}}, max_retries=5, retry_delay=0)
    row = ended(engine, run)
    assert (row.state, row.attempt, row.reason_code) == ("failed", 1, "secret_missing")
    assert row.reason == (
        "its team has no secret pg; not retried: another attempt would fail the same way"
    )


def test_a_secret_that_this_worker_cannot_open_is_tried_again_elsewhere(
    secrets: Secrets, engine: Engine, start_worker: StartWorker
) -> None:
    secrets.save("pg", VALUE)
    start_worker("without", heartbeat_seconds=0.5)
    run = secrets.run("true", {"A": {"secret": "pg"}}, max_retries=1, retry_delay=0)

    def failed_again() -> bool:
        dispatch_all(engine)  # as a coordinator does with a retry
        return bool(run_row(engine, run).state == "failed")

    eventually(failed_again, within=20)
    row = run_row(engine, run)
    assert (row.attempt, row.reason_code) == (2, "secret_not_opened")
    assert row.reason == "no key of its worker opens the secret pg"
    assert [each.reason_code for each in attempts_of(engine, run)] == ["secret_not_opened"] * 2


def test_a_box_from_another_row_is_not_opened(
    secrets: Secrets, engine: Engine, start_worker: StartWorker
) -> None:
    key = SealingKey(PUBLIC)
    start_worker(heartbeat_seconds=0.5, secrets_private_key=PRIVATE)
    for team, name in ((new_team(engine), "pg"), (secrets.team, "other")):
        secrets.put("pg", key.seal(VALUE, team_id=team, name=name), key.id)
        row = ended(engine, secrets.run('echo "$A"', {"A": {"secret": "pg"}}))
        assert (row.state, row.reason_code) == ("failed", "secret_not_opened")


def test_an_old_key_after_a_comma_still_opens(
    secrets: Secrets, engine: Engine, start_worker: StartWorker
) -> None:
    secrets.save("pg", VALUE)
    new_public, new_private = new_pair()
    secrets.save("new", "another-value", public=new_public)
    start_worker(heartbeat_seconds=0.5, secrets_private_key=f"{new_private},{PRIVATE}")
    env = {"A": {"secret": "pg"}, "B": {"secret": "new"}}
    run = secrets.run(f'test "$A$B" = "{VALUE}another-value"', env)
    assert ended(engine, run).state == "succeeded"


def test_a_replaced_value_is_what_the_next_attempt_gets(
    secrets: Secrets, engine: Engine, start_worker: StartWorker, tmp_path: Path
) -> None:
    secrets.save("pg", "first-value")
    start_worker(heartbeat_seconds=0.5, secrets_private_key=PRIVATE)
    seen = tmp_path / "seen"
    task, run = secrets.runs(f'echo "$A" >> {seen}', {"A": {"secret": "pg"}})
    assert ended(engine, run).state == "succeeded"
    secrets.save("pg", "second-value")
    again = new_run(engine, task, due_in=0.01)
    dispatch_all(engine)
    assert ended(engine, again).state == "succeeded"
    assert seen.read_text().split() == ["first-value", "second-value"]


def test_values_that_change_while_runs_start_are_whole(
    secrets: Secrets, engine: Engine, start_worker: StartWorker, tmp_path: Path
) -> None:
    values = [f"{letter * 200}" for letter in "abcdefgh"]
    secrets.save("pg", values[0])
    start_worker(heartbeat_seconds=0.5, secrets_private_key=PRIVATE)
    seen = tmp_path / "seen"
    runs = []
    for value in values:
        runs.append(secrets.run(f'echo "$A" >> {seen}', {"A": {"secret": "pg"}}))
        secrets.save("pg", value)
    assert {ended(engine, run).state for run in runs} == {"succeeded"}
    assert set(seen.read_text().split()) <= set(values)


def test_a_worker_may_read_no_secret_but_those_of_its_runs(
    secrets: Secrets, engine: Engine, database_url: str
) -> None:
    secrets.save("pg", VALUE)
    run = secrets.run("true", {"A": {"secret": "pg"}})
    worker = make_engine(as_service(database_url, "worker"), service="test")
    try:
        with worker.connect() as connection, pytest.raises(ProgrammingError, match="denied"):
            connection.execute(text("SELECT sealed FROM secrets"))
        with worker.connect() as connection:
            found = connection.execute(
                text("SELECT * FROM secrets_of_runs(ARRAY[CAST(:run AS uuid)])"), {"run": run}
            ).all()
    finally:
        worker.dispose()
    assert found == []  # it is queued, and no worker's yet


def test_a_spec_has_names_alone_and_a_worker_of_release_0_1_0_refuses_it(
    secrets: Secrets, engine: Engine
) -> None:
    """That worker makes the environment as `{**spec["env"]}`, and refuses what raises."""
    secrets.save("pg", VALUE)
    run = secrets.run("true", {"A": {"secret": "pg"}, "B": "plain"})
    spec = run_row(engine, run).spec
    pairs = [["A", {"secret": "pg"}], ["B", "plain"]]
    assert spec["secrets"] == {"names": ["pg"], "env": pairs}
    with engine.connect() as connection:  # as a coordinator of that release copies it
        stored = connection.execute(text("SELECT env FROM tasks WHERE env <> '{}'")).scalar_one()
    assert stored == pairs
    for env in (spec["env"], stored):
        with pytest.raises(TypeError):
            dict(**env)
    other = run_row(engine, secrets.run("true", {"B": "plain"})).spec
    assert (other["env"], other["secrets"]) == ({"B": "plain"}, None)


def test_a_command_with_secrets_leaves_no_core_dump(
    secrets: Secrets, engine: Engine, start_worker: StartWorker
) -> None:
    secrets.save("pg", VALUE)
    start_worker(heartbeat_seconds=0.5, secrets_private_key=PRIVATE)
    # Two processes: the limit is put on the first one in the instant after its start.
    limit = "sleep 0.2; sh -c 'ulimit -c; ulimit -Hc'"
    run = secrets.run(limit, {"A": {"secret": "pg"}})
    assert ended(engine, run).state == "succeeded"
    assert output_of(engine, run) == b"0\n0\n"


def test_a_task_that_would_multiply_a_secret_fails_before_that_is_done(
    secrets: Secrets, engine: Engine, start_worker: StartWorker
) -> None:
    secrets.save("big", "x" * 60_000)
    start_worker(heartbeat_seconds=0.5, secrets_private_key=PRIVATE)
    http: dict[str, Any] = {"method": "POST", "url": "http://127.0.0.1:1/", "headers": {}}
    http["expect"] = None
    http |= {"body": "${secret:big}" * 10_000, "timeout": 1.0, "follow_redirects": True}
    rows = [
        ended(engine, secrets.run("", {}, http=http)),
        ended(engine, secrets.run("true", {f"A{n}": {"secret": "big"} for n in range(3)})),
    ]
    for row in rows:
        assert (row.state, row.reason_code) == ("failed", "secret_unusable")
        assert "may get 128 KiB of them" in row.reason
    run = secrets.run("true", {f"A{n}": {"secret": "big"} for n in range(2)})
    assert ended(engine, run).state == "succeeded"
