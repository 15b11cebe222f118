"""Who one is: `login`, `logout`, `whoami`."""

import getpass
import sys
from typing import Annotated

import typer

from punctual_client.client import Client
from punctual_client.command.environment import read_environment
from punctual_client.command.logins import Logins, SavedLogin
from punctual_client.command.opening import chosen_url, opened_client
from punctual_client.command.options import Output, Quiet
from punctual_client.command.refusals import Refusal
from punctual_client.command.shown import Column, Form, note, show_one, write
from punctual_client.problems import Forbidden, NotLoggedIn


def login(
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="Where Punctual answers, once.")
    ] = None,
    username: Annotated[str | None, typer.Option("--username", "-u", help="Your username.")] = None,
    token: Annotated[
        bool, typer.Option("--token", help="Give an access token in place of a password.")
    ] = False,
) -> None:
    """Log in.

    The password is asked for, or read from standard input.
    """
    at = chosen_url(url)
    with Client(at) as client:
        if token:
            saved = _by_token(client, at)
        else:
            name = username or _username("Username")
            made = client.login(name, _secret("Password"))
            saved = SavedLogin(at, name, made["expires_at"], made["token"])
    Logins().save(saved)
    write(f"Logged in at {at} as {saved.username}.\n")
    if read_environment().token is not None:
        note("PUNCTUAL_TOKEN is set, and goes before this login.")


def logout() -> None:
    """End the login: its token opens nothing any more."""
    url = chosen_url()
    logins = Logins()
    saved = logins.of(url)
    if saved is None:
        raise Refusal(f"There is no login at {url}.")
    if saved.token is not None and saved.expires_at is not None:
        with Client(url, saved.token) as client:
            try:
                client.logout()
            except NotLoggedIn:
                note("The login had ended already.")
    logins.forget(url)
    write(f"Logged out at {url}.\n")


def whoami(output: Output = Form.TABLE, quiet: Quiet = False) -> None:
    """Show who you are, and where."""
    with opened_client() as client:
        try:
            account = dict(client.account())
        except Forbidden:  # the token is a team's
            account = {"username": None}
        account |= {"url": client.url, "teams": [team["slug"] for team in client.teams()]}
    columns = [
        Column("user", lambda one: one["username"]),
        Column("server", lambda one: one["url"]),
        Column("teams", lambda one: ", ".join(one["teams"])),
    ]
    show_one(account, columns, form=output, quiet=quiet, id_of="username")


def _by_token(client: Client, url: str) -> SavedLogin:
    given = _secret("Token")
    client.use_token(given)
    try:
        name = client.account()["username"]
    except Forbidden:
        name = f"team {client.teams()[0]['slug']}"
    return SavedLogin(url, name, None, given)


def _username(what: str) -> str:
    if not sys.stdin.isatty():
        raise Refusal("Say who you are: punctual login --username NAME")
    sys.stderr.write(f"{what}: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def _secret(what: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(f"{what}: ")
    return sys.stdin.readline().rstrip("\r\n")


VERBS = (login, logout, whoami)
