"""Find the team that owns an object, by the object's primary key."""

import uuid

from sqlalchemy import Connection, text

from punctual.store.driver import raw_statements

TABLES = {
    "task": "tasks",
    "run": "runs",
    "calendar": "calendars",
    "limit": "concurrency_limits",
}

OWNER_OF = {
    kind: text(f"SELECT CAST(team_id AS text) FROM {table} WHERE id = CAST(:id AS uuid)")
    for kind, table in TABLES.items()
}
# A personal team has its user's id.
OWNER_OF["token"] = text(
    "SELECT CAST(coalesce(team_id, user_id) AS text) FROM access_tokens"
    " WHERE id = CAST(:id AS uuid)"
)
# An invitation to the installation is none of a team, and so an admin's.
OWNER_OF["invite"] = text(
    f"SELECT CAST(coalesce(team_id, '{uuid.UUID(int=0)}') AS text) FROM invites"
    " WHERE id = CAST(:id AS uuid)"
)


# What is of the installation is an admin's likewise.
for _kind, _table in {
    "channel": "alert_channels",
    "rule": "alert_rules",
    "delivery": "alert_deliveries",
}.items():
    OWNER_OF[_kind] = text(
        f"SELECT CAST(coalesce(team_id, '{uuid.UUID(int=0)}') AS text) FROM {_table}"
        " WHERE id = CAST(:id AS uuid)"
    )
# A badge is of its task's team, or of a team.
OWNER_OF["badge"] = text(
    "SELECT CAST(coalesce(links.team_id, tasks.team_id) AS text) FROM links"
    " LEFT JOIN tasks ON tasks.id = task_id WHERE links.id = CAST(:id AS uuid) AND kind = 'badge'"
)


def team_of(connection: Connection, kind: str, object_id: uuid.UUID) -> uuid.UUID | None:
    """Return the team that owns the object, deleted tasks included; None for an unknown id."""
    found = raw_statements.rows(
        connection, f"team_of_{kind}", OWNER_OF[kind], {"id": str(object_id)}
    )
    return uuid.UUID(found[0][0]) if found else None
