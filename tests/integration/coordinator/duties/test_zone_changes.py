"""When the rules of a time zone change, due times run once, by the new rules, and never early."""

import uuid
import zoneinfo
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from punctual.domain.schedules.zone import zone_named
from punctual.store.schema.models import CalendarRow
from punctual_coordinator.duties.planner import Planner
from punctual_coordinator.duties.zone_changes import ZoneWatch
from tests.integration.coordinator.settings_of_duties import WINDOW, all_runs, task_row
from tests.support.coordinator import RARE_TICKS, coordinator
from tests.support.eventually import eventually
from tests.support.rows import database_now, new_task, new_team
from tests.support.servers import as_service
from tests.support.steps import claim_run, new_worker, start_claims

TOWN = "Test/Town"
HOUR = timedelta(hours=1)
Rules = Callable[[int], None]


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """The file with the rules of a town."""
    (tmp_path / "zones" / "Test").mkdir(parents=True)
    return tmp_path / "zones" / TOWN


def write_rules(town: Path, hours: int) -> None:
    """Have clocks in the town be `hours` hours ahead of UTC."""
    name = f"Etc/GMT{-hours:+}" if hours else "Etc/UTC"
    found = (Path(folder, name) for folder in zoneinfo.TZPATH)
    town.write_bytes(next(file for file in found if file.is_file()).read_bytes())


@pytest.fixture
def rules(town: Path) -> Iterator[Rules]:
    """Changes the rules of the town for this process, as a restart would."""
    before = zoneinfo.TZPATH

    def change(hours: int) -> None:
        zoneinfo.reset_tzpath(to=before)
        write_rules(town, hours)
        zoneinfo.reset_tzpath(to=[str(town.parent.parent), *before])
        zoneinfo.ZoneInfo.clear_cache()
        zone_named.cache_clear()

    yield change
    zoneinfo.reset_tzpath(to=before)
    zoneinfo.ZoneInfo.clear_cache()
    zone_named.cache_clear()


def daily(at: datetime, *, ahead: int) -> dict[str, Any]:
    """Every day when clocks that are so far ahead of UTC show this minute."""
    local = at + ahead * HOUR
    return {"cron": f"{local.minute} {local.hour} * * *", "timezone": TOWN}


def minute_after(engine: Engine, hours: int) -> datetime:
    """A whole minute, `hours` hours from now."""
    return (database_now(engine) + hours * HOUR).replace(second=0, microsecond=0)


def due_daily(engine: Engine, at: datetime, *, ahead: int, **values: Any) -> uuid.UUID:
    anchor = {"schedule_anchor": database_now(engine) - 30 * HOUR}
    return new_task(engine, schedule=daily(at, ahead=ahead), next_due_at=at, **{**anchor, **values})


@pytest.mark.parametrize(("after", "moved"), [(0, HOUR), (2, -HOUR), (1, timedelta())])
def test_a_due_time_moves_with_the_rules_of_its_zone(
    engine: Engine, rules: Rules, after: int, moved: timedelta
) -> None:
    rules(1)
    at = minute_after(engine, 5)
    task = due_daily(engine, at, ahead=1)
    others = [due_daily(engine, at, ahead=1, enabled=False), new_task(engine, next_due_at=at)]
    assert ZoneWatch(engine).run_once().tasks == 0
    rules(after)
    watch = ZoneWatch(engine)
    assert watch.run_once().tasks == (1 if moved else 0)
    assert task_row(engine, task).next_due_at == at + moved
    assert all(task_row(engine, other).next_due_at == at for other in others)
    assert (watch.run_once().tasks, ZoneWatch(engine).run_once().tasks) == (0, 0)


@pytest.mark.parametrize("after", [0, 2])
def test_a_planned_run_that_has_not_started_moves_too_and_there_is_one(
    engine: Engine, rules: Rules, after: int
) -> None:
    rules(1)
    at = minute_after(engine, 0) + timedelta(minutes=1)
    task = due_daily(engine, at, ahead=1, max_runs=3)
    ZoneWatch(engine).run_once()
    planner = Planner(engine, window=timedelta(minutes=2))
    planner.run_once()
    rules(after)
    ZoneWatch(engine).run_once()
    [run] = all_runs(engine)
    assert (run.state, run.superseded) == ("cancelled", True)
    moved = at + HOUR if after == 0 else at - HOUR
    row = task_row(engine, task)
    assert (row.next_due_at, row.planned_runs) == (moved, 0)
    planner.run_once(now=moved)
    assert [run.scheduled_for for run in all_runs(engine) if not run.superseded] == [moved]
    assert task_row(engine, task).next_due_at == moved + 24 * HOUR


def test_a_run_that_a_worker_has_claimed_is_taken_from_it(engine: Engine, rules: Rules) -> None:
    rules(1)
    at = minute_after(engine, 0)
    due_daily(engine, at, ahead=1)
    ZoneWatch(engine).run_once()
    Planner(engine, window=WINDOW).run_once(now=at)
    [run] = all_runs(engine)
    worker = new_worker(engine)
    claimed = claim_run(engine, run.id, worker)
    rules(0)
    ZoneWatch(engine).run_once()
    assert start_claims(engine, worker, (claimed.run_id, claimed.fence)) == []
    [run] = all_runs(engine)
    assert (run.state, run.reason_code) == ("cancelled", "zone_rules")


def test_what_ran_by_the_old_rules_is_not_run_again_by_the_new_ones(
    engine: Engine, rules: Rules
) -> None:
    rules(1)
    at = minute_after(engine, 0)
    task = due_daily(engine, at, ahead=1)
    ZoneWatch(engine).run_once()
    planner = Planner(engine, window=WINDOW)
    planner.run_once(now=at)
    with engine.begin() as connection:
        for state in ("queued", "claimed", "running"):
            connection.execute(text("UPDATE runs SET state = :state, attempt ="
                                    " CASE WHEN :state = 'running' THEN 1 ELSE 0 END,"
                                    " fence = fence + 1"), {"state": state})  # fmt: skip
    rules(0)
    ZoneWatch(engine).run_once()
    [run] = all_runs(engine)
    assert (run.state, run.scheduled_for) == ("running", at)
    assert task_row(engine, task).next_due_at == at + 25 * HOUR


def test_a_due_time_of_other_rules_is_never_planned_early(engine: Engine, rules: Rules) -> None:
    rules(0)
    at = minute_after(engine, 0)
    task = due_daily(engine, at, ahead=1)  # as an API with other rules may have saved it
    Planner(engine, window=WINDOW).run_once(now=at)
    assert all_runs(engine) == []
    assert task_row(engine, task).next_due_at == at + HOUR


def test_what_a_calendar_of_the_zone_blocks_moves_too(engine: Engine, rules: Rules) -> None:
    rules(1)
    at = minute_after(engine, 0) + timedelta(minutes=1)
    team = new_team(engine)
    local = at + HOUR
    end = local + timedelta(minutes=1)
    window = {"weekday": ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[local.weekday()]}
    window |= {"start": f"{local:%H:%M}", "end": f"{end:%H:%M}"}
    with Session(engine) as session, session.begin():
        session.add(CalendarRow(team_id=team, name="Lunch", timezone=TOWN, days=[],
                                windows=[window]))  # fmt: skip
    every: dict[str, Any] = {"schedule": {"every": 86400}, "schedule_anchor": at - 24 * HOUR}
    new_task(engine, team_id=team, calendars=["Lunch"], next_due_at=at, **every)
    ZoneWatch(engine).run_once()
    planner = Planner(engine, window=timedelta(minutes=2))
    planner.run_once()
    assert all_runs(engine) == []
    rules(0)
    ZoneWatch(engine).run_once()
    Planner(engine, window=timedelta(minutes=2)).run_once()
    assert [run.scheduled_for for run in all_runs(engine)] == [at]


def test_a_restart_with_other_rules_is_noticed_by_a_real_coordinator(
    engine: Engine,
    town: Path,
    database_url: str,
    redis_url: str,
    namespace: str,
    tmp_path: Path,
) -> None:
    url = as_service(database_url, "coordinator")
    settings = RARE_TICKS | {"DATABASE_URL": url, "REDIS_URL": redis_url, "NAMESPACE": namespace}
    path = f"{town.parent.parent}:{':'.join(zoneinfo.TZPATH)}"
    at = minute_after(engine, 5)
    task = due_daily(engine, at, ahead=1)
    for hours, moved in ((1, at), (2, at - HOUR), (0, at + HOUR)):
        write_rules(town, hours)
        with coordinator(tmp_path, PYTHONTZPATH=path, **settings) as program:
            eventually(lambda: has_cycled(engine), within=60)
            assert task_row(engine, task).next_due_at == moved, program.stderr()
            assert program.stop() == 0
    town.unlink()
    other = new_task(engine, schedule={"every": 1}, next_due_at=database_now(engine))
    with coordinator(tmp_path, PYTHONTZPATH=path, **settings):
        eventually(lambda: {run.task_id for run in all_runs(engine)} == {other}, within=60)
    assert task_row(engine, task).next_due_at == at + HOUR


def has_cycled(engine: Engine) -> bool:
    with engine.connect() as connection:
        statement = text("SELECT count(*) FROM coordinators WHERE cycle_at IS NOT NULL")
        return bool(connection.execute(statement).scalar_one())
