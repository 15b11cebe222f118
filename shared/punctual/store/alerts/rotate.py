"""Seal the URLs and secrets of channels anew for another key, row by row, while everything runs."""

import uuid

from sqlalchemy import Connection, text

from punctual.domain.alerts.channels import INSTALLATION, Part, sealed_name
from punctual.ops.sealing import CannotOpenError, OpeningKeys, SealingKey
from punctual.store.secrets.rotate import BATCH, Rotation

TO_RESEAL = text(f"""
SELECT id, team_id, name, url, secret, key FROM alert_channels
WHERE key <> :key AND id > :after ORDER BY id LIMIT {BATCH} FOR NO KEY UPDATE
""")

RESEAL = text("UPDATE alert_channels SET url = :url, secret = :secret, key = :key WHERE id = :id")


def reseal_channels(
    connection: Connection, keys: OpeningKeys, new: SealingKey, *, after: uuid.UUID
) -> Rotation:
    """Seal the next channels for `new` that are sealed for another key; commits nothing.

    Call it until `last` is None, in a transaction each. One that no key opens is left as it is.
    """
    rows = connection.execute(TO_RESEAL, {"key": new.id, "after": after}).all()
    unopened: list[str] = []
    for row in rows:
        team = row.team_id or INSTALLATION
        parts: dict[str, bytes | None] = {}
        try:
            for part in Part:
                sealed = getattr(row, part)
                name = sealed_name(row.id, part)
                if sealed is not None:
                    value = keys.open(bytes(sealed), key=row.key, team_id=team, name=name)
                    parts[part] = new.seal(value, team_id=team, name=name)
                else:
                    parts[part] = None
        except CannotOpenError as error:
            unopened.append(f"channel {row.name}: {error}")
            continue
        connection.execute(RESEAL, {"id": row.id, "key": new.id, **parts})
    return Rotation(len(rows) - len(unopened), unopened, rows[-1].id if rows else None)
