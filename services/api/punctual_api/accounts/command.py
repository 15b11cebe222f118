"""`punctual user create`: create an account as an operator, whatever REGISTRATION is."""

import argparse
import getpass
import sys

from marshmallow import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from punctual.ops import config
from punctual.store.accounts.users import create_user
from punctual.store.driver.engine import make_engine
from punctual_api.accounts.passwords import hash_password, weakness
from punctual_api.accounts.schemas import RegistrationSchema
from punctual_api.http.problems import faults_in


class NotCreated(Exception):
    """The user was not created; the message says why."""


def main(options: argparse.Namespace) -> int:
    """Create the user; return 0, 1 when that is not possible, 2 for a setting."""
    try:
        settings = config.load(needs=("database_url",), only=("database_url",))
    except config.InvalidSetting as error:
        sys.stderr.write(f"user: {error}\n")
        return 2
    try:
        _create(settings.database_url, options.username, options.email)
    except NotCreated as error:
        sys.stderr.write(f"user: not created: {error}\n")
        return 1
    sys.stdout.write(f"created {options.username}\n")
    return 0


def _create(database_url: str, username: str, email: str) -> None:
    sent = {"username": username, "email": email, "password": _password()}
    try:
        values = RegistrationSchema().load(sent)
    except ValidationError as error:
        faults = (f"{fault.pointer[1:]}: {fault.detail}" for fault in faults_in(error.messages))
        raise NotCreated(" ".join(faults)) from None
    password = values.pop("password")
    if fault := weakness(password, username=username, email=email):
        raise NotCreated(f"password: {fault}")
    engine = make_engine(database_url, service="user", size=1)
    try:
        with Session(engine) as session, session.begin():
            made = create_user(session, **values, password_hash=hash_password(password))
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip()
        raise NotCreated(f"the database refused: {reason}") from None
    finally:
        engine.dispose()
    if isinstance(made, str):
        raise NotCreated(f"{made}: already taken.")


def _password() -> str:
    """Ask for the password, never on the command line: other users see that in the process list."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise NotCreated("the two passwords differ.")
    return password
