"""The client: every call of the API in one class."""

from typing import cast

from punctual_client.documents import Account, Login
from punctual_client.runs import RunCalls
from punctual_client.tasks import TaskCalls
from punctual_client.teams import TeamCalls


class Client(TaskCalls, RunCalls, TeamCalls):
    """A Punctual server with a user's token: `Client("https://punctual.example.com", token)`.

    Lists are iterators over all pages. Requests are repeated where that is safe, errors are
    exceptions of `punctual_client.problems`. Close it, or use it in a `with`.
    """

    def login(self, username: str, password: str) -> Login:
        """Log in, and send the new token from now on."""
        body = {"username": username, "password": password}
        made = cast(Login, self.send("POST", "/api/login/", body, repeat=False))
        self.use_token(made["token"])
        return made

    def logout(self) -> None:
        """End the token of a login."""
        self.call("POST", "/api/logout/")

    def account(self) -> Account:
        """Read one's own account."""
        return cast(Account, self.read("/api/account/"))
