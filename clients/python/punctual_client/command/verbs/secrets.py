"""`secrets`: names of secrets, and new values."""

import getpass
import sys
from typing import Annotated

import typer

from punctual_client.command.opening import opened_client
from punctual_client.command.options import Output, Quiet, Team, Yes
from punctual_client.command.questions import confirm
from punctual_client.command.refusals import Refusal
from punctual_client.command.shown import Column, Form, show_done, show_list
from punctual_client.problems import NotFound

app = typer.Typer(
    help="Secrets of teams, never their values. Operators' keygen, rotate and set work on the "
    "database, where a service is installed.",
    no_args_is_help=True,
)

LISTED = (
    Column("name", lambda secret: secret["name"]),
    Column("team", lambda secret: secret["team"]),
    Column("set", lambda secret: secret["updated_at"], is_time=True),
    Column("by", lambda secret: secret["updated_by"]),
    Column(
        "used by",
        lambda secret: ", ".join(task["name"] for task in secret["used_by"]),
        is_long=True,
    ),
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="What tasks call it.")]


@app.command("ls")
def list_(team: Team = None, output: Output = Form.TABLE, quiet: Quiet = False) -> None:
    """List secrets."""
    with opened_client() as client:
        show_list(client.secrets(team=team), LISTED, form=output, quiet=quiet, id_of="name")


@app.command()
def put(name: Name, team: Team = None, output: Output = Form.TABLE, quiet: Quiet = False) -> None:
    """Create a secret, or give it another value: asked for, or read from standard input."""
    value = _value(name)
    with opened_client() as client:
        try:
            saved, done = client.replace_secret(name, value, team=team), "Replaced"
        except NotFound:
            saved, done = client.create_secret(name, value, team=team), "Created"
    show_done(saved, f"{done} {name} of {saved['team']}.", form=output, quiet=quiet, id_of="name")


@app.command()
def rm(
    name: Name,
    force: Annotated[bool, typer.Option("--force", help="Also one that tasks use.")] = False,
    team: Team = None,
    yes: Yes = False,
) -> None:
    """Delete a secret."""
    confirm(f"Delete the secret {name}?", yes=yes)
    with opened_client() as client:
        client.delete_secret(name, team=team, force=force)
    show_done({}, f"Deleted {name}.", form=Form.TABLE, quiet=False)


def _value(name: str) -> str:
    if sys.stdin.isatty():
        value = getpass.getpass(f"Value of {name}: ")
    else:
        value = sys.stdin.read().removesuffix("\n")
    if not value:
        raise Refusal("A secret needs a value: type it, or give it on standard input.")
    return value
