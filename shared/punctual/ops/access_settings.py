"""Settings of who gets in, which the API alone reads: registration, passwords, single sign-on."""

from dataclasses import dataclass, field
from typing import Literal

from punctual.domain.single_sign_on import (
    is_open_to_all,
    parse_domains,
    parse_group_roles,
    parse_issuer,
)

Registration = Literal["open", "invite", "closed"]

REQUIRED = ("oidc_issuer", "oidc_client_id", "oidc_client_secret")


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """Who gets an account, by what users log in, and what their groups at a provider mean."""

    registration: Registration = "invite"
    passwords: bool = True
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False, metadata={"secret": True})
    oidc_name: str = "single sign-on"
    oidc_scopes: str = "openid profile email"
    oidc_email_domains: str = ""
    oidc_link_by_email: bool = False
    oidc_groups_claim: str = "groups"
    oidc_group_roles: str = ""


def check_access(s: AccessSettings) -> None:
    """Raise ValueError, naming the setting without its prefix, for one that cannot be used."""
    for name, parse in (
        ("oidc_issuer", parse_issuer),
        ("oidc_email_domains", parse_domains),
        ("oidc_group_roles", parse_group_roles),
    ):
        try:
            if value := getattr(s, name):
                parse(value)
        except ValueError as error:
            raise ValueError(f"{name.upper()}: {error}") from None
    if "openid" not in s.oidc_scopes.split():
        raise ValueError("OIDC_SCOPES must have openid")


def check_complete(s: AccessSettings) -> None:
    """Raise ValueError, likewise, for what is missing, or would open more than is meant.

    For the API: other services may share a map of settings without the secret.
    """
    given = [name for name in REQUIRED if getattr(s, name)]
    missing = [name.upper() for name in REQUIRED if name not in given]
    if given and missing:
        raise ValueError(f"{missing[0]} is not set, and single sign-on needs it")
    if not given and not s.passwords:
        raise ValueError("PASSWORDS=0 needs OIDC_ISSUER: users could not log in at all")
    if given and is_open_to_all(s.oidc_issuer) and not s.oidc_email_domains:
        raise ValueError(
            "OIDC_EMAIL_DOMAINS must name your domains: everyone can have an account at this issuer"
        )
    if s.oidc_link_by_email and s.registration == "open":
        raise ValueError(
            "OIDC_LINK_BY_EMAIL=1 needs REGISTRATION=invite or closed, as everyone can register"
            " with another person's address"
        )
