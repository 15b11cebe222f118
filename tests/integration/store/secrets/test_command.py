"""`punctual secrets`: keys are made, values set without a trace, and all is sealed anew."""

import os
import pty
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from punctual.ops.sealing import OpeningKeys, SealingKey, new_pair, public_of
from tests.support.rows import new_team
from tests.support.servers import as_service

VALUE = "gx7-Kq0_very-secret"
OLD_PUBLIC, OLD_PRIVATE = new_pair()
NEW_PUBLIC, NEW_PRIVATE = new_pair()


@pytest.fixture
def slug(engine: Engine) -> str:
    """The slug of a team."""
    team = new_team(engine)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT slug FROM teams WHERE id = :id"), {"id": team})
        return str(found.scalar_one())


def punctual(*arguments: str, sent: bytes = b"", **settings: str) -> Any:
    environ = {f"PUNCTUAL_{name.upper()}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "punctual", "secrets", *arguments],
        env={"PATH": os.environ["PATH"], **environ},
        input=sent,
        capture_output=True,
        check=False,
    )


def rows(engine: Engine) -> dict[str, Any]:
    with engine.connect() as connection:
        found = connection.execute(text("SELECT * FROM secrets ORDER BY name")).all()
    return {row.name: row for row in found}


def opened(row: Any, private: str) -> str:
    keys = OpeningKeys(private)
    return keys.open(bytes(row.sealed), key=row.key, team_id=row.team_id, name=row.name)


def set_value(database_url: str, slug: str, name: str, value: bytes, public: str) -> Any:
    url = as_service(database_url, "api")
    settings = {"database_url": url, "secrets_public_key": public}
    return punctual("set", slug, name, sent=value, **settings)


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        (f"{VALUE}\n".encode(), VALUE),
        (f"{VALUE}\r\n".encode(), VALUE),
        (VALUE.encode(), VALUE),
        (b"two\nlines\n", "two\nlines\n"),
        ("é".encode() * 32768, "é" * 32768),
    ],
)
def test_a_value_comes_from_standard_input(
    engine: Engine, database_url: str, slug: str, sent: bytes, value: str
) -> None:
    done = set_value(database_url, slug, "pg", sent, OLD_PUBLIC)
    assert done.returncode == 0, done.stderr
    assert opened(rows(engine)["pg"], OLD_PRIVATE) == value
    again = set_value(database_url, slug, "pg", b"other-value\n", OLD_PUBLIC)
    assert again.stdout.startswith(b"replaced pg of ")
    assert opened(rows(engine)["pg"], OLD_PRIVATE) == "other-value"
    with engine.connect() as connection:
        events = connection.execute(text("SELECT action, e::text FROM audit_events AS e")).all()
    assert sorted(event[0] for event in events) == ["secret.create", "secret.update"]
    assert not any("other-value" in event[1] or VALUE in event[1] for event in events)


def of_the_terminal(database_url: str) -> dict[str, str]:
    """The environment of a command that asks for a value."""
    return {
        "PATH": os.environ["PATH"],
        "PUNCTUAL_DATABASE_URL": as_service(database_url, "api"),
        "PUNCTUAL_SECRETS_PUBLIC_KEY": OLD_PUBLIC,
    }


def test_a_terminal_that_ends_the_input_gets_no_traceback(database_url: str, slug: str) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "punctual", "secrets", "set", slug, "pg"],
        env=of_the_terminal(database_url),
        stdin=theirs,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        assert process.stderr
        shown = b""
        while not shown.endswith(b"Value: "):
            shown += os.read(process.stderr.fileno(), 1024)
        os.write(ours, b"\x04")  # Ctrl-D
        shown += process.stderr.read()
    os.close(ours)
    assert process.returncode == 1
    assert shown.splitlines()[-1] == b"secrets: no value was given."
    assert b"Traceback" not in shown


def test_a_value_is_asked_for_without_an_echo(engine: Engine, database_url: str, slug: str) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "punctual", "secrets", "set", slug, "pg"],
        env=of_the_terminal(database_url),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        shown = b""
        for prompt in (b"Value: ", b"Again: "):
            while not shown.endswith(prompt):
                shown += os.read(ours, 1024)
            os.write(ours, f"{VALUE}\n".encode())
        while True:
            try:
                more = os.read(ours, 1024)
            except OSError:  # the terminal is closed
                break
            if not more:
                break
            shown += more
    os.close(ours)
    assert process.returncode == 0, shown
    assert b"created pg of" in shown
    assert VALUE.encode() not in shown
    assert opened(rows(engine)["pg"], OLD_PRIVATE) == VALUE


@pytest.mark.parametrize(
    ("name", "sent", "why"),
    [
        ("pg", b"\n", "must not be empty"),
        ("pg", b"a\0b\n", "NUL"),
        ("pg", b"x" * 65537, "at most 64 KiB"),
        ("pg", b"\xff\n", "not UTF-8"),
        ("a b", b"x\n", "A name is"),
    ],
)
def test_what_cannot_be_a_secret_is_refused(
    engine: Engine, database_url: str, slug: str, name: str, sent: bytes, why: str
) -> None:
    done = set_value(database_url, slug, name, sent, OLD_PUBLIC)
    assert done.returncode == 1
    assert why in done.stderr.decode()
    assert rows(engine) == {}


def test_an_unknown_team_and_a_missing_key_are_named(database_url: str, slug: str) -> None:
    unknown = set_value(database_url, "nowhere", "pg", b"x\n", OLD_PUBLIC)
    assert unknown.returncode == 1
    assert b"there is no team nowhere" in unknown.stderr
    missing = punctual("set", slug, "pg", sent=b"x\n", database_url=database_url)
    assert missing.returncode == 2
    assert b"PUNCTUAL_SECRETS_PUBLIC_KEY is not set" in missing.stderr


def test_all_secrets_are_sealed_anew_and_what_no_key_opens_is_named(
    engine: Engine, database_url: str, slug: str
) -> None:
    other_public, _ = new_pair()
    for number in range(3):
        set_value(database_url, slug, f"old-{number}", f"value-{number}".encode(), OLD_PUBLIC)
    set_value(database_url, slug, "new", b"value-new", NEW_PUBLIC)
    before = rows(engine)
    url = as_service(database_url, "api")
    both = f"{NEW_PRIVATE},{OLD_PRIVATE}"
    done = punctual("rotate", database_url=url, secrets_private_key=both)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"sealed 3 secret(s) anew for key ")
    after = rows(engine)
    new_key = SealingKey(NEW_PUBLIC).id
    assert {row.key for row in after.values()} == {new_key}
    for number in range(3):
        assert opened(after[f"old-{number}"], NEW_PRIVATE) == f"value-{number}"
        assert after[f"old-{number}"].updated_at == before[f"old-{number}"].updated_at
    assert after["new"] == before["new"]
    set_value(database_url, slug, "foreign", b"value", other_public)
    again = punctual("rotate", database_url=url, secrets_private_key=both)
    assert again.returncode == 1
    assert again.stdout.startswith(b"sealed 0 secret(s)")
    assert f"foreign of {slug}: sealed for the key".encode() in again.stderr


def test_a_worker_may_not_seal_anew(database_url: str, slug: str) -> None:
    set_value(database_url, slug, "pg", b"value", OLD_PUBLIC)
    url = as_service(database_url, "worker")
    keys = f"{NEW_PRIVATE},{OLD_PRIVATE}"
    done = punctual("rotate", database_url=url, secrets_private_key=keys)
    assert done.returncode == 1
    assert b"permission denied" in done.stderr


def test_keys_are_printed_as_settings_or_made_once_in_a_folder(tmp_path: Path) -> None:
    printed = punctual("keygen").stdout.decode()
    pairs = dict(line.split("=", 1) for line in printed.splitlines() if not line.startswith("#"))
    private = pairs["PUNCTUAL_SECRETS_PRIVATE_KEY"]
    assert pairs["PUNCTUAL_SECRETS_PUBLIC_KEY"] == public_of(private)
    first = punctual("keygen", "--folder", str(tmp_path))
    made = (tmp_path / "secrets_private_key").read_text()
    assert made.strip().encode() not in first.stdout
    assert (tmp_path / "secrets_private_key").stat().st_mode & 0o777 == 0o600
    punctual("keygen", "--folder", str(tmp_path))
    assert (tmp_path / "secrets_private_key").read_text() == made
    assert (tmp_path / "secrets_public_key").read_text().strip() == public_of(made.strip())
    gone = punctual("keygen", "--folder", str(tmp_path / str(uuid.uuid4())))
    assert gone.returncode == 1
