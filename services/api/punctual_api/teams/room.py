"""How many teams a user may be in."""

from punctual.store.accounts.teams import MOST_TEAMS
from punctual_api.http.problems import Problem


def refuse_one_more(memberships: int, whose: str) -> None:
    """Raise Problem 409 for a user who is in all teams that a user may be in."""
    if memberships >= MOST_TEAMS:
        raise Problem(409, f"{whose} in {MOST_TEAMS} teams already, which is the most.")
