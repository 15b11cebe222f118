"""A page of the audit record is read through an index, however much was recorded."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, text

from punctual.store.accounts.audit_list import Filters, Place, Scope, list_events
from tests.support.plans import most_rows_of_each
from tests.support.rows import database_now

ROWS, PAGE = 20_000, 50
TEAMS = [uuid.UUID(int=n) for n in range(1, 4)]
USERS = [uuid.UUID(int=n) for n in range(11, 31)]
RARE, OBJECT = "team.delete", uuid.UUID(int=99)

FILL = text("""
INSERT INTO audit_events (id, at, action, actor_id, team_id, account_id, object_kind, object_id)
SELECT gen_random_uuid(), now() - n * interval '1 second',
       CASE WHEN n % 2000 = 0 THEN :rare WHEN n % 3 = 0 THEN 'task.run' ELSE 'task.update' END,
       (CAST(:users AS uuid[]))[1 + n % 20],
       CASE WHEN n % 5 <> 1 THEN (CAST(:teams AS uuid[]))[1 + n % 3] END,
       CASE WHEN n % 5 = 1 THEN (CAST(:users AS uuid[]))[1 + n % 20] END, 'task',
       CASE WHEN n % 2000 = 7 THEN CAST(:object AS uuid) ELSE gen_random_uuid() END
FROM generate_series(1, :rows) AS n
""")


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Many events of three teams and twenty users, and of four accounts."""
    values = {"rare": RARE, "users": USERS, "teams": TEAMS, "object": OBJECT, "rows": ROWS}
    with engine.begin() as connection:
        connection.execute(FILL, values)
        connection.execute(text("ANALYZE audit_events"))
    return engine


FILTERS = {
    "none": Filters(),
    "actor": Filters(actor_id=USERS[3]),
    "action": Filters(action="task.run"),
    "rare action": Filters(action=RARE),
    "object": Filters(object_id=OBJECT),
}


SCOPES = {
    "all": Scope(None),
    "one team": Scope(TEAMS[:1]),
    "teams and account": Scope(TEAMS, USERS[1]),
}


@pytest.mark.parametrize("scope", SCOPES)
def test_a_page_reads_a_page_through_an_index(filled: Engine, scope: str) -> None:
    now = database_now(filled)
    before = Place(now - timedelta(hours=1), uuid.UUID(int=0))
    for name, filters in FILTERS.items():

        def query(connection: Connection, filters: Filters = filters) -> Sequence[object]:
            since = filters._replace(since=now - timedelta(hours=5))
            return list_events(connection, SCOPES[scope], since, page_size=PAGE, before=before)

        with filled.connect() as connection:
            assert query(connection), name
        # An actor's events are a twentieth of a team's, which are filtered.
        most = 20 * PAGE if name == "actor" and scope != "all" else PAGE
        assert max(most_rows_of_each(filled, query)) <= 3 * most, name


def test_pages_follow_one_another_without_gaps(filled: Engine) -> None:
    whose, filters = Scope(TEAMS, USERS[1]), Filters(action="task.run")
    with filled.connect() as connection:
        whole = list_events(connection, whose, filters, page_size=100)
        first = list_events(connection, whose, filters, page_size=40)
        place = Place(first[-1].at, first[-1].id)
        rest = list_events(connection, whose, filters, page_size=60, before=place)
    assert [row.id for row in whole] == [row.id for row in [*first, *rest]]
