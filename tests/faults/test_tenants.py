"""One tenant's rows cannot be planned, or cost too much: the runs of others start on time."""

import shutil
import uuid
import zoneinfo
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from punctual.store.schema.models import CalendarRow
from tests.faults.checker.verdict import judge, settled
from tests.faults.conftest import Measured, NewCluster
from tests.faults.system.cluster import Cluster
from tests.faults.system.workload import Workload
from tests.support.eventually import eventually
from tests.support.rows import database_now, new_task, new_team

TOWN = "Test/Town"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

COPY = text("""
INSERT INTO tasks (id, team_id, name, command, schedule, schedule_anchor, next_due_at, max_retries,
                   retry_delay, retry_delay_max, timeout, env, tags, metadata, overlap, catch_up,
                   priority, calendars)
SELECT gen_random_uuid(), team_id, name, command, schedule, schedule_anchor, next_due_at,
       max_retries, retry_delay, retry_delay_max, timeout, env, tags, metadata, overlap, catch_up,
       priority, calendars
FROM tasks, generate_series(2, :count) WHERE id = :id
""")
ERRORS = text("""
SELECT count(*) FILTER (WHERE plan_error IS NOT NULL) FROM tasks WHERE team_id = :team_id
""")


def zone_file() -> Path:
    """A zone of this machine."""
    found = (Path(folder, "Etc/GMT-1") for folder in zoneinfo.TZPATH)
    return next(file for file in found if file.is_file())


def errors_of(cluster: Cluster, team_id: uuid.UUID) -> int:
    """How many tasks of a team have a plan_error."""
    with cluster.engine.connect() as connection:
        return int(connection.execute(ERRORS, {"team_id": team_id}).scalar_one())


def test_a_zone_is_taken_away(new_cluster: NewCluster, tmp_path: Path, measured: Measured) -> None:
    cluster = new_cluster()
    coordinator = cluster["coordinator-1"]
    town = tmp_path / TOWN
    town.parent.mkdir()
    shutil.copy(zone_file(), town)
    coordinator.environ["PYTHONTZPATH"] = f"{tmp_path}:{':'.join(zoneinfo.TZPATH)}"
    coordinator.replace(within=40)
    team, now = new_team(cluster.engine), database_now(cluster.engine)
    with Session(cluster.engine) as session, session.begin():
        row = CalendarRow(team_id=team, name="Closed", timezone=TOWN, days=[], windows=[])
        session.add(row)
    cron = {"cron": "* * * * *", "timezone": TOWN}
    schedules = ({"every": 1}, cron)
    for schedule, calendars in zip(schedules, (["Closed"], None), strict=True):
        new_task(cluster.engine, team_id=team, schedule=schedule, schedule_anchor=now,
                 next_due_at=now + timedelta(seconds=60), calendars=calendars,
                 command=cluster.journal.command(":"))  # fmt: skip
    work = Workload(cluster)
    promises = work.accept([1.0 + n for n in range(60)])
    town.unlink()
    coordinator.kill()
    eventually(lambda: errors_of(cluster, team) == 2, within=100)
    late = work.accept([1.0 + n / 4 for n in range(40)])
    settled(cluster, promises + late, within=90)
    verdict = judge(cluster, promises + late, late_by=15)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 100}
    measured(
        "a time zone is taken away",
        what="worst lateness of the others",
        bound=15,
        seconds=verdict.worst_late,
    )
    shutil.copy(zone_file(), town)
    eventually(lambda: errors_of(cluster, team) == 0, within=100)


def test_a_tenant_plans_too_much(new_cluster: NewCluster, measured: Measured) -> None:
    cluster = new_cluster(coordinators=2)
    team, now = new_team(cluster.engine), database_now(cluster.engine)
    names = [f"c{number}" for number in range(20)]
    with Session(cluster.engine) as session, session.begin():
        for number, name in enumerate(names):
            starts = [number + 60 * hour for hour in range(24)] * 4
            windows: list[dict[str, str]] = [
                {"weekday": WEEKDAYS[place // 24], "start": _clock(at), "end": _clock(at + 1)}
                for place, at in enumerate(starts)
            ]
            if number == 19:
                windows.append(
                    {"from": now.isoformat(), "to": (now + timedelta(days=1)).isoformat()}
                )
            session.add(CalendarRow(team_id=team, name=name, timezone="UTC", days=[],
                                    windows=windows))  # fmt: skip
    first = new_task(
        cluster.engine,
        team_id=team,
        schedule={"every": 1},
        schedule_anchor=now,
        next_due_at=now + timedelta(seconds=1),
        calendars=names,
    )
    with cluster.engine.begin() as connection:
        connection.execute(COPY, {"count": 2500, "id": first})
    work = Workload(cluster)
    promises = work.accept([3.0 + n / 2 for n in range(120)])
    cluster.lasts(30)
    promises += work.accept([3.0 + n / 2 for n in range(60)])
    settled(cluster, promises, within=120)
    verdict = judge(cluster, promises, late_by=5)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 180}
    for service in cluster.of_kind("coordinator"):
        assert service.exits == []
    measured(
        "a tenant with 2,500 tasks a second and 2,000 windows",
        what="worst lateness of the others",
        bound=5,
        seconds=verdict.worst_late,
    )


def _clock(minute: int) -> str:
    return f"{minute // 60 % 24:02}:{minute % 60:02}"
