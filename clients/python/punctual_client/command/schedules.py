"""Schedules in few words, and in a sentence of the server."""

from datetime import UTC, datetime
from typing import Any

from punctual_client.client import Client
from punctual_client.command.moments import amount, distance, local
from punctual_client.documents import Task


def schedule_text(schedule: Any) -> str | None:
    """Return a schedule as it would be typed."""
    if isinstance(schedule, list):
        return "; ".join(filter(None, map(schedule_text, schedule)))
    match schedule:
        case None:
            text = None
        case {"cron": cron}:
            text = f"{cron} {schedule.get('timezone', '')}".strip()
        case {"every": int() | float() as seconds}:
            text = f"every {amount(seconds)}"
        case {"at": at}:
            text = f"at {at}"
        case _:
            text = str(schedule)
    return text


def words_of(client: Client, task: Task) -> str:
    """Return when a task is due, as a sentence: its schedule, and the next time."""
    if task["schedule"] is None:
        return "No schedule: it runs by hand."
    described = client.preview(task["schedule"], count=1, team=task["team"])["description"]
    next_run = task["next_run_at"]
    if next_run is None:
        return f"{described}."
    return f"{described}; next {local(next_run)} ({distance(next_run, now=datetime.now(UTC))})."


def due_times(client: Client, task: Task, count: int) -> list[str]:
    """Return the next times at which a task is due."""
    first = task["next_run_at"]
    if task["schedule"] is None or first is None or not task["enabled"]:
        return [] if first is None else [first]
    # Intervals of a preview count from its start: so that is a due time of the task.
    coming = client.preview(
        task["schedule"],
        start=first,
        count=count,
        calendars=task["calendars"],
        team=task["team"],
    )["next"]
    return list(dict.fromkeys([first, *coming]))[:count]
