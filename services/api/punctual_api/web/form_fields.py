"""Lists, pairs and numbers as people type them; JSON where a plain line could not say it."""

import json
import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, NoReturn

from punctual.domain.text import BYTE_ORDER_MARK
from punctual_api.http.json_body import read_members

SIZES = {"T": 1 << 40, "G": 1 << 30, "M": 1 << 20, "K": 1 << 10}
_UNIT = re.compile(r"\s*([KMGT])(?:i?B)?\s*$", re.IGNORECASE)


def pasted(text: str) -> str:
    """Return what was typed or pasted, with LF for line ends and no mark before it."""
    return text.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n")


def read_number(text: str) -> int | float | str:
    """Return a number, or the text itself when it is none: validation comes later."""
    for kind in (int, float):
        try:
            number = kind(text.strip().replace(",", "."))
        except ValueError:
            continue
        # No JSON has them, and the checks would take them for numbers.
        return number if isfinite(number) else text
    return text


def write_number(number: float | None) -> str:
    """Return a number without needless digits: "10", "0.5"; nothing for None."""
    if number is None:
        return ""
    return str(int(number)) if number == int(number) else repr(number)


def read_size(text: str) -> int | float | str:
    """A number of bytes, or of a unit: "1000", "512M", "2 GiB"; the text itself when it is none."""
    unit = _UNIT.search(text)
    number = read_number(text if unit is None else text[: unit.start()])
    if unit is None or isinstance(number, str):
        return number if unit is None else text
    size = number * SIZES[unit[1].upper()]
    return int(size) if size == int(size) else size


def write_size(size: int | None) -> str:
    """What read_size reads back, in the largest unit that keeps it whole."""
    if size is None:
        return ""
    fitting = (f"{size // of}{unit}" for unit, of in SIZES.items() if size and size % of == 0)
    return next(fitting, str(size))


def read_words(text: str) -> list[Any]:
    """Words between commas, or a JSON array. Raises ValueError."""
    if text.lstrip().startswith("["):
        words = _json(text)
        if isinstance(words, list):
            return words
    return [word.strip() for word in text.split(",") if word.strip()]


def write_words(words: Sequence[str]) -> str:
    """What read_words reads back."""
    plain = ", ".join(words)
    try:
        fits = read_words(plain) == list(words)
    except ValueError:  # the first word begins as an array does
        fits = False
    return plain if fits else json.dumps(words, ensure_ascii=False)


def read_codes(text: str) -> list[int | float | str]:
    """Return numbers between commas; validation comes later."""
    return [read_number(word) for word in text.split(",") if word.strip()]


def write_codes(codes: Sequence[int] | None) -> str:
    """What read_codes reads back."""
    return ", ".join(map(str, codes or ()))


def read_pairs(text: str) -> dict[str, Any]:
    """KEY=value lines, or a JSON object. Raises ValueError."""
    if text.lstrip().startswith("{"):
        return read_object(text)
    return _named(text, "=", "no equals sign: write KEY=value.")


def write_pairs(pairs: Mapping[str, str]) -> str:
    """What read_pairs reads back."""
    plain = "\n".join(f"{name}={value}" for name, value in pairs.items())
    fits = not any(char in plain for char in "\r") and _lines(plain) == dict(pairs)
    return plain if fits else json.dumps(pairs, indent=2, ensure_ascii=False)


def read_headers(text: str) -> dict[str, str]:
    """Name: value lines. Raises ValueError."""
    named = _named(text, ":", "no colon: write Name: value.")
    return {name: value.strip() for name, value in named.items()}


def write_headers(headers: Mapping[str, str]) -> str:
    """What read_headers reads back, but for blanks around a value."""
    return "\n".join(f"{name}: {value}" for name, value in headers.items())


def _named(text: str, sign: str, missing: str) -> dict[str, str]:
    """Lines of a name, a sign and a value. Raises ValueError with the line's number."""
    named: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        name, found, value = line.partition(sign)
        if not found:
            raise ValueError(f"Line {number} has {missing}")
        if name.strip() in named:
            raise ValueError(f"Line {number} sets {name.strip()} a second time.")
        named[name.strip()] = value
    return named


def read_object(text: str) -> dict[str, Any]:
    """Return a JSON object. Raises ValueError."""
    document = _json(text)
    if not isinstance(document, dict):
        raise ValueError('This must be a JSON object, such as {"team": "ops"}.')  # noqa: TRY004 - typed text has one type
    return document


def read_list(text: str) -> list[Any]:
    """Return a JSON array. Raises ValueError."""
    document = _json(text)
    if not isinstance(document, list):
        raise ValueError("This must be a JSON array, in square brackets.")  # noqa: TRY004 - typed text has one type
    return document


def write_json(document: object) -> str:
    """What read_object and read_list read back; nothing for what is empty."""
    return json.dumps(document, indent=2, ensure_ascii=False) if document else ""


def read_schedules(text: str) -> Any:
    """Return a schedule, or a list of them, as JSON. Raises ValueError."""
    if not text.strip():
        raise ValueError('Write a JSON array, such as [{"cron": "0 9 * * 1-5"}, {"every": 3600}].')
    return _json(text)


def _lines(plain: str) -> dict[str, Any] | None:
    try:
        return read_pairs(plain)
    except ValueError:
        return None


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse, object_pairs_hook=read_members)
    except RecursionError:
        raise ValueError("This is nested too deeply.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"This is not JSON: {error.msg} ({where}).") from None


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number.")
