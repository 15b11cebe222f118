"""Queues: which teams may use each, which workers serve it, and what waits for nothing."""

from sqlalchemy import Connection

from punctual.doctor.finding import Finding, ok, warning
from punctual.ops.config import Settings
from punctual.store.queues.listing import KnownQueue, list_queues

MOST_NAMED = 20


def team_queue_findings(connection: Connection, _: Settings) -> list[Finding]:
    """Return a finding for each queue; none where all is in the default one, open to all."""
    queues = list_queues(connection)
    if len(queues) == 1 and not queues[0].is_closed:
        return []
    bad = [queue for queue in queues if not queue.workers or queue.refused]
    fine = [queue for queue in queues if queue.workers and not queue.refused]
    shown = [*bad, *fine][:MOST_NAMED]
    found = [_finding(queue) for queue in shown]
    if len(queues) > len(shown):
        found.append(ok("queues", f"{len(queues) - len(shown)} more: GET /api/queues/ has all"))
    return found


def _finding(queue: KnownQueue) -> Finding:
    teams = ", ".join(queue.teams) or "none that is still there"
    who = f"for {teams}" if queue.is_closed else "for every team"
    served = f"served by {', '.join(queue.workers)} ({queue.slots} slots)"
    detail = f"{queue.name}: {who}, {served if queue.workers else 'served by no worker'}"
    if queue.refused:
        runs = "run waits" if queue.refused == 1 else "runs wait"
        return warning("queues", f"{detail}; {queue.refused} due {runs} whose team may not use it")
    if not queue.workers:
        return warning("queues", f"{detail}: its runs wait; start a worker with PUNCTUAL_QUEUES")
    return ok("queues", detail)
