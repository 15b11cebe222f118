"""The life of an attempt as a table: what each event leads to and does in each phase.

Lifecycle (lifecycle.py) reads it, and is the only one that changes a phase. A pair that changes
nothing is listed too: some of these do happen (a stop that comes late), others cannot.
"""

from __future__ import annotations

from enum import StrEnum

from punctual_worker.runner.attempts.phases import (
    Alarm,
    Event,
    Exited,
    Launched,
    LaunchFailed,
    LeaseLost,
    LimitExceeded,
    NewestKilled,
    NothingLeft,
    Phase,
    PipesClosed,
    Prestarted,
    ShellLost,
    SomeLeft,
    StopOrdered,
    TooManyLeft,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final


class Action(StrEnum):
    """What is done; the text is for the page about it."""

    NOTHING = "nothing more"
    BEGIN = "set the alarm to its timeout; report the start, once it lasts"
    REPORT_FAILED_LAUNCH = "report the end: never started, with the error"
    REPORT_UNSTARTED = "report the end: never started, and why"
    KILL_SHELL = "keep why; KILL to its shell; alarm in 5 s"
    TERMINATE = "keep why; TERM to its group and to what left that; alarm: end of the grace"
    SHORTEN_GRACE = "move the alarm forward if this grace ends sooner"
    KILL = "KILL to its group; alarm in 5 s"
    KILL_OVER_LIMIT = (
        "keep the limit, unless it was to end already; KILL to its group; alarm in 5 s"
    )
    BEGIN_FLUSH = "keep the status; alarm: end of the end grace; look what is left"
    BEGIN_STOPPED_FLUSH = "keep the status, and the alarm; look what is left"
    KILL_REST_OF_KILLED = "keep the status; KILL to its group; alarm in 5 s; look what is left"
    TERMINATE_REST = "count what is left from now on; alarm: after a second at most; look"
    KILL_WHAT_IS_FOUND = "count what is left from now on; alarm in 5 s; look, then KILL"
    KILL_REST = "count what is left from now on; KILL to its group; alarm in 5 s; look"
    KILL_REST_OVER_LIMIT = "keep the limit, unless it was to end already; kill the rest"
    KILL_CROWD = "count them; KILL to its group and to each; alarm in 5 s"
    LOOK = "look what is left"
    TERMINATE_LEFT = "count them; TERM to each that did not get it yet"
    KILL_LEFT = "count them; KILL to its group and to each"
    COUNT_ONE_LEFT = "count one, if none was counted"
    REPORT_END = "read what is in the pipes; report the end"
    GIVE_UP_MAIN = "report the end, with an error: it could not be killed"
    GIVE_UP_REST = "report the end, with an error: what is left could not be killed"


IGNORED = None

WAITING = Phase.WAITING
PRESTARTED = Phase.PRESTARTED
RUNNING = Phase.RUNNING
TERMINATING = Phase.TERMINATING
KILLING = Phase.KILLING
FLUSHING = Phase.FLUSHING
FLUSHING_STOPPED = Phase.FLUSHING_STOPPED
TERMINATING_REST = Phase.TERMINATING_REST
KILLING_REST = Phase.KILLING_REST
DONE = Phase.DONE

# (phase, event) -> (next phase, action)
TRANSITIONS: Final[dict[tuple[Phase, type[Event]], tuple[Phase, Action] | None]] = {
    # Waiting
    (WAITING, Prestarted): (PRESTARTED, Action.NOTHING),
    (WAITING, ShellLost): IGNORED,
    (WAITING, Launched): (RUNNING, Action.BEGIN),
    (WAITING, LaunchFailed): (DONE, Action.REPORT_FAILED_LAUNCH),
    (WAITING, StopOrdered): (DONE, Action.REPORT_UNSTARTED),
    (WAITING, LeaseLost): (DONE, Action.REPORT_UNSTARTED),
    (WAITING, LimitExceeded): IGNORED,
    (WAITING, Alarm): IGNORED,
    (WAITING, Exited): IGNORED,
    (WAITING, PipesClosed): IGNORED,
    (WAITING, SomeLeft): IGNORED,
    (WAITING, TooManyLeft): IGNORED,
    (WAITING, NewestKilled): IGNORED,
    (WAITING, NothingLeft): IGNORED,
    # Prestarted
    (PRESTARTED, Prestarted): IGNORED,
    (PRESTARTED, ShellLost): (WAITING, Action.NOTHING),
    (PRESTARTED, Launched): (RUNNING, Action.BEGIN),
    (PRESTARTED, LaunchFailed): IGNORED,
    (PRESTARTED, StopOrdered): (KILLING, Action.KILL_SHELL),
    (PRESTARTED, LeaseLost): (KILLING, Action.KILL_SHELL),
    (PRESTARTED, LimitExceeded): IGNORED,
    (PRESTARTED, Alarm): IGNORED,
    (PRESTARTED, Exited): IGNORED,
    (PRESTARTED, PipesClosed): IGNORED,
    (PRESTARTED, SomeLeft): IGNORED,
    (PRESTARTED, TooManyLeft): IGNORED,
    (PRESTARTED, NewestKilled): IGNORED,
    (PRESTARTED, NothingLeft): IGNORED,
    # Running
    (RUNNING, Prestarted): IGNORED,
    (RUNNING, ShellLost): IGNORED,
    (RUNNING, Launched): IGNORED,
    (RUNNING, LaunchFailed): IGNORED,
    (RUNNING, StopOrdered): (TERMINATING, Action.TERMINATE),
    (RUNNING, LeaseLost): (TERMINATING, Action.TERMINATE),
    (RUNNING, LimitExceeded): (KILLING, Action.KILL_OVER_LIMIT),
    (RUNNING, Alarm): (TERMINATING, Action.TERMINATE),
    (RUNNING, Exited): (FLUSHING, Action.BEGIN_FLUSH),
    (RUNNING, PipesClosed): IGNORED,
    (RUNNING, SomeLeft): IGNORED,
    (RUNNING, TooManyLeft): IGNORED,
    (RUNNING, NewestKilled): IGNORED,
    (RUNNING, NothingLeft): IGNORED,
    # Terminating
    (TERMINATING, Prestarted): IGNORED,
    (TERMINATING, ShellLost): IGNORED,
    (TERMINATING, Launched): IGNORED,
    (TERMINATING, LaunchFailed): IGNORED,
    (TERMINATING, StopOrdered): (TERMINATING, Action.SHORTEN_GRACE),
    (TERMINATING, LeaseLost): (TERMINATING, Action.SHORTEN_GRACE),
    (TERMINATING, LimitExceeded): (KILLING, Action.KILL_OVER_LIMIT),
    (TERMINATING, Alarm): (KILLING, Action.KILL),
    (TERMINATING, Exited): (FLUSHING_STOPPED, Action.BEGIN_STOPPED_FLUSH),
    (TERMINATING, PipesClosed): IGNORED,
    (TERMINATING, SomeLeft): IGNORED,
    (TERMINATING, TooManyLeft): IGNORED,
    (TERMINATING, NewestKilled): IGNORED,
    (TERMINATING, NothingLeft): IGNORED,
    # Killing
    (KILLING, Prestarted): IGNORED,
    (KILLING, ShellLost): IGNORED,
    (KILLING, Launched): IGNORED,
    (KILLING, LaunchFailed): IGNORED,
    (KILLING, StopOrdered): IGNORED,
    (KILLING, LeaseLost): IGNORED,
    (KILLING, LimitExceeded): IGNORED,
    (KILLING, Alarm): (DONE, Action.GIVE_UP_MAIN),
    (KILLING, Exited): (KILLING_REST, Action.KILL_REST_OF_KILLED),
    (KILLING, PipesClosed): IGNORED,
    (KILLING, SomeLeft): IGNORED,
    (KILLING, TooManyLeft): IGNORED,
    (KILLING, NewestKilled): IGNORED,
    (KILLING, NothingLeft): IGNORED,
    # Flushing
    (FLUSHING, Prestarted): IGNORED,
    (FLUSHING, ShellLost): IGNORED,
    (FLUSHING, Launched): IGNORED,
    (FLUSHING, LaunchFailed): IGNORED,
    (FLUSHING, StopOrdered): (TERMINATING_REST, Action.TERMINATE_REST),
    (FLUSHING, LeaseLost): (KILLING_REST, Action.KILL_REST),
    (FLUSHING, LimitExceeded): (KILLING_REST, Action.KILL_REST_OVER_LIMIT),
    (FLUSHING, Alarm): (TERMINATING_REST, Action.TERMINATE_REST),
    (FLUSHING, Exited): IGNORED,
    (FLUSHING, PipesClosed): (FLUSHING, Action.LOOK),
    (FLUSHING, SomeLeft): IGNORED,
    (FLUSHING, TooManyLeft): (KILLING_REST, Action.KILL_CROWD),
    (FLUSHING, NewestKilled): IGNORED,
    (FLUSHING, NothingLeft): (DONE, Action.REPORT_END),
    # Flushing stopped
    (FLUSHING_STOPPED, Prestarted): IGNORED,
    (FLUSHING_STOPPED, ShellLost): IGNORED,
    (FLUSHING_STOPPED, Launched): IGNORED,
    (FLUSHING_STOPPED, LaunchFailed): IGNORED,
    (FLUSHING_STOPPED, StopOrdered): (FLUSHING_STOPPED, Action.SHORTEN_GRACE),
    (FLUSHING_STOPPED, LeaseLost): (KILLING_REST, Action.KILL_REST),
    (FLUSHING_STOPPED, LimitExceeded): (KILLING_REST, Action.KILL_REST_OVER_LIMIT),
    (FLUSHING_STOPPED, Alarm): (KILLING_REST, Action.KILL_WHAT_IS_FOUND),
    (FLUSHING_STOPPED, Exited): IGNORED,
    (FLUSHING_STOPPED, PipesClosed): (FLUSHING_STOPPED, Action.LOOK),
    (FLUSHING_STOPPED, SomeLeft): IGNORED,
    (FLUSHING_STOPPED, TooManyLeft): (KILLING_REST, Action.KILL_CROWD),
    (FLUSHING_STOPPED, NewestKilled): IGNORED,
    (FLUSHING_STOPPED, NothingLeft): (DONE, Action.REPORT_END),
    # Terminating rest
    (TERMINATING_REST, Prestarted): IGNORED,
    (TERMINATING_REST, ShellLost): IGNORED,
    (TERMINATING_REST, Launched): IGNORED,
    (TERMINATING_REST, LaunchFailed): IGNORED,
    (TERMINATING_REST, StopOrdered): IGNORED,
    (TERMINATING_REST, LeaseLost): (KILLING_REST, Action.KILL_REST),
    (TERMINATING_REST, LimitExceeded): (KILLING_REST, Action.KILL_REST_OVER_LIMIT),
    (TERMINATING_REST, Alarm): (KILLING_REST, Action.KILL_REST),
    (TERMINATING_REST, Exited): IGNORED,
    (TERMINATING_REST, PipesClosed): IGNORED,
    (TERMINATING_REST, SomeLeft): (TERMINATING_REST, Action.TERMINATE_LEFT),
    (TERMINATING_REST, TooManyLeft): IGNORED,
    (TERMINATING_REST, NewestKilled): IGNORED,
    (TERMINATING_REST, NothingLeft): (DONE, Action.REPORT_END),
    # Killing rest
    (KILLING_REST, Prestarted): IGNORED,
    (KILLING_REST, ShellLost): IGNORED,
    (KILLING_REST, Launched): IGNORED,
    (KILLING_REST, LaunchFailed): IGNORED,
    (KILLING_REST, StopOrdered): IGNORED,
    (KILLING_REST, LeaseLost): IGNORED,
    (KILLING_REST, LimitExceeded): IGNORED,
    (KILLING_REST, Alarm): (DONE, Action.GIVE_UP_REST),
    (KILLING_REST, Exited): IGNORED,
    (KILLING_REST, PipesClosed): IGNORED,
    (KILLING_REST, SomeLeft): (KILLING_REST, Action.KILL_LEFT),
    (KILLING_REST, TooManyLeft): IGNORED,
    (KILLING_REST, NewestKilled): (KILLING_REST, Action.COUNT_ONE_LEFT),
    (KILLING_REST, NothingLeft): (DONE, Action.REPORT_END),
    # Done
    (DONE, Prestarted): IGNORED,
    (DONE, ShellLost): IGNORED,
    (DONE, Launched): IGNORED,
    (DONE, LaunchFailed): IGNORED,
    (DONE, StopOrdered): IGNORED,
    (DONE, LeaseLost): IGNORED,
    (DONE, LimitExceeded): IGNORED,
    (DONE, Alarm): IGNORED,
    (DONE, Exited): IGNORED,
    (DONE, PipesClosed): IGNORED,
    (DONE, SomeLeft): IGNORED,
    (DONE, TooManyLeft): IGNORED,
    (DONE, NewestKilled): IGNORED,
    (DONE, NothingLeft): IGNORED,
}
