"""A crontab's NAME=value lines, recognised as Debian's cron does."""

import re

LONGEST_LINE = 998
"""Bytes of a NAME=value line that Debian's cron reads: the rest is lost without a word."""

# What C calls a space; cron reads bytes.
_SPACE = " \t\n\v\f\r"
_VARIABLE = re.compile(
    rf"""(?:"(?P<double>[^"=]*)"|'(?P<single>[^'=]*)'|(?P<bare>(?!["'])[^{_SPACE}=]*))
    [{_SPACE}]*=[{_SPACE}]*
    (?:"(?P<in_double>[^"]*)"[{_SPACE}]*|'(?P<in_single>[^']*)'[{_SPACE}]*
    |(?P<plain>(?!["'{_SPACE}]).+))""",
    re.VERBOSE | re.DOTALL,
)


def read_variable(line: str) -> tuple[str, str] | None:
    """Return the name and the value of a line that sets a variable; None for any other line.

    `line` has no blanks before it. A value that is empty has quotes around it; blanks at the end
    of a value go, in quotes as well.
    """
    found = _VARIABLE.fullmatch(line)
    if found is None:
        return None
    name = _given(found, "double", "single", "bare")
    value = _given(found, "in_double", "in_single", "plain").rstrip(_SPACE)
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":  # quotes within quotes
        value = value[1:-1]
    return name, value


def _given(found: re.Match[str], *groups: str) -> str:
    return next(part for part in found.group(*groups) if part is not None)
