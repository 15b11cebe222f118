"""Messages to channels as people see them: listed, tried again, and made to test a channel."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Row, func, select, text, update
from sqlalchemy.orm import Session

from punctual.store.alerts.channels import of_teams, stored_team
from punctual.store.schema.models import AlertAttempt, AlertChannel, AlertDelivery
from punctual.store.schema.models.model import new_id

MOST_EVENTS = 20
"""Events that a list names of each message."""

EVENTS = text(f"""
SELECT d.id AS delivery_id, e.id, e.kind, e.at, e.task_id, e.run_id, t.name AS task_name
FROM unnest(CAST(:ids AS uuid[])) AS d (id)
CROSS JOIN LATERAL (
    SELECT event_id FROM alert_delivery_events AS m WHERE m.delivery_id = d.id
    ORDER BY event_id LIMIT {MOST_EVENTS}
) AS m
JOIN alert_events AS e ON e.id = m.event_id
LEFT JOIN tasks AS t ON t.id = e.task_id
ORDER BY d.id, e.id
""")

COUNTS = text("""
SELECT delivery_id, count(*) AS events FROM alert_delivery_events
WHERE delivery_id = ANY(:ids) GROUP BY delivery_id
""")


def list_deliveries(
    session: Session,
    *,
    team_ids: Collection[uuid.UUID],
    channel_id: uuid.UUID | None = None,
    state: str | None = None,
    before: uuid.UUID | None = None,
    limit: int,
) -> Sequence[AlertDelivery]:
    """Return messages of these teams' channels, newest first."""
    wanted = select(AlertDelivery).where(of_teams(AlertDelivery.team_id, team_ids))
    if channel_id is not None:
        wanted = wanted.where(AlertDelivery.channel_id == channel_id)
    if state is not None:
        wanted = wanted.where(AlertDelivery.state == state)
    if before is not None:
        wanted = wanted.where(AlertDelivery.id < before)
    return session.scalars(wanted.order_by(AlertDelivery.id.desc()).limit(limit)).all()


def find_delivery(
    session: Session, delivery_id: uuid.UUID, *, team_id: uuid.UUID
) -> AlertDelivery | None:
    """Return a message of the team."""
    wanted = select(AlertDelivery).where(
        AlertDelivery.id == delivery_id, of_teams(AlertDelivery.team_id, [team_id])
    )
    found = session.scalars(wanted.execution_options(populate_existing=True))
    return found.one_or_none()


def names_of_channels(
    session: Session, channel_ids: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, str]:
    """Return the names of channels by their ids."""
    wanted = select(AlertChannel.id, AlertChannel.name).where(AlertChannel.id.in_(channel_ids))
    return {row.id: row.name for row in session.execute(wanted)}


def events_of(
    session: Session, delivery_ids: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, list[Row[tuple[object, ...]]]]:
    """Return the first events that each message is about, oldest first; none for a test."""
    found: dict[uuid.UUID, list[Row[tuple[object, ...]]]] = defaultdict(list)
    if delivery_ids:
        for row in session.execute(EVENTS, {"ids": list(delivery_ids)}):
            found[row.delivery_id].append(row)
    return found


def count_events(session: Session, delivery_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, int]:
    """Return about how many events each message is; one without any is left out."""
    if not delivery_ids:
        return {}
    rows = session.execute(COUNTS, {"ids": list(delivery_ids)})
    return {row.delivery_id: row.events for row in rows}


def attempts_of(
    session: Session, delivery_ids: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, list[AlertAttempt]]:
    """Return the attempts to deliver each message, the first one first."""
    found: dict[uuid.UUID, list[AlertAttempt]] = defaultdict(list)
    if delivery_ids:
        wanted = select(AlertAttempt).where(AlertAttempt.delivery_id.in_(delivery_ids))
        for attempt in session.scalars(wanted.order_by(AlertAttempt.attempt)):
            found[attempt.delivery_id].append(attempt)
    return found


def count_tests(session: Session, channel_id: uuid.UUID) -> int:
    """Return how often a channel was tested within the last hour."""
    counted = select(func.count()).where(
        AlertDelivery.channel_id == channel_id,
        AlertDelivery.kind == "test",
        AlertDelivery.created_at > func.now() - timedelta(hours=1),
    )
    return session.scalars(counted).one()


def create_test(session: Session, channel: AlertChannel) -> uuid.UUID:
    """Save a message that tests a channel; it is tried once."""
    made = AlertDelivery(
        id=new_id(),
        channel_id=channel.id,
        team_id=channel.team_id,
        kind="test",
        due_at=func.now(),
        deadline=func.now(),
    )
    session.add(made)
    session.flush()
    return made.id


def try_again(session: Session, delivery_id: uuid.UUID, *, team_id: uuid.UUID) -> bool:
    """Have a message that has failed or waits sent at once, for another day.

    Return False where it is delivered: it may be shown by a list that is not up to date.
    """
    changed = (
        update(AlertDelivery)
        .where(
            AlertDelivery.id == delivery_id,
            AlertDelivery.team_id.is_not_distinct_from(stored_team(team_id)),
            AlertDelivery.state != "delivered",
        )
        .values(
            state="waiting",
            due_at=func.now(),
            deadline=func.now() + timedelta(days=1),
            ended_at=None,
        )
        .returning(AlertDelivery.id)
        .execution_options(synchronize_session=False)
    )
    return session.execute(changed).one_or_none() is not None
