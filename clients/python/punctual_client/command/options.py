"""Options and arguments that many commands have."""

from typing import Annotated

import typer

from punctual_client.command.lookup import complete_task
from punctual_client.command.shown import Form

Output = Annotated[Form, typer.Option("--output", "-o", help="How to write the answer.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Write ids only.")]
Team = Annotated[str | None, typer.Option(metavar="SLUG", help="The team that is meant.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=0, help="How many at most; 0 for all.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without a question.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")]
TaskName = Annotated[
    str, typer.Argument(metavar="TASK", help="Its name or id.", autocompletion=complete_task)
]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="Its id.")]


def limit_of(limit: int) -> int | None:
    """Return how many to show at most, None for all."""
    return limit or None
