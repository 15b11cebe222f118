"""What an operator may set of single sign-on, and what claims mean."""

from typing import Any

import pytest

from punctual.domain.roles import Role
from punctual.domain.single_sign_on import (
    groups_in,
    is_safe_url,
    parse_domains,
    parse_group_roles,
    parse_issuer,
    roles_of,
    usernames_for,
    verified_domain,
)
from punctual.domain.username import canonical_username


@pytest.mark.parametrize(
    "issuer",
    [
        "https://login.example.com",
        "https://login.example.com:8443/realms/main",
        "http://127.0.0.1:9000",
        "http://localhost/",
        "http://[::1]:80/x",
    ],
)
def test_an_issuer_is_taken_as_it_is(issuer: str) -> None:
    assert parse_issuer(issuer) == issuer


@pytest.mark.parametrize(
    "issuer",
    [
        "http://login.example.com",
        "http://127.0.0.1.example.com",
        "http://localhost@login.example.com",
        "https://user@login.example.com",
        "https://login.example.com?realm=main",
        "https://login.example.com#main",
        "https://login example.com",
        "https://[::1",
        "ftp://login.example.com",
        "login.example.com",
        "https://",
        "https://lögin.example.com",
    ],
)
def test_other_issuers_are_refused(issuer: str) -> None:
    with pytest.raises(ValueError, match=r"it (must|has)"):
        parse_issuer(issuer)


@pytest.mark.parametrize("url", [None, 7, ["https://a.example"], "", "https://a.example/\n"])
def test_what_is_no_url_is_not_safe(url: object) -> None:
    assert not is_safe_url(url)


def test_domains_are_a_list_in_any_letter_case() -> None:
    assert parse_domains(" Example.com,b.example.org, ") == {"example.com", "b.example.org"}
    for wrong in ("example", "@example.com", "*.example.com", "a b.example"):
        with pytest.raises(ValueError, match="'"):
            parse_domains(wrong)


@pytest.mark.parametrize(
    ("issuer", "claims", "domain"),
    [
        ("https://a.example", {"email": "a@Example.com", "email_verified": True}, "example.com"),
        ("https://a.example", {"email": "a@example.com", "email_verified": "true"}, None),
        ("https://a.example", {"email": "a@example.com", "hd": "example.com"}, None),
        ("https://a.example", {"email": 7, "email_verified": True}, None),
        # A private account at Google, made with the address of a company, has no `hd`.
        ("https://accounts.google.com", {"email": "a@example.com", "email_verified": True}, None),
        (
            "https://accounts.google.com",
            {"email": "a@b.example", "hd": "Example.com"},
            "example.com",
        ),
        ("https://accounts.google.com", {"hd": ["example.com"]}, None),
    ],
)
def test_a_domain_counts_where_the_provider_vouches_for_it(
    issuer: str, claims: dict[str, Any], domain: str | None
) -> None:
    assert verified_domain(issuer, claims) == domain


@pytest.mark.parametrize(
    "text",
    ["[]", "{", '{"sre": "ops"}', '{"sre": {"ops": "admin"}}', '{"sre": {"ops": null}}', '"sre"'],
)
def test_a_faulty_map_of_groups_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"object|role|Expecting"):
        parse_group_roles(text)


def test_of_several_groups_the_highest_role_counts() -> None:
    group_roles = parse_group_roles(
        '{"a": {"Ops": "editor", "data": "viewer"}, "b": {"ops": "viewer"}}'
    )
    assert roles_of({"a", "b", "c"}, group_roles) == {"ops": Role.EDITOR, "data": Role.VIEWER}
    assert roles_of({"b"}, group_roles) == {"ops": Role.VIEWER}
    assert parse_group_roles(" ") == {}


@pytest.mark.parametrize(
    ("claims", "name", "groups"),
    [
        ({"groups": ["a", "b"]}, "groups", {"a", "b"}),
        ({"groups": "a"}, "groups", {"a"}),
        ({"groups": ["a", 1, None, ["b"]]}, "groups", {"a"}),
        ({"groups": None}, "groups", set()),
        ({}, "groups", set()),
        ({"realm_access": {"roles": ["a"]}}, "realm_access.roles", {"a"}),
        ({"realm_access": "a"}, "realm_access.roles", set()),
        ({"https://example.com/groups": ["a"]}, "https://example.com/groups", {"a"}),
    ],
)
def test_groups_are_strings_of_a_claim_or_along_a_path(
    claims: dict[str, Any], name: str, groups: set[str]
) -> None:
    assert groups_in(claims, name) == groups


@pytest.mark.parametrize(
    ("claims", "first"),
    [
        ({"preferred_username": "ann"}, "ann"),
        ({"preferred_username": "ann@example.com"}, "ann"),
        ({"preferred_username": "José Núñez"}, "Jose-Nunez"),
        ({"preferred_username": "x", "email": "ann@example.com"}, "ann"),
        ({"preferred_username": "李明", "name": "Li Ming"}, "Li-Ming"),
        ({"preferred_username": "../../etc", "email": "a.b@x.org"}, "etc"),
        ({"preferred_username": 7, "email": None}, "user"),
        ({"preferred_username": "a" * 100}, "a" * 64),
        ({}, "user"),
    ],
)
def test_usernames_are_made_of_what_the_provider_calls_a_user(
    claims: dict[str, Any], first: str
) -> None:
    names = list(usernames_for(claims))
    assert names[0] == first
    assert len(set(names)) == len(names)
    assert all(canonical_username(name) is not None for name in names)
