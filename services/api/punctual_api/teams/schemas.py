"""Teams and members as they are sent and answered."""

from marshmallow import RAISE, Schema, fields, validate

from punctual.domain.roles import Role
from punctual.domain.slug import SLUG, SLUG_RULE
from punctual_api.http.fields import Flag, Instant, Label, Text

ROLES = validate.OneOf([*Role])
ROLE = {"description": "viewer < operator < editor < owner; each may do what those before it may"}

MOST_SLOTS = 100_000
SLOTS = {
    "description": "How many of its runs may run at once, over all workers: 0 any number, null as"
    " many as PUNCTUAL_MAX_TEAM_SLOTS has."
}


class TeamFields(Schema):
    """What an owner decides about a team."""

    slug = Text(
        required=True,
        validate=validate.Regexp(rf"{SLUG}\Z", error=SLUG_RULE),
        metadata={"pattern": f"^{SLUG}$", "description": "Its short name in addresses and files"},
    )
    name = Label(required=True, validate=validate.Length(min=1, max=100))


class NewTeamSchema(TeamFields):
    """A team as it is created."""

    class Meta:
        unknown = RAISE


class TeamChangesSchema(NewTeamSchema):
    """What PATCH changes of a team; absent fields stay as they are."""

    max_slots = fields.Integer(
        strict=True,
        allow_none=True,
        validate=validate.Range(0, MOST_SLOTS),
        metadata=SLOTS | {"description": f"{SLOTS['description']} For admins alone."},
    )


class TeamSchema(Schema):
    """A team, with the role of the user who asks."""

    id = fields.UUID(required=True)
    slug = fields.String(required=True)
    name = fields.String(required=True)
    personal = fields.Boolean(
        required=True, metadata={"description": "A user's own team; it goes with the user"}
    )
    role = fields.String(required=True, validate=ROLES, metadata=ROLE)
    created_at = Instant(required=True)
    max_slots = fields.Integer(required=True, allow_none=True, metadata=SLOTS)
    effective_max_slots = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "How many may run at once by that; null: any number"},
    )


class TeamListSchema(Schema):
    """The teams that a user is in, the personal one first."""

    items = fields.List(fields.Nested(TeamSchema), required=True)


class RoleSchema(Schema):
    """Another role for a member."""

    class Meta:
        unknown = RAISE

    role = Text(required=True, validate=ROLES, metadata=ROLE)


class NewMemberSchema(RoleSchema):
    """A user who joins a team."""

    username = Text(required=True, validate=validate.Length(max=64))


class MemberSchema(Schema):
    """A member of a team."""

    username = fields.String(required=True)
    role = fields.String(required=True, validate=ROLES, metadata=ROLE)
    created_at = Instant(required=True, metadata={"description": "When the user joined"})
    by_groups = fields.Boolean(
        required=True,
        metadata={"description": "Groups of the single sign-on decide it, at each login"},
    )


class MemberListSchema(Schema):
    """The members of a team by name."""

    items = fields.List(fields.Nested(MemberSchema), required=True)


class HandoverSchema(Schema):
    """To which team all tasks of a team move, and whether to move them or only to report."""

    class Meta:
        unknown = RAISE

    team = Text(
        required=True,
        validate=validate.Length(min=1, max=64),
        metadata={"description": "Slug of the new team, where you are an editor"},
    )
    dry_run = Flag(load_default=True)


class HandoverReportSchema(Schema):
    """What has moved, or would move; with obstacles, nothing does."""

    dry_run = fields.Boolean(required=True)
    team = fields.String(required=True)
    tasks = fields.Integer(required=True)
    enabled_tasks = fields.Integer(required=True)
    unfinished_runs = fields.Integer(required=True)
    calendars = fields.List(
        fields.String(), required=True, metadata={"description": "Names of those that move along"}
    )
    limits = fields.List(
        fields.String(), required=True, metadata={"description": "Tags of those that move along"}
    )
    obstacles = fields.List(
        fields.String(), required=True, metadata={"description": "Why nothing can move"}
    )
    warnings = fields.List(
        fields.String(), required=True, metadata={"description": "What will be different"}
    )
