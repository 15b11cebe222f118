"""Warn when no active worker can run a script."""

from punctual.store.processes.workers import interpreters_of_active
from punctual.store.schema.models import Task
from punctual_api.http.context import session


def interpreter_warnings(task: Task) -> list[str]:
    """Return what users should know of their scripts' interpreters; one statement.

    Nothing while no worker is up, or one does not report what it has: then it is not known.
    """
    # A row may contain values that this release would not save.
    wanted = task.script.get("interpreter") if isinstance(task.script, dict) else None
    if not isinstance(wanted, str):
        return []
    reported = interpreters_of_active(session().connection(), queue=task.queue)
    have = [names for names in reported if names is not None]
    without = sum(wanted not in names for names in have)
    if not without or len(have) < len(reported):
        return []
    if without < len(have):
        return [f"{_lack(wanted, without, len(have))}: a run that one of those takes fails."]
    listed = ", ".join(sorted(set().union(*have))) or "none"
    return [
        (
            f"No worker that is up has the interpreter {wanted}: every run fails."
            f" They have: {listed} (PUNCTUAL_INTERPRETERS)."
        )
    ]


def _lack(wanted: str, without: int, workers: int) -> str:
    return f"The interpreter {wanted} is not on {without} of the {workers} workers that are up"
