"""A client as the environment and the last login say."""

from punctual_client.client import Client
from punctual_client.command.environment import read_environment
from punctual_client.command.logins import Logins
from punctual_client.command.refusals import Refusal
from punctual_client.connection import clean_url

DEFAULT_URL = "http://127.0.0.1:8000"
"""Where `make run` answers."""


def chosen_url(typed: str | None = None) -> str:
    """Return the server that is meant: the one typed, PUNCTUAL_URL, or that of the last login."""
    url = typed or read_environment().url or Logins().current_url() or DEFAULT_URL
    try:
        return clean_url(url)
    except ValueError as error:
        raise Refusal(str(error)) from None


def opened_client(*, timeout: float = 30.0) -> Client:
    """Return a client of that server. A token of one login never goes to another server."""
    url, token = chosen_url(), read_environment().token
    if token is None and (login := Logins().of(url)) is not None:
        token = login.token
    return Client(url, token, timeout=timeout)
