"""The user of an identity: found, connected, or created at the first login."""

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog
from marshmallow import ValidationError

from punctual.domain.single_sign_on import (
    groups_in,
    parse_domains,
    parse_group_roles,
    roles_of,
    usernames_for,
    verified_domain,
)
from punctual.store.accounts.group_members import follow_groups
from punctual.store.accounts.identities import (
    connect,
    hand_over,
    identity_of,
    lock_identity,
    user_of_identity,
)
from punctual.store.accounts.logins import lock_user
from punctual.store.accounts.users import change_email, create_user, user_with_email
from punctual.store.schema.models import User
from punctual_api.accounts.own_schemas import EmailSchema
from punctual_api.accounts.registration import CLOSED
from punctual_api.audit.identities import (
    record_link,
    record_new_address,
    record_new_role,
    record_new_user,
    record_refusal,
)
from punctual_api.http.context import session, settings
from punctual_api.single_sign_on.failures import SignOnFailed, failed

if TYPE_CHECKING:
    from punctual_api.single_sign_on.provider import Provider

log = structlog.get_logger()

DISABLED = "This account is disabled. Ask an admin of this installation."
NO_EMAIL = (
    "{name} sent no valid e-mail address, which an account needs. Ask an operator of this "
    "installation to request it there (scope `email`)."
)
EMAIL_TAKEN = (
    "There is an account with your e-mail address already. Log in to it with its password, and "
    "connect it with {name} on the page of your account; or ask an admin of this installation."
)
NAMES_TAKEN = "All usernames like yours are taken. Ask an admin."
OTHER_DOMAIN = (
    "Only users with a verified e-mail address of this organisation may log in here. Log in to "
    "{name} with another account, or ask an operator of this installation."
)


def user_of(provider: "Provider", claims: Mapping[str, Any]) -> tuple[User, bool]:
    """Return the user, locked, who logs in with these claims, and whether it is a new one.

    Raises SignOnFailed.
    """
    issuer, subject = provider.issuer, claims["sub"]
    _check_domain(provider, claims)
    lock_identity(session(), issuer, subject)
    user_id = user_of_identity(session(), issuer, subject)
    is_new = False
    if user_id is None:
        user_id = _linked(provider, claims)
    if user_id is None:
        user_id, is_new = _created(provider, claims), True
    user = lock_user(session(), user_id)
    if user.disabled_at is not None:
        raise _refused(provider, 403, DISABLED, "user disabled", user.id)
    return user, is_new


def follow_groups_of(user: User, claims: Mapping[str, Any]) -> None:
    """Give a user, who is locked, the roles of the groups, and take those of former ones away."""
    group_roles = parse_group_roles(settings().oidc_group_roles)
    if not group_roles:
        return
    groups = groups_in(claims, settings().oidc_groups_claim)
    followed = follow_groups(session(), user.id, roles_of(groups, group_roles))
    for role in followed.roles:
        record_new_role(user, role)
    if any(followed):
        log.info(
            "groups followed",
            user_id=str(user.id),
            joined=[role.slug for role in followed.roles if role.before is None],
            changed=[role.slug for role in followed.roles if role.before and role.after],
            left=[role.slug for role in followed.roles if role.after is None],
            missing=followed.missing,
        )


def follow_address_of(user: User, claims: Mapping[str, Any]) -> None:
    """Give a user, who is locked, the verified address of the provider.

    Only one without a password, who could not change it here. One with a password decides alone.
    """
    before, email = user.email, _address(claims)
    if user.password_hash is not None or claims.get("email_verified") is not True:
        return
    if email is None or email.lower() == before.lower():
        return
    if change_email(session(), user, email):
        record_new_address(user, before)
    else:
        log.warning("address of the provider taken", user_id=str(user.id))


def _check_domain(provider: "Provider", claims: Mapping[str, Any]) -> None:
    domains = parse_domains(settings().oidc_email_domains)
    if domains and verified_domain(provider.issuer, claims) not in domains:
        user_id = user_of_identity(session(), provider.issuer, claims["sub"])
        raise _refused(provider, 403, OTHER_DOMAIN, "other domain", user_id)


def _linked(provider: "Provider", claims: Mapping[str, Any]) -> uuid.UUID | None:
    """Return the existing user of the verified address, now connected; None without one."""
    email = claims.get("email")
    user = user_with_email(session(), email) if isinstance(email, str) else None
    if user is None:
        return None
    user = lock_user(session(), user.id)
    if not _may_link(provider, user, claims):
        raise _refused(provider, 409, EMAIL_TAKEN, "email taken", user.id)
    removed = hand_over(session(), user)
    connect(session(), user.id, provider.issuer, claims["sub"])
    record_link(user, provider.issuer, removed)
    log.warning("account linked by its address", user_id=str(user.id))
    return user.id


def _may_link(provider: "Provider", user: User, claims: Mapping[str, Any]) -> bool:
    """Return whether the verified address alone makes an account this person's."""
    return (
        settings().oidc_link_by_email
        and claims.get("email_verified") is True
        and str(claims["email"]).isascii()  # no two letters that are one in lower case
        and not user.is_admin
        and user.disabled_at is None
        and identity_of(session(), user.id, provider.issuer) is None
    )


def _created(provider: "Provider", claims: Mapping[str, Any]) -> uuid.UUID:
    if settings().registration == "closed":
        raise _refused(provider, 403, CLOSED, "registration closed")
    if (email := _address(claims)) is None:
        raise _refused(provider, 403, NO_EMAIL, "no email")
    for username in usernames_for(claims):
        made = create_user(session(), username=username, email=email, password_hash=None)
        if isinstance(made, User):
            connect(session(), made.id, provider.issuer, claims["sub"])
            record_new_user(made, provider.issuer)
            return made.id
        if made == "email":
            raise _refused(provider, 409, EMAIL_TAKEN, "email taken")
    raise _refused(provider, 409, NAMES_TAKEN, "username taken")


def _address(claims: Mapping[str, Any]) -> str | None:
    """Return the address of the claims if an account may have it."""
    try:
        email: str = EmailSchema().load({"email": claims.get("email")})["email"]
    except ValidationError:
        return None
    return email


def _refused(
    provider: "Provider", status: int, detail: str, reason: str, user_id: uuid.UUID | None = None
) -> SignOnFailed:
    """Return the failure, logged and recorded, for this account if it is known."""
    record_refusal(user_id, provider.issuer, reason)
    known = {} if user_id is None else {"user_id": str(user_id)}
    return failed(status, detail.format(name=provider.name), reason=reason, **known)
