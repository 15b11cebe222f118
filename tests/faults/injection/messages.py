"""Messages as an adversary has them: every one that there may ever have been."""

import uuid

from sqlalchemy import text

from tests.faults.system.cluster import Cluster


def every_pair_that_ever_was(cluster: Cluster) -> list[tuple[uuid.UUID, int]]:
    """(run id, fence) of each message there may have been: today's, and a day ago's."""
    with cluster.engine.connect() as connection:
        rows = connection.execute(text("SELECT id, fence FROM runs")).all()
    return [(row.id, fence) for row in rows for fence in range(row.fence + 1)]
