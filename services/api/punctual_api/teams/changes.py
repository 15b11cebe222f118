"""What owners do with teams and members; API and pages call the same functions."""

from typing import Any

from punctual.domain.roles import Role
from punctual.store.accounts.members import (
    Member,
    add_member,
    change_role,
    find_member,
    lock_memberships,
    owners,
    remove_member,
)
from punctual.store.accounts.teams import (
    OwnTeam,
    create_team,
    is_slug_taken,
    lock_team,
    teams_with,
)
from punctual.store.accounts.users import user_named
from punctual.store.concurrency.team_slots import slots_changed
from punctual.store.schema.models import Team
from punctual_api.accounts.access import require_admin
from punctual_api.audit.recorder import record
from punctual_api.http.context import membership, session, team_id, user_id
from punctual_api.http.problems import Fault, Problem, invalid, not_found, taken
from punctual_api.teams.room import refuse_adding, refuse_one_more

TAKEN = "This one is already taken."


def create_own(slug: str, name: str) -> OwnTeam:
    """Return a new team of the asker; raises Problem 409 for a slug that is taken."""
    refuse_one_more(lock_memberships(session(), user_id()), "You are")
    made = create_team(session(), slug=slug, name=name, owner_id=user_id())
    if made is None:
        raise taken("That slug is taken.", [Fault("/slug", TAKEN)])
    record("team", made.id, made.slug, after={"slug": slug, "name": name}, team=made.id)
    return made


def own_team() -> OwnTeam:
    """Return the team of this request as the sender sees it; raises Problem 404."""
    found = teams_with(session(), [membership()])
    if not found:
        raise not_found("team")
    return found[0]


def locked_team() -> Team:
    """Return the team of this request, locked for a change; raises Problem 404."""
    team = lock_team(session(), team_id())
    if team is None:
        raise not_found("team")
    return team


def change_own(values: dict[str, Any]) -> None:
    """Give the team of this request another slug, name or number of slots.

    Raises Problem: 409 for a slug that cannot be, 403 for slots unless the asker is an admin.
    """
    if "max_slots" in values:
        require_admin()
    team = locked_team()
    slug = values.get("slug", team.slug)
    if slug != team.slug and team.personal:
        raise Problem(409, "The slug of a personal team is its user's name; it stays.")
    if slug != team.slug and is_slug_taken(session(), slug, by_other_than=team.id):
        raise taken("That slug is taken.", [Fault("/slug", TAKEN)])
    names = ("slug", "name", "max_slots")
    before = {name: getattr(team, name) for name in names}
    for name in names:
        setattr(team, name, values.get(name, before[name]))
    session().flush()
    if team.max_slots != before["max_slots"]:
        slots_changed(session().connection(), team.id)
    after = {name: getattr(team, name) for name in names}
    record("team", team.id, team.slug, before=before, after=after)


def add_own(username: str, role: str) -> Member:
    """Add a user to the team of this request.

    Raises Problem 409 for one who is in it, or in too many.
    """
    user = user_named(session(), username)
    if user is None:
        raise invalid([Fault("/username", "There is no user of this name.")])
    memberships = lock_memberships(session(), user.id)
    team = locked_team()
    if find_member(session(), team.id, user.username) is not None:
        raise Problem(409, f"{user.username} is in this team already: change the role.")
    refuse_adding(memberships, user.username)
    add_member(session(), team.id, user.id, Role(role))
    record("member", user.id, user.username, after={"role": role})
    return own_member(user.username)


def change_member(username: str, role: str) -> Member:
    """Give a member another role; raises Problem 404, and 409 for the last owner."""
    team, member = locked_team(), own_member(username)
    if role != Role.OWNER:
        _refuse_for_last_owner(team, member)
    change_role(session(), team.id, member.user_id, Role(role))
    record(
        "member",
        member.user_id,
        member.username,
        before={"role": member.role},
        after={"role": role},
    )
    return own_member(username)


def remove(username: str) -> None:
    """Remove a member; raises Problem 404, and 409 for the last owner."""
    team, member = locked_team(), own_member(username)
    _refuse_for_last_owner(team, member)
    remove_member(session(), team.id, member.user_id)
    record("member", member.user_id, member.username, before={"role": member.role})


def own_member(username: str) -> Member:
    """Return a member of the team of this request; raises Problem 404."""
    member = find_member(session(), team_id(), username)
    if member is None:
        raise not_found("member")
    return member


def _refuse_for_last_owner(team: Team, member: Member) -> None:
    if team.personal and member.user_id == team.id:
        raise Problem(409, f"{member.username} owns this personal team; that stays.")
    if member.role == Role.OWNER and owners(session(), team.id) == 1:
        raise Problem(409, f"{member.username} is the last owner: make another one before.")
