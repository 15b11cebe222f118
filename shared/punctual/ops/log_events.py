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
    LogEvent("log lines lost", "warning", "all", "`lines` could not be written since the line before: the log disk is full, or its reader stopped. Nothing else failed; free disk space"),
    LogEvent("database connection lost", "warning, critical", "all", "logged once an outage; `critical` where a worker ends because it cannot register; an API logs it when the database does not answer at all, and refuses requests with 503 until it does"),
    LogEvent("database connection restored", "info", "all", "the database answers again"),
    LogEvent("tracing packages not installed", "warning", "all", "`OTEL_EXPORTER_OTLP_ENDPOINT` is set and the packages for traces are missing: `pip install -r locks/worker.txt`"),
    LogEvent("process died", "critical", "all", "it ends with a non-zero status, to be restarted; its runs are released or reaped"),
    LogEvent("thread died", "critical", "all", "a thread failed: the process ends, to be restarted"),
    LogEvent("thread ended", "critical", "all", "a thread ended unexpectedly: the process ends, to be restarted"),
    LogEvent("thread stuck", "critical", "all", "a thread made no progress in time: the process ends, to be restarted"),
    LogEvent("library reported", "warning, error, critical", "all", "a log line of a library: `logger` (the library) and `message` (its own text, which is not constant); from `error` on with `exception`, if there is one: report it unless an outage explains it"),
    LogEvent("change not recorded", "error", "api", "a mistake in Punctual: the [audit record](access.md#the-audit-record) has the action of this `endpoint`, and not what changed"),
    LogEvent("failed login not recorded", "warning", "api", "the database refused to write it to the audit record; the login was refused all the same"),
    LogEvent("request answered", "info, debug", "API", "`method`, `path`, `status`, `ms`; probes only at `debug`"),
    LogEvent("request failed", "error", "API", "an internal error (500), with its `exception`: report it"),
    LogEvent("request refused", "warning, debug", "API", "the database did not answer: 503 with `Retry-After`, and nothing was changed. At `debug` where the request was refused because the database is known to be away"),
    LogEvent("failed logins counted in memory", "warning", "API", "Redis does not answer: each API counts guessed passwords by itself until it does; logged once an outage"),
    LogEvent("failed logins counted in Redis again", "info", "API", "Redis answers again"),
    LogEvent("requests counted in memory", "warning", "API", "Redis does not answer: each API counts [requests a minute](limits.md) by itself until it does; logged once an outage"),
    LogEvent("requests counted in Redis again", "info", "API", "Redis answers again"),
    LogEvent("single sign-on failed", "warning", "API", "a login at the provider failed or was refused; `reason`: unreachable, busy, misconfigured, unverified, clock, denied, refused, code refused, unknown state, and why a user was not let in ([when a login fails](single-sign-on.md#when-a-login-fails))"),
    LogEvent("address of the provider taken", "warning", "API", "at a login, the provider had another verified address for `user_id`, who has no password; another user has it here, so the address stays as it was"),
    LogEvent("groups followed", "info", "API", "at a login, groups of the provider changed the memberships of `user_id`: teams `joined`, `changed`, `left`; `missing` are teams that the map names and that are not there, or one more than a user may be in"),
    LogEvent("account linked by its address", "warning", "API", "`user_id` had an account with the address that the provider has verified and now logs in there; password, sessions and tokens ended (`PUNCTUAL_OIDC_LINK_BY_EMAIL`)"),
    LogEvent("mail sent", "info", "API", "the SMTP server has taken a mail of this `kind` for delivery ([mail](mail.md))"),
    LogEvent("mail not sent", "error", "API", "a mail of this `kind` was given up: `reason` says what the SMTP server answered, and what to do; `punctual mail test ADDRESS` tries again"),
    LogEvent("mail delayed", "warning", "API", "the SMTP server does not take mails for a `reason` that may pass; this one is tried again in `seconds`"),
    LogEvent("mail queue full", "warning", "API", "as many mails wait for the SMTP server as this process keeps in memory (200): this one is dropped"),
    LogEvent("mails lost", "warning", "API", "the process ended while `mails` waited for the SMTP server: their users have to ask again"),
    LogEvent("reset mail withheld", "info", "API", "a link to a new password was requested for `user_id`; `reason`: disabled, or limit (3 an hour)"),
    LogEvent("commit outcome lost", "warning", "API", "the connection broke in COMMIT: the client repeats, with its `Idempotency-Key`"),
    LogEvent("request process frozen", "error", "API", "the process that answers requests made no progress for 20 s; another one is started"),
    LogEvent("request process ended", "warning, error", "API", 'the process that answers requests ended by itself; another one is started. A `signal` of SIGKILL without "request process frozen" before it: out of memory?'),
    LogEvent("trouble noticed", "error", "API", "[of the installation](watch.md): `kind` (`unserved_queue`, `coordinators_stopped`, `database_full`), `since`, the `queue` or `figures`; logged once, and recorded as an event for operators"),
    LogEvent("trouble over", "info", "API", "it has ended"),
    LogEvent("notifier started", "info", "notifier", "it sends messages of alerts ([alerts](alerts.md))"),
    LogEvent("notifier stopped", "info", "notifier", "it stopped in good order"),
    LogEvent("delivery given up", "warning", "notifier", "a message was tried for a day, and not taken: `GET /api/deliveries/` has the answers"),
    LogEvent("delivery failed", "error", "notifier", "an error of the notifier itself, with its trace; the message is tried again"),
    LogEvent("delivery not recorded", "warning", "notifier", "the database did not answer; what was sent may be sent again in two minutes"),
    LogEvent("deliveries not read", "warning", "notifier", "the database did not answer; it is asked again after `PUNCTUAL_SWEEP_SECONDS`"),
    LogEvent("alerts decided", "info", "coordinator", "`events` became `messages` that are due at once, or join others later; `escalations` of tasks that still fail"),
    LogEvent("coordinator started", "info", "coordinator", "its duties begin"),
    LogEvent("coordinator registered", "info", "coordinator", "it has its row in the database"),
    LogEvent("coordinator stopped", "info", "coordinator", "it stopped in good order"),
    LogEvent("coordinator deregistration failed", "warning", "coordinator", "it stopped while the database did not answer; its row expires with its lease"),
    LogEvent("runs dispatched", "info", "coordinator", "`planned`, `missed`, `queued`, `published` in one pass"),
    LogEvent("runs published again", "info", "coordinator", "no worker had claimed them in 5 s; often: Redis lost messages, or workers are full"),
    LogEvent("run missed", "warning", "coordinator", "its start deadline passed, or a stop left it behind and `catch_up` does not run it"),
    LogEvent("anomalies found", "info", "coordinator", "of this many `runs` that succeeded, some were unlike the others of their tasks: `anomalies` ([health](../guide/health.md))"),
    LogEvent("tasks late", "warning", "coordinator", "runs of this many `tasks` have been due for five minutes and have not started ([health](../guide/health.md))"),
    LogEvent("outage detected", "warning", "coordinator", "no coordinator was running: `since`, `seconds`; outages list what was missed"),
    LogEvent("database silence recorded", "warning", "coordinator", "it did not answer for `seconds` from `since` on, though it was asked; runs that were due then have the reason `database_silent`"),
    LogEvent("worker buried", "warning", "coordinator", "it sent no heartbeat for a whole lease: check that worker's host"),
    LogEvent("run reaped", "warning", "coordinator", "taken from a buried worker; `outcome`: put back, retried, lost, cancelled"),
    LogEvent("run replaced", "info", "coordinator", "`run_id` was cancelled because a later run of its task is due (`overlap: replace`)"),
    LogEvent("downstream runs created", "info", "coordinator", "`runs` were created because all upstream tasks have ended"),
    LogEvent("team slots changed", "info", "coordinator", "the [slots](limits.md#slots-of-a-team) of some `teams` follow another `PUNCTUAL_MAX_TEAM_SLOTS`"),
    LogEvent("team planning stopped", "warning", "coordinator", "a team has all unfinished runs that it may have (`PUNCTUAL_MAX_UNFINISHED_RUNS`): its due times [wait](limits.md) until some have ended"),
    LogEvent("task planning failed", "warning", "coordinator", "its schedule or a calendar of it fails; `error`, and `plan_error` on the task"),
    LogEvent("team planning deferred", "warning", "coordinator", "`team_id` has had its share of this pass (50,000 steps); the rest of its tasks is planned by the next one, and may be late"),
    LogEvent("time zone rules changed", "warning", "coordinator", "after an update of the tz database: `zone`, and how many `tasks` had their due times recomputed"),
    LogEvent("task planning recovered", "info", "coordinator", "`tasks` no longer have a `plan_error`"),
    LogEvent("overdue claim revoked", "warning", "coordinator", "`worker` beats and has a free slot, and did not start `run_id` within 30 s of its due time; another worker claims it"),
    LogEvent("retry withdrawn", "info", "coordinator", "an attempt of `run_id` failed while its task was paused: it is not retried, and ends in that `state`"),
    LogEvent("task resumed", "info", "coordinator", "its pause expired"),
    LogEvent("history pruned", "info", "coordinator", "how many rows of each kind"),
    LogEvent("duty failed", "error", "coordinator", "`duty`, `exception`; other duties continue, and this one is repeated"),
    LogEvent("duty interval exceeded", "warning", "coordinator", "`duty` takes longer than its interval, logged once a turn: a slow database, or much work"),
    LogEvent("duty turn skipped", "debug", "coordinator", "its previous turn has not ended"),
    LogEvent("unfinished duty abandoned", "warning", "coordinator", "a duty had not finished in time after SIGTERM"),
    LogEvent("cycle stuck", "critical", "coordinator", "no cycle finished in time: it ends, to be restarted; look for locks in the database"),
    LogEvent("duty stuck", "critical", "coordinator", "one duty did not finish in time: it ends, to be restarted"),
    LogEvent("connection pool exhausted", "warning", "coordinator", "`duty` was deferred to its next tick: other duties used every connection"),
    LogEvent("queue connection lost", "warning", "coordinator, worker", "Redis does not answer, or refuses commands; logged once an outage; workers find runs in the database within 15 s"),
    LogEvent("queue connection restored", "info", "coordinator, worker", "Redis answers again"),
    LogEvent("wake-up channel lost", "warning", "coordinator, worker", "a LISTEN connection broke and is made again; until then sweeps and heartbeats replace it"),
    LogEvent("worker started", "info", "worker", "it claims runs from now on; `worker_id`, `slots`"),
    LogEvent("worker drain started", "info", "worker", "it claims no more runs and waits for those that are running"),
    LogEvent("worker stopped", "info", "worker", "it stopped in good order"),
    LogEvent("worker deregistration failed", "warning", "worker", "it stopped while the database did not answer; a coordinator buries it when its lease ends"),
    LogEvent("running commands killed", "warning", "worker", "the drain time is over (`PUNCTUAL_DRAIN_SECONDS`)"),
    LogEvent("processes left behind", "info", "worker", "a command has ended and `left_behind` processes that it had started had not, [2 seconds later](../guide/tasks.md#the-end-of-a-command): they were ended"),
    LogEvent("run skipped", "info", "worker", "another run of the task was unfinished (`overlap`)"),
    LogEvent("claim failed", "warning", "worker", "the database did not answer a claim; the runs stay queued and are claimed again"),
    LogEvent("pull failed", "warning", "worker", "the database did not answer a claim that had no message; the runs stay queued and are claimed again"),
    LogEvent("secret not usable", "warning", "worker", "a run failed at its start for a secret; its `reason_code` says why ([secrets](secrets.md))"),
    LogEvent("start failed", "warning, debug", "worker", "the database did not take a step; it is tried again five times a second, at `debug` while it goes on failing"),
    LogEvent("report failed", "warning", "worker", "the database did not take the report of an end; it is repeated"),
    LogEvent("release failed", "warning", "worker", "the database did not take runs back; the sweep takes them"),
    LogEvent("refused runs not settled", "warning", "worker", "the database did not take them back; it is repeated"),
    LogEvent("claimed runs not released", "warning", "worker", "the database did not answer at the stop; a coordinator takes the runs back when the lease ends"),
    LogEvent("heartbeat failed", "warning", "worker", "it is repeated; at `SELF_FENCE_SECONDS` without one the runner kills what runs"),
    LogEvent("live output not stored", "warning", "worker", "the database did not take what a running command has written so far; the end of the attempt writes all"),
    LogEvent("ping failed", "warning", "worker", "the monitor at `host` did not take a [ping](../guide/monitors.md) in three tries; `error` says why; the run is as it was"),
    LogEvent("ping dropped", "warning", "worker", "1,000 pings wait for monitors that do not answer; this one was not sent"),
    LogEvent("pings lost", "warning", "worker", "the worker ended while `pings` waited for monitors"),
    LogEvent("report refused", "warning", "worker", "the database refused a report as malformed: report it"),
    LogEvent("unknown run released", "warning", "worker", "the database listed a run of this worker that the worker does not know and has not launched: it is released"),
    LogEvent("unknown run abandoned", "warning", "worker", "a run whose report the database had refused is reported as `lost`"),
    LogEvent("launch failed", "error", "worker", "the command of `run_id` cannot be made of what is stored: the run has failed; report it"),
    LogEvent("interpreter not found", "warning", "worker", "named in `PUNCTUAL_INTERPRETERS` and not installed"),
    LogEvent("runner not started", "critical", "worker", "its runner did not start: the worker ends, to be restarted"),
    LogEvent("runner ended", "critical", "worker", "its runner ended: the worker ends, to be restarted"),
    LogEvent("runner stuck", "critical", "worker", "its runner did not answer: the worker ends, to be restarted"),
    LogEvent("consumer died", "critical", "worker", "a thread that reads messages ended: the worker ends, to be restarted"),
    LogEvent("consumer connection lost", "debug", "worker", 'Redis does not answer ("queue connection lost" is logged once)'),
    LogEvent("message not acknowledged", "debug", "worker", "Redis does not answer; the message comes again and finds nothing"),
    LogEvent("stale runner ended", "warning", "worker", "a runner of this work directory that was stopped or stuck had outlived its agent; what it had started was ended with it"),
    LogEvent("notification rejected", "warning", "worker", "a NOTIFY on one of our channels (`channel`) is malformed: it was sent by hand"),
    LogEvent("isolation detected", "info", "worker", "how its commands are isolated, once at its start ([isolation](isolation.md))"),
    LogEvent("privileged commands permitted", "warning", "worker", "they are root, or have a capability: start the worker as an ordinary user, or set `PUNCTUAL_COMMAND_USER`"),
    LogEvent("running commands abandoned", "critical", "worker", "its runner was killed and its commands are another user's: it ends without a report, the lease decides; see that they end with it ([isolation](isolation.md))"),
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
