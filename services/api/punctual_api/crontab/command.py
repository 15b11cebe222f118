"""Import a crontab: `python -m punctual_api.crontab.command FILE --url URL --token-file F`."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

from punctual.domain.text import decode_text

SECONDS = 60.0
MARKS = {"entry": "+", "fault": "!", "variable": " ", "comment": " ", "blank": " "}


def main(arguments: list[str] | None = None) -> int:
    """Report what a crontab would become, import it, or export one; return the exit code.

    0: all was understood. 1: a line was not, or the server refused. 2: wrong usage.
    """
    options = _parser().parse_args(arguments)
    try:
        token = Path(options.token_file).read_text(encoding="utf-8").strip()
        if options.export:
            path = f"export/crontab/?timezone={quote(options.timezone)}"
            sys.stdout.write(_call(options.url, path, token).decode())
            return 0
        document = {
            "crontab": _read(options.file),
            "format": "system" if options.system else "user",
            "timezone": options.timezone,
            "dry_run": not options.apply,
        }
        report = json.loads(_call(options.url, "import/crontab/", token, document))
    except HTTPError as error:
        sys.stderr.write(f"{error.code}: {error.read().decode(errors='replace')}\n")
        return 1
    except (OSError, URLError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(report_text(report))
    return 1 if report["faults"] else 0


def report_text(report: dict[str, Any]) -> str:
    """Return the report for a terminal, line by line: + becomes a task, ! cannot."""
    lines = []
    for line in report["lines"]:
        lines.append(f"{line['line']:4} {MARKS[line['kind']]} {line['text']}")
        if line["task"]:
            lines.append(f"       = {line['task_id'] or 'a task'}: {line['task']['name']}")
        lines += [f"       {sentence}" for sentence in line["notes"]]
    done = "would become tasks" if report["dry_run"] else "became tasks"
    lines.append(f"{report['entries']} lines {done}, {report['faults']} cannot be imported.")
    if report["dry_run"]:
        lines.append("This was a dry run: add --apply to create them.")
    return "\n".join(lines) + "\n"


def _read(file: str | None) -> str:
    if file is None:
        raise ValueError("Name a crontab file, - for standard input, or --export.")
    raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        return decode_text(raw)
    except ValueError as error:
        raise ValueError(f"{file}: {error}.") from None


def _call(url: str, path: str, token: str, document: dict[str, Any] | None = None) -> bytes:
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{url} is not an http or https URL.")
    headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
    body = None if document is None else json.dumps(document).encode()
    request = Request(f"{url.rstrip('/')}/api/{path}", data=body, headers=headers)  # noqa: S310
    with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - checked above
        content: bytes = answer.read()
    return content


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m punctual_api.crontab.command",
        description="Import a crontab as tasks (a dry run unless --apply), or export one.",
    )
    parser.add_argument("file", nargs="?", help="the crontab; - reads standard input")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where Punctual answers")
    parser.add_argument("--token-file", required=True, help="a file with your API token")
    parser.add_argument("--system", action="store_true", help="a user stands before each command")
    parser.add_argument("--timezone", default="UTC", help="of the crontab's machine")
    parser.add_argument("--apply", action="store_true", help="create the tasks")
    parser.add_argument("--export", action="store_true", help="write your tasks as a crontab")
    return parser


if __name__ == "__main__":
    sys.exit(main())
