"""Show the API's validation errors at the fields of a form."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

from marshmallow import ValidationError

from punctual_api.http.context import session
from punctual_api.http.problems import Fault, Problem, faults_in

PLAINER = {
    "Missing data for required field.": "Please fill this in.",
    "Field may not be null.": "Please fill this in.",
    "Not a valid integer.": "This must be a whole number.",
    "Not a valid number.": "This must be a number.",
}
"""The checks speak to programs; pages say this instead."""


def by_field(faults: Sequence[Fault], fields: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """Return the first fault of each field, and in a list those that belong to no field.

    A fault at "/schedule/cron" belongs to `cron` where the form has such a field, one at
    "/env/PATH" to `env`.
    """
    errors: dict[str, str] = {}
    others: list[str] = []
    for pointer, detail in faults:
        steps = pointer.strip("/").split("/")
        detail = PLAINER.get(detail, detail)  # noqa: PLW2901
        field = next((step for step in reversed(steps) if step in fields), None)
        if field is None:
            others.append(f"{'/'.join(steps)}: {detail}" if pointer.strip("/") else detail)
        elif len(below := steps[steps.index(field) + 1 :]):
            place = f"{int(below[0]) + 1}" if below[0].isdecimal() else "/".join(below)
            errors.setdefault(field, f"{place}: {detail}")
        else:
            errors.setdefault(field, detail)
    return errors, others


class RefusedForm(Exception):
    """What a form asks for was not done: `faults` says why, at the fields of the form."""

    def __init__(self, typed: dict[str, str], faults: list[Fault]) -> None:
        super().__init__()
        self.typed = typed
        self.faults = faults


@contextmanager
def refusals(typed: dict[str, str], *, prefix: str) -> Iterator[None]:
    """Raise RefusedForm for what the body refuses, after undoing what it did.

    The form's fields are named as the schema's, with the prefix.
    """
    try:
        yield
    except ValidationError as error:
        raise RefusedForm(typed, _prefixed(faults_in(error.messages), prefix)) from None
    except Problem as problem:
        session().rollback()
        faults = problem.faults or [Fault("", str(problem.description))]
        raise RefusedForm(typed, _prefixed(faults, prefix)) from None


def _prefixed(faults: Iterable[Fault], prefix: str) -> list[Fault]:
    return [
        Fault(f"/{prefix}{pointer[1:]}" if pointer else "", detail) for pointer, detail in faults
    ]
