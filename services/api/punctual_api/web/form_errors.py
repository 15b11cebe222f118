"""Show the API's validation errors at the fields of a form."""

from collections.abc import Collection, Sequence

from punctual_api.http.problems import Fault

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
