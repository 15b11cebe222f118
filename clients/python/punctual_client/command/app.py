"""The commands of users as one program."""

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer
from typer._click.exceptions import ClickException
from typer.completion import completion_init  # type: ignore[attr-defined]

from punctual_client.command.environment import Unusable
from punctual_client.command.logins import UnreadableLogins
from punctual_client.command.operators import WELL_KNOWN, installed_names
from punctual_client.command.refusals import Exit, Refusal, exit_of, sentence_of
from punctual_client.command.shown import PipeClosed, note, write
from punctual_client.command.verbs import (
    account,
    backfill,
    completion,
    crontab,
    editing,
    queues,
    runs,
    secrets,
    tasks,
    teams,
    times,
    tokens,
)
from punctual_client.connection import DISTRIBUTION
from punctual_client.problems import PunctualError

PROGRAM = "punctual"
NOUNS = {
    "crontab": crontab.app,
    "secrets": secrets.app,
    "teams": teams.app,
    "tokens": tokens.app,
}

app = typer.Typer(
    name=PROGRAM,
    help="Punctual from a terminal: tasks, their runs and what the runs wrote.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(*, wanted: bool) -> None:
    if wanted:
        write(f"{version(DISTRIBUTION)}\n")
        raise typer.Exit


@app.callback()
def _start(
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Show the version and exit.",
            callback=lambda wanted: _show_version(wanted=wanted),
        ),
    ] = False,
) -> None:
    pass


for verb in (
    *account.VERBS,
    *tasks.VERBS,
    *editing.VERBS,
    *runs.VERBS,
    *times.VERBS,
    *backfill.VERBS,
    *queues.VERBS,
    *completion.VERBS,
):
    app.command()(verb)
app.command("next")(times.next_)
for noun, of_noun in NOUNS.items():
    app.add_typer(of_noun, name=noun)


def run(words: list[str]) -> int:
    """Run a command of users; say what went wrong in a sentence, and return the exit status."""
    try:
        code = _status(words)
        sys.stdout.flush()
    except (BrokenPipeError, PipeClosed):
        # Python would flush at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.PIPE_CLOSED
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    return code


def _status(words: list[str]) -> int:
    if named := {words[0], " ".join(words[:2])} & WELL_KNOWN if words else None:
        note(f"punctual {named.pop()} is for operators: type it where a service is installed.")
        return Exit.USAGE
    if names := installed_names():
        app.info.epilog = f"Operators' commands, of the service here: {', '.join(names)}."
    completion_init()  # otherwise done for `--install-completion` alone, which writes to ~/.bashrc
    code: object = Exit.DONE
    try:
        code = app(args=words, prog_name=PROGRAM, standalone_mode=False)
    except ClickException as error:
        error.show()
        code = error.exit_code
    except typer.Abort:
        code = Exit.INTERRUPTED
    except Refusal as refusal:
        note(str(refusal))
        code = refusal.code
    except PunctualError as error:
        note(sentence_of(error))
        code = exit_of(error)
    except (Unusable, UnreadableLogins) as error:
        note(str(error))
        code = Exit.USAGE
    return code if isinstance(code, int) else Exit.DONE
