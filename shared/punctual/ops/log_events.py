"""The catalogue of log events: every event that services log, its levels, and what it means.

docs/operate/logs.md shows it: `python -m punctual.ops.log_events docs/operate/logs.md` writes the
table there anew. A test finds events that are logged and not listed here, and the other way round.
"""

import sys
from pathlib import Path
from typing import NamedTuple

BEGIN, END = "<!-- events: begin -->\n", "<!-- events: end -->\n"


class LogEvent(NamedTuple):
    """An event: its constant text, its levels, the services that log it, and its meaning.

    The meaning is Markdown; its links start from docs/operate.
    """

    text: str
    levels: str
    services: str
    meaning: str


# fmt: off
EVENTS = (
    LogEvent("log lines lost", "warning", "all", "`lines` could not be written since the line before: a full log disk, a reader that stopped. Nothing else failed by it; make room"),
    LogEvent("database away", "warning, critical", "all", "one line an outage, however long; `critical` where a worker ends because it cannot register; an API says so where it does not answer at all, and refuses requests with 503 at once until it does"),
    LogEvent("database back", "info", "all", "the database answers again"),
    LogEvent("tracing is not installed", "warning", "all", "`OTEL_EXPORTER_OTLP_ENDPOINT` is set and the packages for traces are missing: `pip install -r locks/worker.txt`"),
    LogEvent("process died", "critical", "all", "it ends non-zero, to be started afresh; its runs are released or reaped"),
    LogEvent("thread died", "critical", "all", "likewise: a thread of it failed"),
    LogEvent("thread ended", "critical", "all", "likewise: a thread of it ended that should not"),
    LogEvent("thread stuck", "critical", "all", "likewise: a thread of it made no turn in time"),
    LogEvent("library reported", "warning, error, critical", "all", "a line of a library: `logger` (the library) and `message` (its own text, which is not constant); from `error` on with `exception`, if there is one: report it where it comes without an outage"),
    LogEvent("request answered", "info, debug", "API", "`method`, `path`, `status`, `ms`; probes only at `debug`"),
    LogEvent("request failed", "error", "API", "an error of ours (500); the `exception` is there: report it"),
    LogEvent("database did not answer", "warning, debug", "API", "503 with `Retry-After`; nothing was changed. At `debug` where the request was refused because the database is known to be away"),
    LogEvent("failed logins counted in memory", "warning", "API", "Redis does not answer: each API counts guessed passwords for itself until it does; one line an outage"),
    LogEvent("failed logins counted in Redis again", "info", "API", "Redis answers again"),
    LogEvent("outcome of a commit unknown", "warning", "API", "the connection broke in COMMIT: the client repeats, with its `Idempotency-Key`"),
    LogEvent("request process frozen", "error", "API", "the process that answers requests stood still for 20 s; another one is started"),
    LogEvent("request process ended", "warning, error", "API", 'the process that answers requests ended by itself; another one is started. A `signal` of SIGKILL without "request process frozen" before it: out of memory?'),
    LogEvent("coordinator started", "info", "coordinator", "its duties begin"),
    LogEvent("coordinator registered", "info", "coordinator", "it has its row in the database"),
    LogEvent("coordinator left", "info", "coordinator", "it stopped in order"),
    LogEvent("coordinator deregistration failed", "warning", "coordinator", "it stopped while the database did not answer; its row expires with its lease"),
    LogEvent("runs dispatched", "info", "coordinator", "`planned`, `missed`, `queued`, `published` in one pass"),
    LogEvent("runs published again", "info", "coordinator", "no worker had claimed them in 5 s; often: Redis lost messages, or workers are full"),
    LogEvent("run missed", "warning", "coordinator", "its start deadline passed, or a stop left it behind and `catch_up` does not run it"),
    LogEvent("no coordinator was there", "warning", "coordinator", "a gap: `since`, `seconds`; outages list what it missed"),
    LogEvent("database silence recorded", "warning", "coordinator", "it did not answer for `seconds` from `since` on, though it was asked; runs that were due then have the reason `database_silent`"),
    LogEvent("worker buried", "warning", "coordinator", "it sent no heartbeat for a whole lease: look at that worker's host"),
    LogEvent("run reaped", "warning", "coordinator", "taken from a buried worker; `outcome`: put back, retried, lost, cancelled"),
    LogEvent("run replaced", "info", "coordinator", "`run_id` was cancelled because a later run of its task is due (`overlap: replace`)"),
    LogEvent("runs followed", "info", "coordinator", "`runs` were made because all tasks before theirs have ended"),
    LogEvent("task cannot be planned", "warning", "coordinator", "its schedule or a calendar of it fails; `error`, and `plan_error` on the task"),
    LogEvent("planning of a team put off", "warning", "coordinator", "`team_id` has had its share of this pass (50,000 steps); the rest of its tasks is planned by the next one, and may be late"),
    LogEvent("rules of a time zone have changed", "warning", "coordinator", "after an update of the tz database: `zone`, and how many `tasks` had their due times worked out anew"),
    LogEvent("tasks can be planned again", "info", "coordinator", "`tasks` that had a `plan_error` have none any more"),
    LogEvent("overdue claim taken back", "warning", "coordinator", "`worker` beats and has a free slot, and did not start `run_id` within 30 s of its due time; others do"),
    LogEvent("retry withdrawn", "info", "coordinator", "an attempt of `run_id` failed while its task was paused: it is not tried again, and ends in that `state`"),
    LogEvent("task resumed", "info", "coordinator", "its pause expired"),
    LogEvent("history pruned", "info", "coordinator", "how many rows of each kind"),
    LogEvent("duty failed", "error", "coordinator", "`duty`, `exception`; the others go on, this one tries again"),
    LogEvent("duty still at work", "warning", "coordinator", "`duty` takes longer than from one tick to the next, logged once a turn: a slow database, or much to do"),
    LogEvent("duty not started again", "debug", "coordinator", "its last turn has not ended"),
    LogEvent("a duty did not end in time", "warning", "coordinator", "left at SIGTERM while a duty hung"),
    LogEvent("no cycle finished in time", "critical", "coordinator", "it ended itself to be started afresh; look for locks in the database"),
    LogEvent("duty stuck", "critical", "coordinator", "likewise, for one duty"),
    LogEvent("no connection free", "warning", "coordinator", "`duty` was put off to its next tick: other duties had every connection"),
    LogEvent("queue away", "warning", "coordinator, worker", "Redis does not do what it is asked, one line an outage; workers find runs in the database within 15 s"),
    LogEvent("queue back", "info", "coordinator, worker", "Redis answers again"),
    LogEvent("wake-up channel lost", "warning", "coordinator, worker", "a LISTEN connection broke; sweeps and heartbeats stand in, it is made again"),
    LogEvent("worker started", "info", "worker", "it takes runs from now on; `worker_id`, `slots`"),
    LogEvent("worker draining", "info", "worker", "it takes no more runs and waits for those that run"),
    LogEvent("worker left", "info", "worker", "it stopped in order"),
    LogEvent("worker deregistration failed", "warning", "worker", "it stopped while the database did not answer; a coordinator buries it when its lease ends"),
    LogEvent("killing what still runs", "warning", "worker", "the drain is over: `PUNCTUAL_DRAIN_SECONDS`"),
    LogEvent("processes left behind", "info", "worker", "a command has ended and `left_behind` processes that it had started had not, [2 seconds later](../guide/tasks.md#the-end-of-a-command): they were ended"),
    LogEvent("run skipped", "info", "worker", "another run of the task was unfinished (`overlap`)"),
    LogEvent("claim failed", "warning", "worker", "the database did not answer a claim; the runs stay queued and are claimed again"),
    LogEvent("pull failed", "warning", "worker", "likewise, of a claim without a message"),
    LogEvent("start failed", "warning, debug", "worker", "the database did not take a step; it is tried again five times a second, at `debug` while it goes on failing"),
    LogEvent("report failed", "warning", "worker", "the database did not take the report of an end; it is repeated"),
    LogEvent("release failed", "warning", "worker", "the database did not take runs back; the sweep takes them"),
    LogEvent("refused runs not settled", "warning", "worker", "the database did not take them back; it is repeated"),
    LogEvent("nothing released", "warning", "worker", "the database did not answer at the stop; a coordinator takes the runs back when the lease ends"),
    LogEvent("heartbeat failed", "warning", "worker", "it is repeated; at `SELF_FENCE_SECONDS` without one the runner kills what runs"),
    LogEvent("live output not kept", "warning", "worker", "the database did not take what a running command has written so far; the end of the attempt writes all"),
    LogEvent("report refused", "warning", "worker", "the database refused a report as malformed: report it"),
    LogEvent("unknown run released", "warning", "worker", "the database said this worker held a run that it did not know of and has not launched: it is given back"),
    LogEvent("unknown run given up", "warning", "worker", "a run whose report the database had refused is reported as `lost`"),
    LogEvent("launch failed", "error", "worker", "the command of `run_id` cannot be made of what is stored: the run has failed; report it"),
    LogEvent("interpreter missing", "warning", "worker", "named in `PUNCTUAL_INTERPRETERS` and not installed"),
    LogEvent("no runner", "critical", "worker", "its runner did not start: it ends non-zero, to be started afresh"),
    LogEvent("runner gone", "critical", "worker", "its runner ended: likewise"),
    LogEvent("runner did not answer", "critical", "worker", "its runner is stuck: likewise"),
    LogEvent("consumer died", "critical", "worker", "a thread that reads messages ended: likewise"),
    LogEvent("consumer lost its connection", "debug", "worker", 'Redis does not answer ("queue away" says it once)'),
    LogEvent("message not acknowledged", "debug", "worker", "Redis does not answer; the message comes again and finds nothing"),
    LogEvent("stale runner ended", "warning", "worker", "a runner of this work directory that was stopped or stuck had outlived its agent; what it had started was ended with it"),
    LogEvent("notice not understood", "warning", "worker", "a NOTIFY on one of our channels (`channel`) is malformed: it was sent by hand"),
    LogEvent("isolation", "info", "worker", "how its commands are isolated, once at its start ([isolation](isolation.md))"),
    LogEvent("commands are privileged", "warning", "worker", "they are root, or have a capability: start the worker as an ordinary user, or set `PUNCTUAL_COMMAND_USER`"),
    LogEvent("commands may be left", "critical", "worker", "its runner was killed and its commands are another user's: it ends without a report, the lease decides; see that they end with it ([isolation](isolation.md))"),
)
# fmt: on


def table() -> str:
    """Return the catalogue as a table in Markdown."""
    head = "| event | level | who | what it means, and what to do |\n|---|---|---|---|\n"
    return head + "".join(f"| {' | '.join(event)} |\n" for event in EVENTS)


def main() -> int:
    """Write the table between the marks of the page that the first argument names."""
    page = Path(sys.argv[1])
    before, _, rest = page.read_text().partition(BEGIN)
    page.write_text(before + BEGIN + table() + END + rest.partition(END)[2])
    return 0


if __name__ == "__main__":
    sys.exit(main())
