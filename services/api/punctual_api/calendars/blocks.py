"""The calendars of teams, read once a request, and the due times that they block."""

import uuid
from collections.abc import Sequence

from flask import g

from punctual.domain.calendars.calendar import Calendar, Calendars, readable_calendars
from punctual.domain.errors import Unreadable
from punctual.store.calendars.changes import own_calendars_named
from punctual_api.http.context import session


def own_calendars(team: uuid.UUID, names: Sequence[str] | None) -> Calendars | Unreadable:
    """Return those of a team's calendars that have these names, or why one is Unreadable."""
    if not names:
        return ()
    if "own_calendars" not in g:
        g.own_calendars = {}
    read: dict[uuid.UUID, dict[str, Calendar | Unreadable | None]] = g.own_calendars
    own = read.setdefault(team, {})
    if unknown := [name for name in names if name not in own]:
        found = own_calendars_named(session().connection(), team, unknown)
        own |= {name: found.get(name) for name in unknown}
    return readable_calendars({name: one for name, one in own.items() if one}, names)
