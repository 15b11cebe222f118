"""Single sign-on: what an operator sets, and what a provider's claims mean for users and teams."""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from punctual.domain.hosts import LOOPBACK, host_in
from punctual.domain.roles import RANK, Role
from punctual.domain.username import canonical_username

GroupRoles = Mapping[str, Mapping[str, Role]]
"""For each group: the teams, by slug in lower case, and the role in each."""

OPEN_TO_ALL = frozenset({"accounts.google.com"})
"""Providers at which everyone can have an account."""
LONGEST_SUBJECT = 255
LONGEST_NAME = 64
UNFIT = re.compile(r"[^A-Za-z0-9_.\-]+")
DOMAIN = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")
MOST_ATTEMPTS = 50
"""Usernames that are tried for a new user before a number is made of the subject."""


def parse_issuer(text: str) -> str:
    """Return the address of a provider as it is; raises ValueError, saying what is wrong."""
    if not is_safe_url(text):
        raise ValueError("it must begin with https:// (http:// on this machine alone)")
    parts = urlsplit(text)
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("it has a user, a query or a fragment")
    return text


def is_safe_url(text: object) -> bool:
    """Return whether this is a URL over https, or over http of this machine."""
    if not isinstance(text, str) or not text.isascii() or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        host = host_in(parts.netloc.rpartition("@")[2])
    except ValueError:
        return False
    if host is None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)


def is_open_to_all(issuer: str) -> bool:
    """Return whether everyone can have an account at this provider."""
    return host_in(urlsplit(issuer).netloc) in OPEN_TO_ALL


def parse_domains(text: str) -> frozenset[str]:
    """Return the domains of a comma-separated list; raises ValueError, naming what is none."""
    found = frozenset(part.strip().lower() for part in text.split(",") if part.strip())
    for domain in sorted(found):
        if not DOMAIN.fullmatch(domain):
            raise ValueError(repr(domain))
    return found


def verified_domain(issuer: str, claims: Mapping[str, Any]) -> str | None:
    """Return the organisation's domain that the provider vouches for, in lower case.

    Where everyone can have an account, a verified address proves no membership: a person may have
    made one with the address of a former employer. There the claim `hd` of the organisation counts.
    """
    if is_open_to_all(issuer):
        found = claims.get("hd")
        return found.lower() if isinstance(found, str) else None
    email = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str):
        return None
    return email.rpartition("@")[2].lower()


def parse_group_roles(text: str) -> GroupRoles:
    """Return the roles that groups give, of a JSON object; raises ValueError, saying what is wrong.

    {"sre": {"ops": "owner"}, "everyone": {"ops": "viewer"}}
    """
    if not text.strip():
        return {}
    document = json.loads(text)
    if not isinstance(document, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - a setting has one type
    return {group: _roles(group, teams) for group, teams in document.items()}


def _roles(group: str, teams: object) -> Mapping[str, Role]:
    if not isinstance(teams, dict):
        raise ValueError(f"the group {group!r} needs an object of teams")  # noqa: TRY004
    for role in teams.values():
        if role not in [*Role]:
            raise ValueError(f"{role!r} is no role: {', '.join(Role)}")
    return {slug.lower(): Role(role) for slug, role in teams.items()}


def groups_in(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    """Return the groups of a claim: of that name, or along a path such as realm_access.roles."""
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for step in name.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
    if not isinstance(found, list):
        found = [found]
    return frozenset(each for each in found if isinstance(each, str))


def roles_of(groups: Iterable[str], group_roles: GroupRoles) -> dict[str, Role]:
    """Return the teams of a user in these groups; of several roles in a team the highest."""
    roles: dict[str, Role] = {}
    for group in groups:
        for slug, role in group_roles.get(group, {}).items():
            roles[slug] = max(role, roles.get(slug, role), key=RANK.__getitem__)
    return roles


def usernames_for(claims: Mapping[str, Any]) -> Iterator[str]:
    """Yield names for a new user, the best first: as at the provider, then with a number."""
    name = _first_name(claims)
    yield name
    for number in range(2, MOST_ATTEMPTS):
        yield f"{name[: LONGEST_NAME - 4]}-{number}"


def _first_name(claims: Mapping[str, Any]) -> str:
    for claim in ("preferred_username", "nickname", "email", "name"):
        value = claims.get(claim)
        if isinstance(value, str):
            plain = unicodedata.normalize("NFKD", value.partition("@")[0])
            letters = "".join(each for each in plain if not unicodedata.combining(each))
            name = UNFIT.sub("-", letters).strip("-.")[:LONGEST_NAME]
            if canonical_username(name) is not None:
                return name
    return "user"
