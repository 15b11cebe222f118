"""Slot shares: the setting holds for every team without a number of its own."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from punctual.store.driver.engine import make_engine
from punctual_coordinator.duties.slot_shares import SlotShares
from tests.support.rows import new_team
from tests.support.servers import as_service

LIMITS = text("SELECT team_id, max_concurrent FROM concurrency_limits WHERE slots")


@pytest.fixture
def own(database_url: str) -> Iterator[Engine]:
    """Connections with the rights of a coordinator."""
    engine = make_engine(as_service(database_url, "coordinator"), service="coordinator")
    yield engine
    engine.dispose()


def limits(engine: Engine) -> dict[object, int]:
    with engine.connect() as connection:
        return {row.team_id: row.max_concurrent for row in connection.execute(LIMITS)}


def test_the_setting_holds_for_all_teams_and_changes_with_the_next_start(
    engine: Engine, own: Engine
) -> None:
    team = new_team(engine)
    shares = SlotShares(own, most=5)
    assert [shares.run_once(), shares.run_once()] == [1, 0]
    later = new_team(engine)
    assert limits(engine) == {team: 5, later: 5}
    assert SlotShares(own, most=0).run_once() == 2
    assert limits(engine) == {}


def test_a_limit_that_is_not_what_it_should_be_is_corrected(engine: Engine, own: Engine) -> None:
    team = new_team(engine)
    shares = SlotShares(own, most=5)
    shares.run_once()
    with engine.begin() as connection:  # as a service of the release before could
        connection.execute(text("DELETE FROM concurrency_limits"))
    assert shares.run_once() == 1
    assert limits(engine) == {team: 5}
