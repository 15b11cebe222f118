"""What a worker reads of secrets: the sealed values that its runs name, at their start."""

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

OF_RUNS = text("""
SELECT run_id, team_id, name, sealed, key FROM secrets_of_runs(CAST(:run_ids AS uuid[]))
""")


class SealedSecret(NamedTuple):
    """A secret of a run's team; `sealed` and `key` are None where the team does not have it."""

    team_id: uuid.UUID
    name: str
    sealed: bytes | None
    key: str | None


def secrets_of_runs(
    connection: Connection, run_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, list[SealedSecret]]:
    """Return what each of these started runs names, as it is now."""
    found: dict[uuid.UUID, list[SealedSecret]] = {run_id: [] for run_id in run_ids}
    if run_ids:
        for run_id, team_id, name, sealed, key in connection.execute(
            OF_RUNS, {"run_ids": list(run_ids)}
        ):
            box = None if sealed is None else bytes(sealed)
            found[run_id].append(SealedSecret(team_id, name, box, key))
    return found
