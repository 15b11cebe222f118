"""The checker: holds a history against every promise, in the manner of Jepsen's Chronos test."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.faults.checker import rules_of_runs, rules_of_starts
from tests.faults.checker.history import History


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken: which, by what, and how."""

    rule: str
    subject: str
    detail: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.subject}: {self.detail}"


RULES = {
    "every due time has a run": rules_of_runs.every_due_time_has_a_run,
    "every run ends": rules_of_runs.every_run_ends,
    "what did not succeed says why": rules_of_runs.reasons_are_named,
    "attempts are gap-free and at most max_retries + 1": rules_of_runs.attempts_are_counted,
    "final is final": rules_of_runs.final_is_final,
    "fences only grow": rules_of_runs.fences_only_grow,
    "an attempt starts at most once": rules_of_starts.at_most_one_start,
    "what started is known": rules_of_starts.starts_are_known,
    "never early": rules_of_starts.never_early,
    "never too late": rules_of_starts.never_too_late,
    "attempts of one run never overlap": rules_of_starts.attempts_never_overlap,
    "overlap: skip never has two running": rules_of_starts.skip_never_overlaps,
    "nothing is alive of a run that is not running": rules_of_starts.nothing_outlives_its_run,
}


def check(history: History) -> list[Violation]:
    """Every violation in the history; none means that all promises were kept."""
    return list(_violations(history))


def _violations(history: History) -> Iterator[Violation]:
    for rule, broken in RULES.items():
        for subject, detail in broken(history):
            yield Violation(rule, subject, detail)
