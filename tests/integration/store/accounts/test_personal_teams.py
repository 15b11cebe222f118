"""Each user has a personal team from the start, with the same id and name."""

import uuid

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from punctual.store.accounts.users import Taken, create_user
from punctual.store.schema.models import Membership, Team, User


def created(engine: Engine, username: str, email: str) -> User | Taken:
    """What comes of creating that user."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        return create_user(session, username=username, email=email, password_hash="-")


def slugs(engine: Engine) -> list[str]:
    """All teams."""
    with Session(engine) as session:
        return list(session.scalars(select(Team.slug)))


def test_a_new_user_owns_a_personal_team_of_the_same_id_and_name(engine: Engine) -> None:
    user = created(engine, "Ann", "ann@example.com")
    assert isinstance(user, User)
    with Session(engine) as session:
        team = session.get_one(Team, user.id)
        assert (team.slug, team.name, team.personal) == ("Ann", "Ann", True)
        assert session.get_one(Membership, (team.id, user.id)).role == "owner"


def test_a_username_that_is_a_teams_slug_is_taken(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        session.add(Team(id=uuid.uuid4(), slug="Ops", name="Operations"))
    assert created(engine, "ops", "ops@example.com") == "username"


def test_a_user_whose_email_is_taken_leaves_no_team(engine: Engine) -> None:
    created(engine, "ann", "ann@example.com")
    assert created(engine, "ben", "ANN@example.com") == "email"
    assert slugs(engine) == ["ann"]
