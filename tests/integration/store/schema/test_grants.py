"""Database roles: each service may do its own work and nothing else."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from punctual.store.driver.engine import make_engine
from punctual.store.schema.grants import grant_all
from punctual.store.schema.migrate import migrate
from punctual.store.schema.rights import SERVICES
from tests.support.database import process_number
from tests.support.rows import new_run, new_task, new_user
from tests.support.servers import SharedServers, as_service
from tests.support.steps import change_run, new_worker

As = Callable[[str], Engine]


@pytest.fixture
def as_role(database_url: str) -> Iterator[As]:
    """Engines on the test's database that log in under a service's role."""
    made: dict[str, Engine] = {}

    def engine_of(service: str) -> Engine:
        if service not in made:
            made[service] = make_engine(as_service(database_url, service), service="test")
        return made[service]

    yield engine_of
    for each in made.values():
        each.dispose()


def refused(engine: Engine, statement: str) -> bool:
    """Whether the database says that this role may not."""
    try:
        with engine.begin() as connection:
            connection.execute(text(statement))
    except ProgrammingError as error:
        message = str(error.orig)
    else:
        return False
    return "permission denied" in message or "must be owner" in message


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 FROM users",
        "SELECT 1 FROM api_tokens",
        "SELECT 1 FROM access_tokens",
        "SELECT 1 FROM idempotency_keys",
        "SELECT command FROM tasks",
        "SELECT env FROM tasks",
        "SELECT spec FROM runs",
        "SELECT params FROM runs",
        "SELECT * FROM runs",
        "SELECT data FROM outputs",
        "UPDATE runs SET spec = '{}'",
        "UPDATE runs SET team_id = gen_random_uuid()",
        "INSERT INTO runs (id) VALUES (gen_random_uuid())",
        "DELETE FROM runs",
        "CREATE TABLE mine (id int)",
        "DROP TABLE runs",
        "ALTER FUNCTION held_run(uuid) SECURITY INVOKER",
        "CREATE OR REPLACE FUNCTION held_run(uuid) LANGUAGE sql AS 'SELECT'",
    ],
)
def test_a_worker_reads_no_people_no_tasks_and_no_history(
    engine: Engine, as_role: As, statement: str
) -> None:
    new_task(engine)
    assert refused(as_role("worker"), statement)


def test_a_worker_reads_the_spec_of_a_run_only_while_it_is_claimed_or_running(
    engine: Engine, as_role: As
) -> None:
    statement = text("SELECT (SELECT spec->>'command' FROM held_run(runs.id)) FROM runs")
    run_id = new_run(engine, new_task(engine, command="echo secret"))
    worker_id = new_worker(engine)

    def readable_spec() -> str | None:
        with as_role("worker").connect() as connection:
            found: str | None = connection.execute(statement).scalar_one()
            return found

    seen = {"scheduled": readable_spec()}
    for state, change in (
        ("queued", {}),
        ("claimed", {"worker_id": worker_id, "fence": 1}),
        ("running", {"attempt": 1}),
        ("succeeded", {}),
    ):
        change_run(engine, run_id, state=state, **change)
        seen[state] = readable_spec()
    assert seen == {
        "scheduled": None,
        "queued": None,
        "claimed": "echo secret",
        "running": "echo secret",
        "succeeded": None,
    }


def test_the_api_role_asks_no_specs_through_the_workers_door(engine: Engine, as_role: As) -> None:
    assert refused(as_role("api"), "SELECT held_run(gen_random_uuid())")


def test_only_a_worker_reads_secrets_of_runs_and_it_writes_none(as_role: As) -> None:
    door = "SELECT * FROM secrets_of_runs(ARRAY[gen_random_uuid()])"
    assert not refused(as_role("worker"), door)
    for service in ("api", "coordinator"):
        assert refused(as_role(service), door), service
    for service in ("worker", "coordinator"):
        for statement in ("SELECT name FROM secrets", "DELETE FROM secrets"):
            assert refused(as_role(service), statement), f"{service}: {statement}"
    for statement in ("INSERT INTO task_secrets DEFAULT VALUES", "DELETE FROM task_secrets"):
        assert refused(as_role("api"), statement), statement


def test_a_coordinator_sees_no_names_no_tokens_and_no_output(engine: Engine, as_role: As) -> None:
    for statement in (
        "SELECT username FROM users",
        "SELECT token_hash FROM api_tokens",
        "SELECT user_id FROM api_tokens",
        "UPDATE api_tokens SET expires_at = now()",
        "SELECT token_hash FROM access_tokens",
        "SELECT code_hash FROM invites",
        "UPDATE access_tokens SET expires_at = NULL",
        "SELECT fingerprint FROM idempotency_keys",
        "SELECT data FROM outputs",
    ):
        assert refused(as_role("coordinator"), statement), statement


def test_no_service_may_make_or_become_another_role(engine: Engine, as_role: As) -> None:
    for service in SERVICES:
        for statement in ("CREATE ROLE mine", "SET ROLE punctual", "COPY runs TO PROGRAM 'cat'"):
            assert refused(as_role(service), statement), f"{service}: {statement}"


def test_granting_again_revokes_rights_that_are_not_listed(engine: Engine, as_role: As) -> None:
    new_user(engine)
    with engine.begin() as connection:
        connection.execute(text("GRANT SELECT (username), UPDATE ON users TO punctual_worker"))
    assert not refused(as_role("worker"), "SELECT username FROM users")
    with engine.begin() as connection:
        grant_all(connection, passwords={})
    assert refused(as_role("worker"), "SELECT username FROM users")
    assert refused(as_role("worker"), "UPDATE users SET username = 'x'")


def test_granting_again_takes_functions_back_from_public_as_after_a_restore(
    engine: Engine, as_role: As
) -> None:
    with engine.begin() as connection:
        connection.execute(text("GRANT EXECUTE ON FUNCTION held_run TO PUBLIC"))
    assert not refused(as_role("api"), "SELECT held_run(gen_random_uuid())")
    with engine.begin() as connection:
        grant_all(connection, passwords={})
    assert refused(as_role("api"), "SELECT held_run(gen_random_uuid())")


def test_migrating_sets_the_given_passwords_and_logs_in_with_them(
    shared_servers: SharedServers,
) -> None:
    url = shared_servers.new_database(f"punctual_grants_{process_number()}")
    migrate(url, passwords={"worker": shared_servers.password})
    made = make_engine(as_service(url, "worker"), service="test")
    with made.connect() as connection:
        assert connection.execute(text("SELECT current_user")).scalar_one() == "punctual_worker"
        assert connection.execute(text("SELECT count(*) FROM runs")).scalar_one() == 0
    made.dispose()


def test_what_is_stored_of_a_password_is_its_verifier(engine: Engine) -> None:
    statement = text("SELECT rolpassword FROM pg_authid WHERE rolname = 'punctual_worker'")
    with engine.connect() as connection:
        stored = connection.execute(statement).scalar_one()
    assert stored.startswith("SCRAM-SHA-256$")
