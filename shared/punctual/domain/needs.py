"""What a request may need: who sends it, with which role in which team, and how they came in."""

from enum import IntEnum, StrEnum
from typing import NamedTuple

from punctual.domain.roles import Role


class Through(IntEnum):
    """What a user came in by; each allows what those before it allow."""

    LIMITED_TOKEN = 0
    """An access token with a role, or of a team."""
    FULL_TOKEN = 1
    """A user's access token without a role."""
    LOGIN = 2
    """A session, or the token of a login."""


class Who(StrEnum):
    """Who may send a request at all."""

    ANYONE = "anyone"
    USER = "user"
    MEMBER = "member"
    ADMIN = "admin"


class Of(StrEnum):
    """Which team a request is about."""

    OBJECT = "object"
    """The team of the object that the address names."""
    ONE = "one"
    """The team that the request names, by default the personal one."""
    ONE_OR_INSTALLATION = "one or installation"
    """The team that the request names; none: the whole installation, which needs an admin."""
    ALL = "all"
    """Every team in which the user has the role needed, or the one that the request names."""


class Need(NamedTuple):
    """What an endpoint needs; a member needs a role in the team that the request is about."""

    who: Who
    role: Role | None = None
    of: Of | None = None
    through: Through = Through.LIMITED_TOKEN


PUBLIC = Need(Who.ANYONE)
SIGNED_IN = Need(Who.USER)
BY_FULL_TOKEN = Need(Who.USER, through=Through.FULL_TOKEN)
BY_LOGIN = Need(Who.USER, through=Through.LOGIN)
ADMIN = Need(Who.ADMIN, through=Through.FULL_TOKEN)

ADMIN_OF_TEAM = Need(Who.ADMIN, Role.OWNER, Of.OBJECT, Through.FULL_TOKEN)

SEE = Need(Who.MEMBER, Role.VIEWER, Of.OBJECT)
ACT = Need(Who.MEMBER, Role.OPERATOR, Of.OBJECT)
EDIT = Need(Who.MEMBER, Role.EDITOR, Of.OBJECT)
OWN = Need(Who.MEMBER, Role.OWNER, Of.OBJECT)

OWN_BY_LOGIN = Need(Who.MEMBER, Role.OWNER, Of.OBJECT, Through.LOGIN)

OWN_LIST = Need(Who.MEMBER, Role.OWNER, Of.ALL)
LIST = Need(Who.MEMBER, Role.VIEWER, Of.ALL)
SEE_IN_TEAM = Need(Who.MEMBER, Role.VIEWER, Of.ONE)
ACT_IN_TEAMS = Need(Who.MEMBER, Role.OPERATOR, Of.ALL)
EDIT_LIST = Need(Who.MEMBER, Role.EDITOR, Of.ALL)
EDIT_IN_TEAM = Need(Who.MEMBER, Role.EDITOR, Of.ONE)
OWN_IN_TEAM = Need(Who.MEMBER, Role.OWNER, Of.ONE)
OWN_IN_TEAM_BY_LOGIN = Need(Who.MEMBER, Role.OWNER, Of.ONE, Through.LOGIN)
INVITE = Need(Who.MEMBER, Role.OWNER, Of.ONE_OR_INSTALLATION, Through.FULL_TOKEN)
END_INVITE = Need(Who.MEMBER, Role.OWNER, Of.OBJECT, Through.FULL_TOKEN)
