"""`punctual secrets …`: what operators do with keys and values."""

import argparse
import getpass
import os
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from punctual.domain.audit.actions import Action
from punctual.domain.audit.changes import differences
from punctual.domain.secrets.names import MOST_BYTES, NAME_RULE, is_name, value_fault
from punctual.ops import config
from punctual.ops.sealing import OpeningKeys, SealingKey, new_pair, public_of
from punctual.ops.secret_keys import parse_private_keys
from punctual.store.accounts.audit import Actor, NewEvent, Subject, write_events
from punctual.store.accounts.teams import team_by_slug
from punctual.store.alerts.rotate import reseal_channels
from punctual.store.driver.engine import make_engine
from punctual.store.schema.models import Team
from punctual.store.secrets.changes import create_secret, replace_secret
from punctual.store.secrets.rotate import Rotation, reseal

COMMAND_LINE = Actor(name="command line")
READ_BYTES = 4 * MOST_BYTES
PRIVATE_FILE, PUBLIC_FILE = "secrets_private_key", "secrets_public_key"


class NotDone(Exception):
    """Nothing was changed, or not all; the message says why."""


def main(options: argparse.Namespace) -> int:
    """Carry out the action; return 0, 1 when that is not possible, 2 for a setting."""
    try:
        if options.action == "keygen":
            return _keygen(options.folder)
        return _set(options.team, options.name) if options.action == "set" else _rotate()
    except config.InvalidSetting as error:
        sys.stderr.write(f"secrets: {error}\n")
        return 2
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip()
        sys.stderr.write(f"secrets: the database refused: {reason}\n")
        return 1
    except NotDone as error:
        sys.stderr.write(f"secrets: {error}\n")
        return 1


def _keygen(folder: Path | None) -> int:
    """Print a new pair as settings; or have it in files of a folder, made where it is missing."""
    if folder is None:
        public, private = new_pair()
        sys.stdout.write(
            f"# For the API:\nPUNCTUAL_SECRETS_PUBLIC_KEY={public}\n"
            f"# For workers alone; without it secrets are lost, so back it up:\n"
            f"PUNCTUAL_SECRETS_PRIVATE_KEY={private}\n"
        )
        return 0
    try:
        file = folder / PRIVATE_FILE
        if not file.exists():
            _write(file, new_pair()[1])
        private = file.read_text().strip()
        parse_private_keys(private)
        _write(folder / PUBLIC_FILE, public_of(private))
    except OSError as error:
        raise NotDone(f"{error.filename or folder}: {error.strerror}") from None
    except ValueError as error:
        raise NotDone(f"{folder / PRIVATE_FILE} {error}") from None
    sys.stdout.write(f"{SealingKey(public_of(private)).id} is the key in {folder}\n")
    return 0


def _write(file: Path, text: str) -> None:
    """Put a key into a file that only its owner can read; never half of it."""
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(f"{text}\n")
    new.replace(file)


def _set(slug: str, name: str) -> int:
    """Create a secret, or replace its value, which is asked for or read from standard input."""
    settings = config.load(
        needs=("database_url", "secrets_public_key"), only=("database_url", "secrets_public_key")
    )
    if not is_name(name):
        raise NotDone(NAME_RULE)
    value = _value()
    if fault := value_fault(value):
        raise NotDone(fault)
    key = SealingKey(settings.secrets_public_key)
    engine = make_engine(settings.database_url, service="secrets", size=1)
    try:
        with Session(engine) as session, session.begin():
            done = _save(session, slug, name, value, key)
    finally:
        engine.dispose()
    sys.stdout.write(f"{done} {name} of {slug}, sealed for key {key.id}\n")
    return 0


def _save(session: Session, slug: str, name: str, value: str, key: SealingKey) -> str:
    team = team_by_slug(session, slug)
    if team is None:
        known = session.scalars(select(Team.slug).order_by(Team.slug).limit(10)).all()
        raise NotDone(f"there is no team {slug}; teams are {', '.join(known)} …")
    sealed = key.seal(value, team_id=team.id, name=name)
    change: dict[str, Any] = {"name": name, "team_id": team.id, "sealed": sealed}
    change |= {"key": key.id, "by": None}
    saved, action = replace_secret(session, **change), Action.SECRET_UPDATE
    if saved is None:
        saved, action = create_secret(session, **change), Action.SECRET_CREATE
    if saved is None:
        raise NotDone("another change came at the same time: repeat it.")
    event = NewEvent(
        action,
        COMMAND_LINE,
        Subject("secret", saved.id, name),
        (team.id, team.slug),
        differences({}, {"version": saved.version, "sealed_for": key.id}),
    )
    write_events(session.connection(), [event])
    return "created" if action == Action.SECRET_CREATE else "replaced"


def _rotate() -> int:
    """Seal all secrets anew for the first private key; safe to repeat, and to interrupt."""
    names = ("database_url", "secrets_private_key")
    settings = config.load(needs=names, only=names)
    keys = OpeningKeys(settings.secrets_private_key)
    new = keys.sealing_key(keys.ids[0])
    engine = make_engine(settings.database_url, service="secrets", size=1)
    try:
        resealed, unopened = _reseal_all(engine, keys, new, reseal)
        channels, closed = _reseal_all(engine, keys, new, reseal_channels)
    finally:
        engine.dispose()
    sys.stdout.write(f"sealed {resealed} secret(s) anew for key {new.id}\n")
    if channels:
        sys.stdout.write(f"sealed {channels} channel(s) anew for key {new.id}\n")
    if unopened := [*unopened, *closed]:
        listed = "\n  ".join(unopened)
        raise NotDone(f"{len(unopened)} could not be opened and stay as they are:\n  {listed}")
    return 0


def _reseal_all(
    engine: Engine, keys: OpeningKeys, new: SealingKey, reseal: Callable[..., Rotation]
) -> tuple[int, list[str]]:
    resealed, after = 0, uuid.UUID(int=0)
    unopened: list[str] = []
    while True:
        with engine.begin() as connection:
            part = reseal(connection, keys, new, after=after)
        resealed += part.resealed
        unopened += part.unopened
        if part.last is None:
            return resealed, unopened
        after = part.last


def _value() -> str:
    """Return the value, never from the command line: other users see that in the process list."""
    if not sys.stdin.isatty():
        try:
            value = sys.stdin.buffer.read(READ_BYTES).decode()
        except UnicodeDecodeError:
            raise NotDone("the value on standard input is not UTF-8.") from None
        # A single line comes from echo and the like, which end it; a key keeps its line ends.
        is_line = value.endswith("\n") and value.count("\n") == 1
        return value[:-1].removesuffix("\r") if is_line else value
    try:
        value = getpass.getpass("Value: ")
        again = getpass.getpass("Again: ")
    except (EOFError, KeyboardInterrupt):
        sys.stderr.write("\n")  # after the prompt
        raise NotDone("no value was given.") from None
    if again != value:
        raise NotDone("the two values differ.")
    return value
