"""The words of schema.sql: its page of introduction, and one line for each table."""

PAGE = """\
Punctual's database as it is now: every table, constraint, index and trigger.

`make schema` generates this file from a migrated database, and a test compares the two, so do
not edit it: a change begins in models/ and migrations/. functions/ has what the triggers do, and
rights.py what each service's role may do.

How a run moves through the tables:

  saved       The API inserts a row into tasks. next_due_at is the next due time without a run.
  planned     A coordinator inserts a row into runs for each due time of the next 35 seconds,
              with a snapshot of what to run (spec), and moves next_due_at on. A due time has one
              run (uq_runs_once).
  dispatched  30 seconds before due_at the run goes from scheduled to queued, and a message
              through Redis offers it to the workers. The message is only a hint: workers also
              look for queued runs themselves (ix_runs_turn).
  claimed     A worker writes its worker_id. fence grows whenever ownership of the run changes,
              so that a late statement of an earlier owner matches no row.
  started     The run is running, and attempt grows by one. At most one run of a task is running,
              unless its overlap allows more (uq_runs_one_running).
  ended       The run gets a final state and never changes again, or it is scheduled once more
              for its next attempt. attempts gets a row, outputs what the attempt wrote,
              start_tallies whether it started on time.
  followed    The trigger runs_ended notes the end in upstream_ends for the tasks that run after
              this one, and a coordinator inserts their runs.
  explained   When a due time does not become a start on time, the trigger runs_ledger writes why
              to ledger.
  deleted     A coordinator deletes old final runs; attempts and outputs go with them.

Each step is one guarded UPDATE, and the row that it returns is the answer. The trigger
runs_guard refuses any step that the state machine does not have. Services wake each other with
NOTIFY punctual_due (a coordinator has work) and punctual_cancel (a run of a worker is
cancelled). Both are hints: polling finds what a lost one would have said. Ids are UUIDs of
version 7, which sort by the time they were made.
"""

TABLES: dict[str, dict[str, str]] = {
    "Accounts": {
        "users": "People who log in and own tasks.",
        "api_tokens": "Tokens that programs use, as hashes.",
        "sessions": "Logins on the pages; the cookie's token, as a hash.",
        "idempotency_keys": "Keys that clients sent with a creation, and what was created.",
    },
    "Tasks": {
        "tasks": "What to run, when, and the policies of its runs.",
        "calendars": "Days and windows in which nothing of the tasks that name them is due.",
        "concurrency_limits": "How many runs of an owner, or of a tag, may run at once.",
        "zone_rules": "Fingerprints of the time zone rules that stored due times follow.",
    },
    "Runs": {
        "runs": "Due times that are to run or have run, and the state of each.",
        "attempts": "Attempts that have ended.",
        "outputs": "What an attempt wrote; segments gives the parts of stdout (+) and stderr (-).",
        "live_outputs": "What a running attempt has written so far, while a person looks at it.",
        "upstream_ends": "Ends of runs that other tasks are still to follow.",
    },
    "History": {
        "ledger": "Due times that did not become a start on time, and why.",
        "start_tallies": "Starts counted by one batch of finished attempts, until rolled up.",
        "punctuality": "Starts of an owner's day, and how many were on time.",
    },
    "Processes": {
        "workers": "Workers, known by their heartbeats.",
        "coordinators": "Coordinators, known by their heartbeats.",
        "last_pass": "One row: when a coordinator last planned and dispatched all that was due.",
        "coordinator_stops": "Gaps between two passes that were longer than a lease.",
        "outages": "Gaps so long that catch_up decides about the due times in them.",
        "uptime": "One row: since when heartbeats could be written without a gap.",
    },
}
