"""The asker's calendars, read once a request, and what they hold of a schedule."""

from collections.abc import Sequence

from flask import g

from punctual.domain.calendar import Calendar, Calendars, calendar_named
from punctual.store.calendars import calendars_of
from punctual_api.context import owner_id, session


def own_calendars(names: Sequence[str] | None) -> Calendars:
    """Those of the asker's calendars that have these names."""
    if not names:
        return ()
    if "own_calendars" not in g:
        owner = owner_id()
        g.own_calendars = calendars_of(session().connection(), [owner])[owner]
    own: dict[str, Calendar] = g.own_calendars
    return calendar_named(own, names)
