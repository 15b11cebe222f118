"""A cache of calendars, so that a pass reads and merges only what has changed."""

import uuid
from collections import OrderedDict
from collections.abc import Collection

from sqlalchemy import Connection, text

from punctual.domain.calendars.calendar import Calendar
from punctual.domain.calendars.syntax import read_calendar
from punctual.domain.errors import Unreadable
from punctual.store.lifecycle.planning.share import PlanShare

MAX_CALENDARS = 500

# A row's xmin changes with every change of it, from whichever process.
VERSIONS = text("""
SELECT c.id, c.team_id, c.name, CAST(c.xmin AS text) AS version
FROM unnest(CAST(:teams AS uuid[]), CAST(:names AS text[])) AS wanted (team_id, name)
JOIN calendars AS c ON c.team_id = wanted.team_id AND c.name = wanted.name
""")

CONTENTS = text("SELECT id, timezone, days, windows FROM calendars WHERE id = ANY(:ids)")

Key = tuple[uuid.UUID, str]


class CalendarCache:
    """Stores the calendars that were used last; an unreadable one is read again each time."""

    def __init__(self, *, most: int = MAX_CALENDARS) -> None:
        self._most = most
        self._calendars: OrderedDict[Key, Calendar] = OrderedDict()

    def named(
        self,
        connection: Connection,
        wanted: Collection[tuple[uuid.UUID, str]],
        share: PlanShare,
    ) -> dict[uuid.UUID, dict[str, Calendar | Unreadable]]:
        """Return the wanted calendars, each a (team, name), by team and name.

        What had to be read counts towards the teams' share.
        """
        found: dict[uuid.UUID, dict[str, Calendar | Unreadable]] = {}
        if not wanted:
            return found
        params = {"teams": [team for team, _ in wanted], "names": [name for _, name in wanted]}
        rows = connection.execute(VERSIONS, params).all()
        unknown = [row.id for row in rows if (row.id, row.version) not in self._calendars]
        contents = {}
        if unknown:
            contents = {row.id: row for row in connection.execute(CONTENTS, {"ids": unknown})}
        for row in rows:
            key = row.id, row.version
            if key in self._calendars:
                self._calendars.move_to_end(key)
                found.setdefault(row.team_id, {})[row.name] = self._calendars[key]
            elif content := contents.get(row.id):
                read = read_calendar(
                    row.name,
                    timezone=content.timezone,
                    days=content.days,
                    windows=content.windows,
                )
                share.add_reading(row.team_id, _size(content.days) + _size(content.windows))
                found.setdefault(row.team_id, {})[row.name] = read
                if isinstance(read, Calendar):
                    self._store(key, read)
        return found

    def _store(self, key: Key, calendar: Calendar) -> None:
        self._calendars[key] = calendar
        if len(self._calendars) > self._most:
            self._calendars.popitem(last=False)


def _size(listed: object) -> int:
    return len(listed) if isinstance(listed, list) else 1
