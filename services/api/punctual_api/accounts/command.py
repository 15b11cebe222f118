"""`punctual user …`: what operators do with accounts, whatever REGISTRATION is."""

import argparse
import getpass
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from marshmallow import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from punctual.domain.audit.actions import Action
from punctual.domain.audit.changes import differences
from punctual.domain.instant import format_instant
from punctual.ops import config
from punctual.store.accounts.admins import (
    access_of,
    end_access,
    list_users,
    lock_admins,
    other_admins,
    set_disabled,
)
from punctual.store.accounts.audit import Actor, NewEvent, Subject, write_events
from punctual.store.accounts.logins import lock_user
from punctual.store.accounts.users import create_user, user_named
from punctual.store.driver.engine import make_engine
from punctual.store.schema.models import User
from punctual_api.accounts.own_schemas import NewPasswordSchema
from punctual_api.accounts.passwords import hash_password, weakness
from punctual_api.accounts.schemas import RegistrationSchema
from punctual_api.http.problems import faults_in

Work = Callable[[Session], str]
"""Done in a transaction; what it returns is printed once that is committed."""
PAGE = 500
COMMAND_LINE = Actor(name="command line")


class NotDone(Exception):
    """Nothing was changed; the message says why."""


def main(options: argparse.Namespace) -> int:
    """Carry out the action; return 0, 1 when that is not possible, 2 for a setting."""
    try:
        settings = config.load(needs=("database_url",), only=("database_url",))
    except config.InvalidSetting as error:
        sys.stderr.write(f"user: {error}\n")
        return 2
    try:
        done = _carry_out(settings.database_url, _work(options))
    except NotDone as error:
        what = "not created" if options.action == "create" else f"{options.action}: not done"
        sys.stderr.write(f"user: {what}: {error}\n")
        return 1
    sys.stdout.write(done)
    return 0


def _work(options: argparse.Namespace) -> Work:
    """Return what to do in a transaction; what it needs of the operator is read before."""
    if options.action == "list":
        return _list
    if options.action == "create":
        return _creation(options.username, options.email)
    if options.action == "reset-password":
        return _password_reset(options.username)
    return _change(options.action, options.username)


def _carry_out(database_url: str, work: Work) -> str:
    engine = make_engine(database_url, service="user", size=1)
    try:
        with Session(engine) as session, session.begin():
            return work(session)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip()
        raise NotDone(f"the database refused: {reason}") from None
    finally:
        engine.dispose()


def _list(session: Session) -> str:
    rows = [("USERNAME", "EMAIL", "ADMIN", "DISABLED", "CREATED"), *map(_row, _users(session))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "".join(f"{line}\n" for line in lines)


def _users(session: Session) -> Iterator[User]:
    before = None
    while found := list_users(session, limit=PAGE, before=before):
        yield from found
        before = found[-1].id


def _row(user: User) -> tuple[str, ...]:
    disabled = "-" if user.disabled_at is None else format_instant(user.disabled_at)
    admin = "yes" if user.is_admin else "-"
    return user.username, user.email, admin, disabled, format_instant(user.created_at)


def _creation(username: str, email: str) -> Work:
    sent = {"username": username, "email": email, "password": _password()}
    try:
        values = RegistrationSchema().load(sent)
    except ValidationError as error:
        raise NotDone(_sentences(error)) from None
    password_hash = _hash(values.pop("password"), username=username, email=email)

    def create(session: Session) -> str:
        made = create_user(session, **values, password_hash=password_hash)
        if isinstance(made, str):
            raise NotDone(f"{made}: already taken.")
        after = {"email": made.email, "is_admin": made.is_admin or None}
        _record(session, Action.USER_CREATE, made, after=after)
        return f"created {username}\n"

    return create


def _password_reset(username: str) -> Work:
    password = _password()
    try:
        NewPasswordSchema(only=("new",)).load({"new": password})
    except ValidationError as error:
        raise NotDone(_sentences(error).replace("new:", "password:", 1)) from None

    def reset(session: Session) -> str:
        user = lock_user(session, _known(session, username).id)
        user.password_hash = _hash(password, username=user.username, email=user.email)
        session.flush()
        end_access(session, user.id)
        _record(session, Action.USER_RESET_PASSWORD, user)
        disabled = ", who is disabled still" if user.disabled_at is not None else ""
        return f"reset the password of {user.username}{disabled}\n"

    return reset


def _change(action: str, username: str) -> Work:
    def change(session: Session) -> str:
        lock_admins(session)
        user = _known(session, username)
        before = access_of(user)
        if action == "make-admin":
            user.is_admin = True
            _record(session, Action.USER_UPDATE, user, before=before, after=access_of(user))
            return f"made {user.username} an admin\n"
        is_last = user.is_admin and not other_admins(session, user.id)
        if action == "disable" and is_last and user.disabled_at is None:
            raise NotDone(f"{user.username} is the last admin: make another one before.")
        set_disabled(session, user, disabled=action == "disable")
        _record(session, Action.USER_UPDATE, user, before=before, after=access_of(user))
        return f"{action}d {user.username}\n"

    return change


def _record(
    session: Session,
    action: Action,
    user: User,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Record what is done to a user, in the same transaction."""
    session.flush()
    subject = Subject("user", user.id, user.username)
    changes = differences(before or {}, after or {})
    event = NewEvent(action, COMMAND_LINE, subject, changes=changes, account=user.id)
    write_events(session.connection(), [event])


def _known(session: Session, username: str) -> User:
    user = user_named(session, username)
    if user is None:
        raise NotDone(f"there is no user {username}; `punctual user list` shows all.")
    return user


def _hash(password: str, *, username: str, email: str) -> str:
    if fault := weakness(password, username=username, email=email):
        raise NotDone(f"password: {fault}")
    return hash_password(password)


def _sentences(error: ValidationError) -> str:
    return " ".join(f"{fault.pointer[1:]}: {fault.detail}" for fault in faults_in(error.messages))


def _password() -> str:
    """Ask for the password, never on the command line: other users see that in the process list."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise NotDone("the two passwords differ.")
    return password
