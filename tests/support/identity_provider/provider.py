"""The provider as a process, and what a test may change of it while it runs."""

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeyParameters, RSAKey

from punctual_devstack.ports import free_port
from tests.support.identity_provider.installed import installed_provider, node
from tests.support.identity_provider.proxy import Proxy, Rewrite, proxy_to
from tests.support.processes import process_with_pipes

CLIENT_ID = "punctual"
CLIENT_SECRET = "only-for-tests-0123456789"
KEY: KeyParameters = {"use": "sig", "alg": "RS256", "kid": "key-1"}

Alter = Callable[[dict[str, Any]], dict[str, Any]]


class IdentityProvider:
    """A running provider. Users of any name can log in; `accounts` has the claims of some."""

    def __init__(self, proxy: Proxy, file: Path, config: dict[str, Any], key: RSAKey) -> None:
        self.issuer = proxy.url
        self.key = key
        self.proxy = proxy
        self._file = file
        self._config = config

    def set_account(self, name: str, **claims: Any) -> None:
        """Say these claims, and no others, about a user from now on."""
        self._config["accounts"][name] = claims
        self._file.write_text(json.dumps(self._config))

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """Return an ID token of these claims, signed with the provider's own key."""
        return jwt.encode({"alg": "RS256", "kid": "key-1", **header}, claims, self.key)

    @contextmanager
    def answering(self, rewrite: Rewrite) -> Iterator[None]:
        """Rewrite the JSON that the provider answers, until the end of the block."""
        self.proxy.rewrite = rewrite
        try:
            yield
        finally:
            self.proxy.rewrite = None

    @contextmanager
    def telling(self, alter: Alter) -> Iterator[None]:
        """Alter the claims of ID tokens, which are signed anew, until the end of the block."""

        def rewrite(path: str, document: dict[str, Any]) -> dict[str, Any]:
            if path == "/token" and "id_token" in document:
                claims = jwt.decode(document["id_token"], self.key).claims
                document["id_token"] = self.sign(alter(dict(claims)))
            return document

        with self.answering(rewrite):
            yield


@contextmanager
def identity_provider(
    folder: Path,
    redirect_uris: Sequence[str],
    *,
    code_seconds: int = 60,
    claims_apart: bool = True,
) -> Iterator[IdentityProvider]:
    """A provider that listens, with one client; `folder` is for its configuration.

    With `claims_apart` the ID token has the subject alone, as the standard has it.
    """
    key = RSAKey.generate_key(2048, KEY)
    port = free_port()
    with proxy_to(port) as proxy:
        config = {
            "issuer": proxy.url,
            "port": port,
            "code_seconds": code_seconds,
            "claims_apart": claims_apart,
            "jwks": {"keys": [key.as_dict(private=True)]},
            "accounts": {},
            "clients": [
                {
                    "client_id": CLIENT_ID,
                    "client_secret": CLIENT_SECRET,
                    "redirect_uris": list(redirect_uris),
                    "grant_types": ["authorization_code"],
                    "response_types": ["code"],
                    "scope": "openid profile email groups",
                }
            ],
        }
        file = folder / "provider.json"
        file.write_text(json.dumps(config))
        command = [node(), str(installed_provider() / "provider.mjs"), str(file)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with process_with_pipes(command, **pipes, stderr=subprocess.DEVNULL) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield IdentityProvider(proxy, file, config, key)
