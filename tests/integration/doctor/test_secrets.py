"""The doctor shows which key each secret is sealed for, and which workers cannot open it."""

from collections.abc import Sequence

from sqlalchemy import Engine, text

from punctual.doctor.secrets import secret_findings
from punctual.ops.config import Settings
from punctual.ops.sealing import SealingKey, new_pair
from punctual.store.processes.workers import register
from tests.support.rows import new_team

OLD, NEW = (SealingKey(new_pair()[0]) for _ in range(2))
PUBLIC = new_pair()[0]
OWN = SealingKey(PUBLIC)


def save(engine: Engine, name: str, key: str) -> None:
    statement = text(
        "INSERT INTO secrets (id, team_id, name, sealed, key)"
        " VALUES (gen_random_uuid(), :team, :name, 'x', :key)"
    )
    with engine.begin() as connection:
        connection.execute(statement, {"team": new_team(engine), "name": name, "key": key})


def worker(engine: Engine, name: str, keys: Sequence[str]) -> None:
    with engine.begin() as connection:
        register(connection, name=name, host="h", pid=1, slots=1, secret_keys=keys)


def found(engine: Engine, public: str = "") -> list[tuple[str, str]]:
    with engine.connect() as connection:
        findings = secret_findings(connection, Settings(secrets_public_key=public))
    return [(each.level, each.detail) for each in findings]


def test_without_secrets_and_keys_there_is_nothing_to_say(engine: Engine) -> None:
    worker(engine, "worker-1", [])
    assert found(engine) == []


def test_workers_that_lack_a_key_are_named(engine: Engine) -> None:
    save(engine, "pg", OLD.id)
    worker(engine, "worker-1", [NEW.id, OLD.id])
    worker(engine, "worker-2", [NEW.id])
    worker(engine, "worker-3", [])
    [(level, detail)] = found(engine)
    assert level == "error"
    assert detail.startswith(f"1 sealed for key {OLD.id} (pg of ")
    assert detail.endswith("worker-2, worker-3 cannot open them: give these workers the key")


def test_secrets_of_an_older_key_are_to_be_sealed_anew(engine: Engine) -> None:
    for number in range(7):
        save(engine, f"s{number}", OLD.id)
    save(engine, "own", OWN.id)
    worker(engine, "worker-1", [OWN.id, OLD.id])
    by_level = dict(found(engine, PUBLIC))
    assert by_level["warning"].startswith(f"7 sealed for key {OLD.id} (s0 of ")
    assert "…" in by_level["warning"]
    assert by_level["warning"].endswith(
        f"the API seals for {OWN.id}: run `punctual secrets rotate`"
    )
    assert by_level["ok"].endswith("every worker opens them")


def test_a_key_that_no_worker_has_is_an_error_before_anything_is_sealed(engine: Engine) -> None:
    worker(engine, "worker-1", [OLD.id])
    [(level, detail)] = found(engine, PUBLIC)
    assert level == "error"
    assert f"the API seals for key {OWN.id}, which worker-1 do not have" in detail
