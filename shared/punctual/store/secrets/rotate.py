"""Seal secrets anew for another key, row by row, while everything runs."""

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.ops.sealing import CannotOpenError, OpeningKeys, SealingKey

BATCH = 100

# A row that is replaced in the meantime is sealed for the API's key already, and stays.
TO_RESEAL = text(f"""
SELECT id, team_id, name, sealed, key FROM secrets
WHERE key <> :key AND id > :after ORDER BY id LIMIT {BATCH} FOR NO KEY UPDATE
""")

RESEAL = text("UPDATE secrets SET sealed = :sealed, key = :key WHERE id = :id")

SLUG = text("SELECT slug FROM teams WHERE id = :id")


class Rotation(NamedTuple):
    """What one transaction did: how many were sealed anew, which could not be, and where it is."""

    resealed: int
    unopened: Sequence[str]
    last: uuid.UUID | None


def reseal(
    connection: Connection, keys: OpeningKeys, new: SealingKey, *, after: uuid.UUID
) -> Rotation:
    """Seal the next secrets for `new` that are sealed for another key; commits nothing.

    Call it until `last` is None, in a transaction each. One that no key opens is left as it is.
    """
    rows = connection.execute(TO_RESEAL, {"key": new.id, "after": after}).all()
    unopened: list[str] = []
    for row in rows:
        try:
            value = keys.open(bytes(row.sealed), key=row.key, team_id=row.team_id, name=row.name)
        except CannotOpenError as error:
            slug = connection.execute(SLUG, {"id": row.team_id}).scalar_one()
            unopened.append(f"{row.name} of {slug}: {error}")
            continue
        sealed = new.seal(value, team_id=row.team_id, name=row.name)
        connection.execute(RESEAL, {"id": row.id, "sealed": sealed, "key": new.id})
    return Rotation(len(rows) - len(unopened), unopened, rows[-1].id if rows else None)
