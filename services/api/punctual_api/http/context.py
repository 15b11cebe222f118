"""What a request works with: its team, its session, its instant, and the settings."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from flask.globals import app_ctx
from flask_login import current_user
from sqlalchemy.orm import Session

from punctual.domain.roles import TeamRole
from punctual.ops.config import Settings
from punctual.store.accounts.teams import slug_of
from punctual.store.tasks.changes import database_now
from punctual_api.http.database import connection, db

__all__ = [
    "connection",
    "membership",
    "now",
    "remember_now",
    "sender",
    "session",
    "settings",
    "team_id",
    "team_ids",
    "team_slug",
    "user_id",
    "window",
]


def settings() -> Settings:
    """Return this service's settings."""
    chosen: Settings = current_app.extensions["punctual"]
    return chosen


def session() -> Session:
    """Return the session of this request, one transaction; use it and never commit."""
    return db.session()


def sender() -> Any:
    """Return who sent this request: a SignedIn, or an anonymous user.

    Each attribute of `current_user` looks the user up once more, of this object none does.
    """
    return current_user._get_current_object()  # noqa: SLF001 - as Werkzeug documents it


def user_id() -> uuid.UUID:
    """Return the user who sent this request."""
    found: uuid.UUID = current_user.id
    return found


def team_id() -> uuid.UUID:
    """Return the team that this request is about, as the hook of accounts/access.py found it."""
    found: uuid.UUID = app_ctx.g.team_id
    return found


def team_ids() -> Sequence[uuid.UUID]:
    """Return the teams that a list is about: all that the user is in, or the one that was named."""
    found: Sequence[uuid.UUID] = app_ctx.g.team_ids
    return found


def membership() -> TeamRole:
    """Return the team that this request is about, with the role of the sender in it."""
    found: TeamRole = app_ctx.g.membership
    return found


def team_slug(team: uuid.UUID) -> str:
    """Return the slug of a team: one of the user's, or one that a task has left."""
    slugs: dict[uuid.UUID, str] | None = app_ctx.g.get("team_slugs")
    if slugs is None:
        slugs = app_ctx.g.team_slugs = {
            one.team_id: one.slug for one in getattr(sender(), "teams", ())
        }
    if team not in slugs:
        slugs[team] = slug_of(session(), team)
    return slugs[team]


def now() -> datetime:
    """Return the instant of this request, on the database's clock, read once."""
    own = app_ctx.g
    if "now" not in own:
        remember_now(database_now(session()))
    instant: datetime = own.now
    return instant


def remember_now(instant: datetime) -> None:
    """Set the instant of this request, which another statement's answer included."""
    app_ctx.g.now = instant


def window() -> timedelta:
    """Return how soon a due time must not wait for a coordinator's next cycle."""
    return timedelta(seconds=settings().window_seconds)
