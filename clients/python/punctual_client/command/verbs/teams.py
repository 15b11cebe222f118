"""`teams`: teams and their members."""

from typing import Annotated

import typer

from punctual_client.command.opening import opened_client
from punctual_client.command.options import Output, Quiet, Yes
from punctual_client.command.questions import confirm
from punctual_client.command.shown import Column, Form, show_done, show_list
from punctual_client.problems import Conflict

app = typer.Typer(help="Teams and their members.", no_args_is_help=True)

LISTED = (
    Column("slug", lambda team: team["slug"]),
    Column("name", lambda team: team["name"]),
    Column("role", lambda team: team["role"]),
    Column("personal", lambda team: team["personal"]),
)
MEMBERS = (
    Column("user", lambda member: member["username"]),
    Column("role", lambda member: member["role"]),
    Column("since", lambda member: member["created_at"], is_time=True),
)
Slug = Annotated[str, typer.Argument(metavar="TEAM", help="Its slug.")]
User = Annotated[str, typer.Argument(metavar="USER", help="A username.")]


@app.command("ls")
def list_(output: Output = Form.TABLE, quiet: Quiet = False) -> None:
    """List the teams that you are in."""
    with opened_client() as client:
        show_list(client.teams(), LISTED, form=output, quiet=quiet, id_of="slug")


@app.command()
def add(
    slug: Slug,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="For people.")] = None,
    output: Output = Form.TABLE,
    quiet: Quiet = False,
) -> None:
    """Create a team, whose owner you are."""
    with opened_client() as client:
        made = client.create_team(slug, name or slug)
    show_done(made, f"Created {made['slug']}.", form=output, quiet=quiet, id_of="slug")


@app.command()
def rm(slug: Slug, yes: Yes = False) -> None:
    """Delete a team, and all that it owns."""
    confirm(f"Delete {slug}, with its tasks and their history?", yes=yes)
    with opened_client() as client:
        client.delete_team(slug)
    show_done({}, f"Deleted {slug}.", form=Form.TABLE, quiet=False)


@app.command()
def members(slug: Slug, output: Output = Form.TABLE, quiet: Quiet = False) -> None:
    """List the members of a team."""
    with opened_client() as client:
        show_list(client.members(slug), MEMBERS, form=output, quiet=quiet, id_of="username")


@app.command()
def grant(
    slug: Slug,
    user: User,
    role: Annotated[str, typer.Argument(metavar="ROLE", help="viewer, operator, editor or owner.")],
    output: Output = Form.TABLE,
) -> None:
    """Make a user a member, or give a member another role."""
    with opened_client() as client:
        try:
            member = client.add_member(slug, user, role)
        except Conflict:
            member = client.change_member(slug, user, role)
    sentence = f"{member['username']} is {member['role']} of {slug}."
    show_done(member, sentence, form=output, quiet=False, id_of="username")


@app.command()
def revoke(slug: Slug, user: User, yes: Yes = False) -> None:
    """Remove a member from a team."""
    confirm(f"Remove {user} from {slug}?", yes=yes)
    with opened_client() as client:
        client.remove_member(slug, user)
    show_done({}, f"{user} is no member of {slug} any more.", form=Form.TABLE, quiet=False)
