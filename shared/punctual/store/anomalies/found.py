"""The anomalies of a run, as its page shows them."""

import uuid
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.store.schema.models.model import Document

OF_RUN = text("SELECT kind, figures FROM run_anomalies WHERE run_id = :run_id ORDER BY kind")


class FoundAnomaly(NamedTuple):
    """A way in which a run was unlike the others of its task, with the figures that say so."""

    kind: str
    figures: Document


def anomalies_of(connection: Connection, run_id: uuid.UUID) -> list[FoundAnomaly]:
    """Return the anomalies of a run; none of an ordinary one, or one that is not judged yet."""
    return [FoundAnomaly(*row) for row in connection.execute(OF_RUN, {"run_id": run_id})]
