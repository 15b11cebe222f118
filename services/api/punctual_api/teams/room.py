"""How many teams a user may be in, and to how many of them others may add the user."""

from flask_login import current_user

from punctual.store.accounts.teams import MOST_BY_ADDING, MOST_TEAMS
from punctual_api.http.problems import Problem, limit_reached


def refuse_one_more(memberships: int, whose: str) -> None:
    """Raise Problem 409 for a user who is in all teams that a user may be in."""
    if memberships >= MOST_TEAMS:
        raise limit_reached(f"{whose} in {MOST_TEAMS} teams already, which is the most.")


def refuse_adding(memberships: int, username: str) -> None:
    """Raise Problem 409 for a user whom the asker may not add to one more team.

    Otherwise anyone could fill the teams of a user, who then could neither create nor join one.
    """
    refuse_one_more(memberships, f"{username} is")
    if memberships >= MOST_BY_ADDING and not current_user.is_admin:
        advice = f"create an invitation, which {username} can accept."
        raise Problem(409, f"{username} is in {MOST_BY_ADDING} teams or more: {advice}")
