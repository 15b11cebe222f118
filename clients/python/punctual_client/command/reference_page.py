"""Write the page of all commands: `python -m punctual_client.command.reference_page FILE`."""

import sys
from collections.abc import Iterator
from pathlib import Path

import typer
from typer.core import TyperGroup
from typer.main import get_command

from punctual_client.command.app import PROGRAM, app

WIDTH = 100
HEADING = """# Commands

What each command of `punctual` takes, as `punctual COMMAND --help` writes it. The
[guide](../guide/command-line.md) shows how they are used. Commands of operators (`punctual doctor`,
`migrate`, `config`, `rights`, `mail`, `user`, `secrets keygen|rotate|set`) are there where a
service is installed: [operations](../operate/operations.md).

This page is generated: `python -m punctual_client.command.reference_page docs/reference/cli.md`.
"""


def page() -> str:
    """Return the page."""
    root = get_command(app)
    assert isinstance(root, TyperGroup)  # noqa: S101 - it has commands
    return "\n".join([HEADING, *_sections(root, PROGRAM)])


def _sections(group: TyperGroup, name: str) -> Iterator[str]:
    for verb, command in group.commands.items():
        context = typer.Context(
            command, info_name=f"{name} {verb}", terminal_width=WIDTH, max_content_width=WIDTH
        )
        if isinstance(command, TyperGroup):
            yield from _sections(command, f"{name} {verb}")
            continue
        text = command.get_help(context).strip()
        yield f"## {name} {verb}\n\n```text\n{text}\n```\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
