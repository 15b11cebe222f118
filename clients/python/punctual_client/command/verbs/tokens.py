"""`tokens`: access tokens for programs."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from punctual_client.command.moments import read_moment
from punctual_client.command.opening import opened_client
from punctual_client.command.options import Limit, Output, Quiet, Team, limit_of
from punctual_client.command.shown import Column, Form, note, show_done, show_list, write

app = typer.Typer(help="Access tokens for programs.", no_args_is_help=True)

LISTED = (
    Column("id", lambda token: token["id"]),
    Column("name", lambda token: token["name"]),
    Column("role", lambda token: token["role"]),
    Column("team", lambda token: token["team"]),
    Column("used", lambda token: token["last_used_at"], is_time=True),
    Column("ends", lambda token: token["expires_at"], is_time=True),
)


@app.command("ls")
def list_(
    team: Team = None, limit: Limit = 100, output: Output = Form.TABLE, quiet: Quiet = False
) -> None:
    """List your access tokens, or those of a team."""
    with opened_client() as client:
        found = client.tokens(team=team)
        show_list(found, LISTED, form=output, quiet=quiet, most=limit_of(limit))


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    role: Annotated[str | None, typer.Option(help="The most that it may do.")] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it ends, as 90d; never by default.")
    ] = None,
    team: Team = None,
    output: Output = Form.TABLE,
) -> None:
    """Create an access token and write it, this once; with --team it is the team's own."""
    end = None if expires is None else read_moment(expires, now=datetime.now(UTC))
    with opened_client() as client:
        made = client.create_token(name, role=role, team=team, expires_at=end)
    if output is Form.TABLE:
        write(f"{made['token']}\n")
        note("Keep it: it is not shown again.")
    else:
        show_done(made, "", form=output, quiet=False)


@app.command()
def rm(token_id: Annotated[str, typer.Argument(metavar="TOKEN", help="Its id.")]) -> None:
    """End an access token."""
    with opened_client() as client:
        client.end_token(token_id)
    show_done({}, f"Ended {token_id}.", form=Form.TABLE, quiet=False)
