"""New schedules: validated more strictly than stored ones, with hints in refusals."""

from collections.abc import Mapping
from datetime import datetime

from punctual.domain.errors import InvalidSchedule
from punctual.domain.schedules.cron_check import check_cron
from punctual.domain.schedules.syntax import Schedule, parse_schedule


def parse_new_schedule(
    document: object, *, anchor: datetime, pointer: str = "/schedule"
) -> Schedule | None:
    """Read a schedule as parse_schedule does, its cron expressions strictly.

    Raises InvalidSchedule, pointing below `pointer`.
    """
    try:
        schedule = parse_schedule(document, anchor=anchor, pointer=pointer)
    except InvalidSchedule as error:
        if error.pointer.endswith("/cron"):
            _check(document, pointer)  # which says what to write
        raise
    _check(document, pointer)
    return schedule


def _check(document: object, pointer: str) -> None:
    if isinstance(document, list):
        for place, one in enumerate(document):
            _check(one, f"{pointer}/{place}")
    elif isinstance(document, Mapping) and isinstance(expression := document.get("cron"), str):
        try:
            check_cron(expression)
        except InvalidSchedule as error:
            raise InvalidSchedule(pointer + error.pointer, error.detail) from None
