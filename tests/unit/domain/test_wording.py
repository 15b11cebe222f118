"""Sentences of reasons: every code has one, with its arguments, and a line in the docs."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from punctual.domain.reader import PLAIN
from punctual.domain.runs.ledger import Reason
from punctual.domain.runs.reasons import (
    ALLOWED,
    REQUIRED,
    TAKES,
    TYPES,
    ArgType,
    CodedReason,
    ReasonCode,
    coded,
)
from punctual.domain.runs.states import RunState
from punctual.domain.wording import clause, ledger_clause, run_clause, run_reason, signal_name
from tests.support.reasons import check_args

DOCS = Path(__file__).parents[3] / "docs" / "reference" / "reasons.md"
RUN_ID = "01997d52-0000-7000-8000-000000000007"
SILENT = "its worker w-1 had not answered since 2026-03-03T12:05:09Z"
STANDS_FOR = "stands for 12 due times, the last at 2026-03-03T12:05:09Z"
AT = datetime(2026, 3, 3, 12, 5, 9, 123456, tzinfo=UTC)

EXAMPLES: dict[ArgType, Any] = {
    ArgType.TEXT: "<b>text</b>",
    ArgType.TEXTS: ["coordinator", "worker"],
    ArgType.WHOLE: 7,
    ArgType.NUMBER: 2.5,
    ArgType.FLAG: True,
    ArgType.INSTANT: AT,
    ArgType.RUN: RUN_ID,
    ArgType.RULE: {"rule": "retry_on", "exit_codes": [75, 111]},
    ArgType.SIGNAL: 9,
    ArgType.REASON: coded(ReasonCode.EXIT_CODE, exit_code=3),
}


class Marks:
    """A reader that brackets whatever is no constant word."""

    def text(self, value: str) -> str:
        return f"[{value}]"

    def instant(self, at: datetime) -> str:
        return f"[{at:%H:%M}]"

    def due_time(self, at: datetime) -> str:
        return self.instant(at)

    def run(self, run_id: str, words: str) -> str:
        return f"[{words} {run_id}]"


def example(code: ReasonCode, names: frozenset[str]) -> CodedReason:
    return coded(code, **{name: EXAMPLES[TYPES[name]] for name in names})


@pytest.mark.parametrize("code", ReasonCode)
@pytest.mark.parametrize("names", [REQUIRED, ALLOWED], ids=["required", "all"])
def test_every_code_has_a_sentence_for_its_arguments(
    code: ReasonCode, names: dict[ReasonCode, frozenset[str]]
) -> None:
    reason = example(code, names[code])
    check_args(reason.code, reason.args)
    sentence = clause(reason)
    assert sentence
    assert not re.search(r"[{}]|None|\.$", sentence)
    assert run_reason("failed", code, reason.args, None)
    assert ledger_clause(Reason.CANCELLED, reason, None) is not None


@pytest.mark.parametrize("code", ReasonCode)
def test_free_text_gets_into_a_sentence_only_through_its_reader(code: ReasonCode) -> None:
    reason = example(code, ALLOWED[code])
    shown = {
        clause(reason, Marks()),
        run_reason("failed", code, reason.args, None, Marks()),
        run_clause("missed", code, reason.args, None, Marks()),
        ledger_clause(Reason.SKIPPED, reason, None, Marks()),
    }
    for sentence in shown:
        assert sentence is not None
        outside = re.sub(r"\[[^\]]*\]", "", sentence)
        assert not re.search(r"[<>&]|2026|" + RUN_ID, outside), outside


def test_text_of_an_older_release_goes_through_the_reader_too() -> None:
    assert run_reason("failed", None, None, "<b>", Marks()) == "[<b>]"
    assert run_reason("lost", "worker_lost", {"worker": "w"}, "older words") == "older words"
    assert run_clause("failed", None, None, "<b>", Marks()) == "[<b>]"
    assert ledger_clause(Reason.MISSED, None, "<b>", Marks()) == "[<b>]"


@pytest.mark.parametrize("code", ReasonCode)
def test_a_code_without_its_arguments_still_reads(code: ReasonCode) -> None:
    assert run_reason("cancelled", code, None, None)


def test_a_code_of_a_newer_release_says_nothing() -> None:
    assert run_reason("failed", "from_the_future", {"x": 1}, None) is None


def test_a_wrong_set_of_arguments_is_refused() -> None:
    with pytest.raises(TypeError, match="no_slot takes"):
        coded(ReasonCode.NO_SLOT, queue="gpu")
    with pytest.raises(TypeError, match="exit_code takes"):
        coded(ReasonCode.EXIT_CODE, exit_code=1, queue="gpu")


def test_every_argument_has_a_type_and_is_taken_by_a_code() -> None:
    assert TAKES.keys() == set(ReasonCode)
    assert frozenset().union(*ALLOWED.values()) == TYPES.keys()


@pytest.mark.parametrize(
    ("state", "reason", "message"),
    [
        (
            "skipped",
            coded(ReasonCode.WORKER_SILENT, worker="w-1", since=AT, run_id=RUN_ID),
            f"skipped: run {RUN_ID} of the same task was not finished: {SILENT}",
        ),
        (
            "missed",
            coded(ReasonCode.NOT_PLANNED, times=12, last=AT),
            f"missed: no coordinator planned them in time; {STANDS_FOR}",
        ),
        (
            "missed",
            coded(ReasonCode.NO_SLOT, queue="gpu", slots=4, start_deadline=True),
            "start deadline passed: all 4 slots of queue gpu are busy",
        ),
        ("cancelled", coded(ReasonCode.PAUSED), "withdrawn: its task was paused"),
        (
            "cancelled",
            coded(ReasonCode.PAUSED, retry=True, after=coded(ReasonCode.EXIT_CODE, exit_code=1)),
            "exit code 1; not retried: its task was paused",
        ),
        (
            "cancelled",
            coded(
                ReasonCode.CANCELLED,
                when="running",
                after=coded(ReasonCode.WORKER_LOST, worker="w-1", when="running"),
            ),
            "cancelled while it ran; worker w-1 stopped reporting while it ran",
        ),
        (
            "failed",
            coded(ReasonCode.RESOURCE_LIMIT, limit="file_bytes", most=1 << 20, exit_code=153),
            "exit code 153: file size limit of 1 MiB exceeded",
        ),
        (
            "failed",
            coded(ReasonCode.RESOURCE_LIMIT, limit="disk_bytes", most=3 << 30),
            "ended: disk limit of 3072 MiB exceeded",
        ),
        (
            "failed",
            coded(ReasonCode.COULD_NOT_START, error="no room", not_retried={"rule": "same_again"}),
            "no room; not retried: another attempt would fail the same way",
        ),
        ("timed_out", coded(ReasonCode.TIMEOUT, seconds=3.0), "timed out after 3 s"),
    ],
)
def test_a_run_gives_its_reason_in_a_sentence(
    state: RunState, reason: CodedReason, message: str
) -> None:
    assert run_reason(state, reason.code, reason.args, None, PLAIN) == message


def test_a_signal_has_its_name_or_its_number() -> None:
    assert [signal_name(number) for number in (9, 99)] == ["SIGKILL", "signal 99"]


def test_the_docs_have_a_line_for_each_code_with_its_arguments() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| .+ \|$", DOCS.read_text(), re.MULTILINE)
    documented = {code: " ".join(re.findall(r"`([\w?]+)`", takes)) for code, takes in rows}
    assert len(rows) == len(documented)
    assert documented == {str(code): takes for code, takes in TAKES.items()}
