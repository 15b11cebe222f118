"""Tasks by name or id."""

import uuid
from difflib import get_close_matches
from itertools import islice

from punctual_client.client import Client
from punctual_client.command.opening import opened_client
from punctual_client.command.refusals import Exit, Refusal
from punctual_client.command.shown import printable
from punctual_client.documents import Task

MOST_NAMES = 200
"""As many of the newest tasks are looked at for a name that was meant."""

MOST_COMPLETED = 50
COMPLETION_SECONDS = 2.0


def is_id(text: str) -> bool:
    """Whether it is an id rather than a name."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def task_named(client: Client, text: str, *, team: str | None = None) -> Task:
    """Return the task of that id or name; raises Refusal for none, and for several."""
    if is_id(text):
        return client.task(text)
    found = [task for task in client.tasks(q=text, team=team) if task["name"] == text]
    if len(found) == 1:
        return found[0]
    if not found:
        raise Refusal(f"There is no task {text!r}.{_meant(client, text, team)}", Exit.NOT_FOUND)
    listed = "\n".join(
        f"  {task['id']}  {printable(task['name'])} ({task['team']})" for task in found
    )
    raise Refusal(f"{len(found)} tasks are named {text!r}. Type the id of one:\n{listed}")


def _meant(client: Client, text: str, team: str | None) -> str:
    names = {task["name"] for task in islice(client.tasks(team=team), MOST_NAMES)}
    lower = {name.lower(): name for name in sorted(names)}
    near = get_close_matches(text.lower(), lower, n=3, cutoff=0.6)
    near += [name for name in lower if text.lower() in name and name not in near][: 3 - len(near)]
    if not near:
        return " List them with: punctual ls"
    return f" Did you mean {' or '.join(repr(printable(lower[name])) for name in near)}?"


def complete_task(incomplete: str) -> list[str]:
    """Return names of tasks that begin so, for a shell; none where the server does not answer."""
    try:
        with opened_client(timeout=COMPLETION_SECONDS) as client:
            found = islice(client.tasks(q=incomplete or None), MOST_COMPLETED)
            names = {task["name"] for task in found if task["name"].startswith(incomplete)}
    except Exception:  # noqa: BLE001 - a shell that completes shows no errors
        return []
    return sorted(name for name in names if name.isprintable())
