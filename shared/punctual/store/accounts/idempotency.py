"""Idempotency keys: run a creation once, even when it is sent twice."""

import uuid
from collections.abc import Sequence
from typing import Literal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from punctual.store.schema.models import IdempotencyKey


def take_key(
    session: Session,
    *,
    principal_id: uuid.UUID,
    key: str,
    fingerprint: bytes,
    ids: Sequence[uuid.UUID],
) -> list[uuid.UUID] | Literal["other"] | None:
    """Note that `key` creates these tasks, or this run, in this transaction; None = go on.

    Otherwise the key was used: the ids of then for the same request, "other" for another one.
    Waits for a transaction that is just taking the same key.
    """
    values = {"principal_id": principal_id, "key": key, "fingerprint": fingerprint}
    statement = insert(IdempotencyKey).values(**values, created_ids=list(ids))
    taken = session.execute(
        statement.on_conflict_do_nothing().returning(IdempotencyKey.key)
    ).one_or_none()
    if taken is not None:
        return None
    before = session.scalars(
        select(IdempotencyKey).where(
            IdempotencyKey.principal_id == principal_id, IdempotencyKey.key == key
        )
    ).one()
    return list(before.created_ids) if before.fingerprint == fingerprint else "other"
