"""Logins: where and as whom, in a file that only its user can read, or in the keyring."""

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from platformdirs import user_config_path

SERVICE = "punctual"


class UnreadableLogins(Exception):
    """The file of logins is none; the text says what to do."""


@dataclass(frozen=True, slots=True)
class SavedLogin:
    """A login at one server; the token may be in the keyring instead."""

    url: str
    username: str
    expires_at: str | None = None
    token: str | None = None


class Logins:
    """The file with what `punctual login` made."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or user_config_path(SERVICE, appauthor=False) / "logins.json"

    def save(self, login: SavedLogin) -> None:
        """Keep a login, and use its server from now on."""
        everything = self._read()
        keyring = _keyring()
        if keyring is not None and login.token is not None:
            keyring.set_password(SERVICE, login.url, login.token)
            login = SavedLogin(login.url, login.username, login.expires_at)
        everything["logins"][login.url] = asdict(login)
        everything["current"] = login.url
        self._write(everything)

    def current_url(self) -> str | None:
        """Return the server of the last login."""
        url = self._read()["current"]
        return url if isinstance(url, str) else None

    def of(self, url: str) -> SavedLogin | None:
        """Return the login at a server, with its token."""
        found = self._read()["logins"].get(url)
        if found is None:
            return None
        login = SavedLogin(**found)
        if login.token is None and (keyring := _keyring()) is not None:
            token = keyring.get_password(SERVICE, url)
            login = SavedLogin(url, login.username, login.expires_at, token)
        return login

    def forget(self, url: str) -> None:
        """Remove the login at a server."""
        everything = self._read()
        found = everything["logins"].pop(url, None)
        if found is not None and found["token"] is None and (keyring := _keyring()) is not None:
            with contextlib.suppress(keyring.errors.PasswordDeleteError):
                keyring.delete_password(SERVICE, url)
        if everything["current"] == url:
            everything["current"] = next(iter(everything["logins"]), None)
        self._write(everything)

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self.file.read_text(encoding="utf-8"))
            return {"current": found["current"], "logins": dict(found["logins"])}
        except FileNotFoundError:
            return {"current": None, "logins": {}}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UnreadableLogins(
                f"{self.file} cannot be read ({error}): remove it and log in again."
            ) from None

    def _write(self, everything: object) -> None:
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self.file.with_name(f"{self.file.name}.{os.getpid()}.new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            json.dump(everything, opened, indent=2)
        new.replace(self.file)


def _keyring() -> ModuleType | None:
    """Return the keyring, if it is installed and has a place to put a secret in."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        return None
    module: ModuleType = keyring
    # That of no backend is 0, and that of one that only makes errors as well.
    return module if module.get_keyring().priority >= 1 else None
