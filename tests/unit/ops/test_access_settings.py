"""Settings of who gets in: checked when the API starts, and named when they cannot be used."""

import pytest

from punctual.ops import config
from punctual.ops.config import InvalidSetting

WHOLE = {
    "PUNCTUAL_OIDC_ISSUER": "https://login.example.com",
    "PUNCTUAL_OIDC_CLIENT_ID": "punctual",
    "PUNCTUAL_OIDC_CLIENT_SECRET": "secret",
}
GOOGLE = {**WHOLE, "PUNCTUAL_OIDC_ISSUER": "https://accounts.google.com"}


def check(environ: dict[str, str]) -> None:
    config.check_single_sign_on(config.load(environ=environ))


@pytest.mark.parametrize(
    "environ",
    [
        {},
        WHOLE,
        {**WHOLE, "PUNCTUAL_PASSWORDS": "0"},
        {**WHOLE, "PUNCTUAL_OIDC_LINK_BY_EMAIL": "1"},
        {**GOOGLE, "PUNCTUAL_OIDC_EMAIL_DOMAINS": "example.com"},
    ],
)
def test_what_fits_together_is_taken(environ: dict[str, str]) -> None:
    check(environ)


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({**WHOLE, "PUNCTUAL_OIDC_CLIENT_SECRET": ""}, "OIDC_CLIENT_SECRET is not set"),
        ({"PUNCTUAL_OIDC_CLIENT_ID": "punctual"}, "OIDC_ISSUER is not set"),
        ({"PUNCTUAL_PASSWORDS": "0"}, "PASSWORDS=0 needs OIDC_ISSUER"),
        (GOOGLE, "OIDC_EMAIL_DOMAINS must name your domains"),
        (
            {**WHOLE, "PUNCTUAL_OIDC_LINK_BY_EMAIL": "1", "PUNCTUAL_REGISTRATION": "open"},
            "OIDC_LINK_BY_EMAIL=1 needs REGISTRATION",
        ),
        ({"PUNCTUAL_OIDC_ISSUER": "http://login.example.com"}, "OIDC_ISSUER: it must begin"),
        ({"PUNCTUAL_OIDC_EMAIL_DOMAINS": "@example.com"}, "OIDC_EMAIL_DOMAINS: '@example.com'"),
        ({"PUNCTUAL_OIDC_GROUP_ROLES": "{"}, "OIDC_GROUP_ROLES: "),
        ({"PUNCTUAL_OIDC_SCOPES": "profile"}, "OIDC_SCOPES must have openid"),
        ({"PUNCTUAL_PASSWORDS": "no"}, "PASSWORDS must be 0 or 1"),
    ],
)
def test_what_does_not_fit_stops_the_start_by_name(environ: dict[str, str], named: str) -> None:
    with pytest.raises(InvalidSetting, match=f"^PUNCTUAL_{named}"):
        check(environ)


def test_other_services_share_the_settings_without_the_secret() -> None:
    config.load(environ={**WHOLE, "PUNCTUAL_OIDC_CLIENT_SECRET": ""})


def test_the_secret_is_masked() -> None:
    settings = config.load(environ=WHOLE)
    assert config.masked(settings)["PUNCTUAL_OIDC_CLIENT_SECRET"] == "********"
    assert "secret=" not in repr(settings)
    assert "'secret'" not in repr(settings)
