"""What the API does with teams, their secrets and their access tokens, and with queues."""

from collections.abc import Iterator
from typing import cast
from urllib.parse import quote

from punctual_client.connection import Connection
from punctual_client.documents import AccessToken, Document, Member, Queue, Secret, Team

TEAMS, SECRETS, TOKENS = "/api/teams/", "/api/secrets/", "/api/tokens/"


class TeamCalls(Connection):
    """Teams and what is theirs."""

    def teams(self) -> list[Team]:
        """Return the teams that one is in, the personal one first."""
        return cast(list[Team], self.read(TEAMS)["items"])

    def create_team(self, slug: str, name: str) -> Team:
        """Create a team, whose owner one is."""
        return cast(Team, self.send("POST", TEAMS, {"slug": slug, "name": name}))

    def delete_team(self, slug: str) -> None:
        """Delete a team and all that it owns."""
        self.call("DELETE", f"{TEAMS}{_part(slug)}/")

    def members(self, slug: str) -> list[Member]:
        """Return the members of a team by name."""
        return cast(list[Member], self.read(f"{TEAMS}{_part(slug)}/members/")["items"])

    def add_member(self, slug: str, username: str, role: str) -> Member:
        """Add a user to a team."""
        body = {"username": username, "role": role}
        return cast(Member, self.send("POST", f"{TEAMS}{_part(slug)}/members/", body))

    def change_member(self, slug: str, username: str, role: str) -> Member:
        """Give a member another role."""
        path = f"{TEAMS}{_part(slug)}/members/{_part(username)}/"
        return cast(Member, self.send("PATCH", path, {"role": role}))

    def remove_member(self, slug: str, username: str) -> None:
        """Remove a member from a team."""
        self.call("DELETE", f"{TEAMS}{_part(slug)}/members/{_part(username)}/")

    def secrets(self, *, team: str | None = None) -> list[Secret]:
        """Return the secrets of the teams where one is an editor, without their values."""
        return cast(list[Secret], self.read(SECRETS, {"team": team})["items"])

    def create_secret(self, name: str, value: str, *, team: str | None = None) -> Secret:
        """Create a secret."""
        body = {"name": name, "value": value, **({} if team is None else {"team": team})}
        return cast(Secret, self.send("POST", SECRETS, body))

    def replace_secret(self, name: str, value: str, *, team: str | None = None) -> Secret:
        """Give a secret another value."""
        path = f"{SECRETS}{_part(name)}/"
        return cast(Secret, self.send("PUT", path, {"value": value}, query={"team": team}))

    def delete_secret(self, name: str, *, team: str | None = None, force: bool = False) -> None:
        """Delete a secret; with `force` also one that tasks use."""
        query = {"team": team, "force": "true" if force else None}
        self.call("DELETE", f"{SECRETS}{_part(name)}/", query=query)

    def tokens(self, *, team: str | None = None) -> Iterator[AccessToken]:
        """Return one's access tokens, or those of a team, newest first."""
        return self.pages(TOKENS, {"team": team})

    def create_token(
        self,
        name: str,
        *,
        role: str | None = None,
        team: str | None = None,
        expires_at: str | None = None,
    ) -> AccessToken:
        """Create an access token, which only this answer has."""
        given = {"role": role, "team": team, "expires_at": expires_at}
        body: Document = {"name": name}
        body |= {field: value for field, value in given.items() if value is not None}
        return cast(AccessToken, self.send("POST", TOKENS, body))

    def end_token(self, token_id: str) -> None:
        """End an access token."""
        self.call("DELETE", f"{TOKENS}{_part(token_id)}/")

    def queues(self) -> list[Queue]:
        """Return all queues with their workers, for admins."""
        return cast(list[Queue], self.read("/api/queues/")["items"])


def _part(name: str) -> str:
    """Return a name as a part of a path: it may have a slash in it."""
    return quote(name, safe="")
