"""`completion`: what makes a shell complete commands, options and names of tasks."""

from enum import StrEnum
from typing import Annotated

import typer
from typer.completion import get_completion_script  # type: ignore[attr-defined]

from punctual_client.command.shown import write


class Shell(StrEnum):
    """A shell that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(shell: Annotated[Shell, typer.Argument(help="Your shell.")]) -> None:
    """Write a script that makes a shell complete.

    It completes commands, options and names of tasks: source <(punctual completion bash)
    """
    script = get_completion_script(
        prog_name="punctual", complete_var="_PUNCTUAL_COMPLETE", shell=shell.value
    )
    write(f"{script}\n")


VERBS = (completion,)
