"""What the command refuses, and the exit status of each error."""

from enum import IntEnum

from punctual_client.problems import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    NotLoggedIn,
    Problem,
    PunctualError,
    ServerFault,
    Unreachable,
)


class Exit(IntEnum):
    """What an exit status means."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_ALLOWED = 4
    CONFLICT = 5
    NOT_REACHED = 6
    TIMED_OUT = 124
    INTERRUPTED = 130
    PIPE_CLOSED = 141


class Refusal(Exception):
    """What the command itself refuses: a sentence that says what to type instead."""

    def __init__(self, sentence: str, code: Exit = Exit.USAGE) -> None:
        super().__init__(sentence)
        self.code = code


NOT_READY = (502, 503, 504)
EXITS: dict[type[PunctualError], Exit] = {
    NotFound: Exit.NOT_FOUND,
    NotLoggedIn: Exit.NOT_ALLOWED,
    Forbidden: Exit.NOT_ALLOWED,
    Conflict: Exit.CONFLICT,
}


def exit_of(error: PunctualError) -> Exit:
    """Return the exit status of an error."""
    if isinstance(error, Unreachable) or (
        isinstance(error, ServerFault) and error.status in NOT_READY
    ):
        return Exit.NOT_REACHED
    if isinstance(error, Invalid):
        return Exit.USAGE if error.faults else Exit.FAILED
    return next((code for kind, code in EXITS.items() if isinstance(error, kind)), Exit.FAILED)


def sentence_of(error: PunctualError) -> str:
    """Return what to print of an error: what is wrong, and what to do."""
    if isinstance(error, NotLoggedIn):
        return f"{error.detail}\nLog in with: punctual login --url URL (or set PUNCTUAL_TOKEN)."
    if isinstance(error, Invalid) and error.faults:
        return "\n".join(map(str, error.faults))
    if isinstance(error, Problem) and error.status >= 500 and error.request_id:
        return f"{error.detail}\nIn the log of the server it is request {error.request_id}."
    return str(error)
