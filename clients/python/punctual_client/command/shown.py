"""What is printed: tables on a terminal, tab-separated lines elsewhere, JSON and YAML."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from typing import Any

import yaml

from punctual_client.command.moments import distance, local

GAP = 2
LEAST_WIDTH = 8
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
STYLES: Mapping[str, str] = {
    **dict.fromkeys(("succeeded", "ok"), "green"),
    **dict.fromkeys(("failed", "timed_out", "lost", "missed", "failing"), "red"),
    **dict.fromkeys(("cancelled", "skipped", "late", "suspicious"), "yellow"),
    **dict.fromkeys(("running", "claimed", "queued"), "cyan"),
    **dict.fromkeys(("paused", "idle", "unknown"), "dim"),
}


class Form(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, and what it has of an item; a time is shown as one."""

    heading: str
    of: Callable[[Mapping[str, Any]], object]
    is_time: bool = False
    plain_only: bool = False
    """Left out of a terminal, where a name is typed instead of an id."""
    is_long: bool = False
    """Cut on a terminal that is too narrow, so that the others are not."""


def show_list(
    items: Iterable[Mapping[str, Any]],
    columns: Sequence[Column],
    *,
    form: Form,
    quiet: bool,
    id_of: str = "id",
    most: int | None = None,
) -> None:
    """Write a list: at most `most` of it, then a line on standard error that there is more."""
    coming = iter(items)
    if quiet:
        for item in islice(coming, most):
            write(f"{item[id_of]}\n")
    elif form is Form.TABLE and sys.stdout.isatty():
        _table(list(islice(coming, most)), columns)
    elif form is Form.TABLE:
        for item in islice(coming, most):
            write("\t".join(_plain(column.of(item)) for column in columns) + "\n")
    else:
        _document(list(islice(coming, most)), form)
    if most is not None and next(coming, None) is not None:
        note(f"There are more than {most}: --limit 0 shows all.")


def show_one(
    item: Mapping[str, Any],
    columns: Sequence[Column],
    *,
    form: Form,
    quiet: bool,
    id_of: str = "id",
) -> None:
    """Write one object: a line for each column that has something."""
    if quiet:
        write(f"{item[id_of]}\n")
    elif form is not Form.TABLE:
        _document(item, form)
    elif sys.stdout.isatty():
        width = max(len(column.heading) for column in columns)
        for column in columns:
            if text := _for_people(column, item):
                write(f"{column.heading:<{width}}  {text}\n")
    else:
        for column in columns:
            write(f"{column.heading}\t{_plain(column.of(item))}\n")


def show_done(
    item: Mapping[str, Any], sentence: str, *, form: Form, quiet: bool, id_of: str = "id"
) -> None:
    """Write what has become of an object: a sentence, its id or the whole."""
    if quiet:
        write(f"{item[id_of]}\n")
    elif form is Form.TABLE:
        write(f"{printable(sentence)}\n")
    else:
        _document(item, form)


class PipeClosed(Exception):
    """What reads standard output has ended: no OSError, which the library makes a status of."""


def write(text: str) -> None:
    """Write to standard output; raises PipeClosed."""
    try:
        sys.stdout.write(text)
    except BrokenPipeError:
        raise PipeClosed from None


def write_bytes(output: bytes) -> None:
    """Write bytes as they are, at once; raises PipeClosed."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(output)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise PipeClosed from None


def note(text: str) -> None:
    """Write a line for people to standard error, which no program reads."""
    sys.stderr.write(f"{text}\n")


def printable(text: str) -> str:
    """Return a text that does nothing to a terminal: names are other people's."""
    return CONTROL.sub(" ", text)


def yaml_of(document: object) -> str:
    """Return YAML as people write it: in order, texts of several lines as they are."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


class _Dumper(yaml.SafeDumper):
    """SafeDumper, with block texts."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _document(document: object, form: Form) -> None:
    if form is Form.YAML:
        write(yaml_of(document))
    else:
        write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else printable(str(value))


def _for_people(column: Column, item: Mapping[str, Any]) -> str:
    value = column.of(item)
    if column.is_time and isinstance(value, str):
        return f"{local(value)} ({distance(value, now=datetime.now(UTC))})"
    return _plain(value)


def _table(items: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> None:
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = [column for column in columns if not column.plain_only]
    now = datetime.now(UTC)
    rows = [[_cell(column, item, now) for column in shown] for item in items]
    console = Console(highlight=False)
    widths = [
        max(cell_len(text) for text in [column.heading, *(row[at] for row in rows)])
        for at, column in enumerate(shown)
    ]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column, width in zip(shown, _cut(widths, shown, console.width), strict=True):
        table.add_column(
            column.heading.upper(),
            overflow="ellipsis",
            no_wrap=True,
            min_width=width,
            max_width=width,
        )
    for row in rows:
        table.add_row(*(Text(text, style=STYLES.get(text, "")) for text in row))
    with console.capture() as captured:
        console.print(table)
    write(captured.get())


def _cut(widths: list[int], columns: Sequence[Column], room: int) -> list[int]:
    """Take from the widest long column until all fit, or none has anything left to give."""
    cut = list(widths)
    long = [at for at, column in enumerate(columns) if column.is_long]
    excess = sum(cut) + GAP * (len(cut) - 1) - room
    while excess > 0 and long:
        widest = max(long, key=lambda at: cut[at])
        if cut[widest] <= LEAST_WIDTH:
            break
        cut[widest] -= 1
        excess -= 1
    return cut


def _cell(column: Column, item: Mapping[str, Any], now: datetime) -> str:
    value = column.of(item)
    if column.is_time:
        return distance(value if isinstance(value, str) else None, now=now)
    return _plain(value)
