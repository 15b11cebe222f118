"""Reasons as rows hold them, held to what their codes say."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from punctual.domain.runs.reasons import ALLOWED, REQUIRED, TYPES, ArgType, ReasonCode

RULES = {"retry_on", "no_retry_on", "same_again"}

FORMS: Mapping[ArgType, Callable[[Any], object]] = {
    ArgType.TEXT: lambda value: isinstance(value, str),
    ArgType.TEXTS: lambda value: all(isinstance(each, str) for each in value),
    ArgType.WHOLE: lambda value: isinstance(value, int),
    ArgType.NUMBER: lambda value: isinstance(value, int | float),
    ArgType.FLAG: lambda value: value is True,
    ArgType.INSTANT: lambda value: datetime.fromisoformat(value).tzinfo,
    ArgType.RUN: UUID,
    ArgType.RULE: lambda value: value["rule"] in RULES,
    ArgType.SIGNAL: lambda value: isinstance(value, int),
    ArgType.REASON: lambda value: not check_args(**value),
}


def check_args(code: str, args: Mapping[str, Any] | None) -> list[str]:
    """Fail unless these are the arguments that the code takes, each of its type."""
    known = ReasonCode(code)
    assert args is not None, f"{code} without arguments"
    assert REQUIRED[known] <= args.keys() <= ALLOWED[known], (code, dict(args))
    for name, value in args.items():
        assert FORMS[TYPES[name]](value), (code, name, value)
    return []
