"""A database whose owner is no superuser, as on managed servers: migrate works there too."""

import os
import subprocess
import sys
from collections.abc import Iterator

import psycopg2
import pytest
from sqlalchemy import make_url, text

from punctual.store.driver.engine import make_engine
from punctual.store.schema.migrate import behind
from punctual.store.schema.rights import ROLES, SERVICES
from punctual_devstack.servers.temporary import Servers, temporary_servers

PASSWORD = "of-everybody-here"


@pytest.fixture
def servers() -> Iterator[Servers]:
    """Servers without roles."""
    with temporary_servers() as fresh:
        yield fresh


def administer(servers: Servers, *statements: str) -> None:
    """Has the server's administrator do something."""
    url = make_url(servers.database_url("postgres")).set(drivername="postgresql")
    connection = psycopg2.connect(url.render_as_string(hide_password=False))
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()


def owned_database(servers: Servers, rights: str) -> str:
    """The URL of a new database for its owner, who may what `rights` say and no more."""
    owner = f"CREATE ROLE app LOGIN {rights} PASSWORD '{PASSWORD}'"
    administer(servers, owner, "CREATE DATABASE app OWNER app")
    url = make_url(servers.database_url("app")).set(username="app", password=PASSWORD)
    return url.render_as_string(hide_password=False)


def migrated(url: str, *, passwords: bool) -> subprocess.CompletedProcess[str]:
    """One run of the program."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PUNCTUAL_")}
    if passwords:
        role_passwords = {
            f"PUNCTUAL_{service.upper()}_ROLE_PASSWORD": PASSWORD for service in SERVICES
        }
        environ |= role_passwords
    return subprocess.run(
        [sys.executable, "-m", "punctual", "migrate"],
        env={**environ, "PUNCTUAL_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )


READ = {"notifier": "alert_deliveries"}


def allowed(url: str) -> set[str]:
    """The services whose roles can log in and read a table of theirs."""
    found = set()
    for service in SERVICES:
        own = make_url(url).set(username=ROLES[service]).render_as_string(hide_password=False)
        engine = make_engine(own, service="test")
        try:
            with engine.connect() as connection:
                connection.execute(text(f"SELECT id FROM {READ.get(service, 'workers')}"))
            assert behind(engine) is None
        finally:
            engine.dispose()
        found.add(service)
    return found


def test_an_owner_without_any_right_migrates_and_gives_rights_to_roles_that_others_made(
    servers: Servers,
) -> None:
    url = owned_database(servers, "NOSUPERUSER NOCREATEROLE NOCREATEDB")
    assert migrated(url, passwords=False).returncode == 0

    refused = migrated(url, passwords=True)
    assert refused.returncode == 1
    complaint = refused.stderr.splitlines()[-1]
    assert complaint.startswith("migrate: the database roles cannot be made: permission denied")
    assert PASSWORD not in refused.stdout + refused.stderr
    _, _, rest = complaint.partition("As an administrator run: ")
    statements, _, _ = rest.partition(" Then migrate again without PUNCTUAL_API_ROLE_PASSWORD, ")
    administer(servers, *statements.replace("…", PASSWORD).split("; "))

    assert migrated(url, passwords=False).returncode == 0
    assert allowed(url) == set(SERVICES)
    # Nor may it set a password of a role that an administrator made.
    assert "run: ALTER ROLE punctual_api LOGIN" in migrated(url, passwords=True).stderr


def test_an_owner_who_may_make_roles_makes_them_and_changes_their_passwords(
    servers: Servers,
) -> None:
    url = owned_database(servers, "NOSUPERUSER CREATEROLE")
    for _ in range(2):
        done = migrated(url, passwords=True)
        assert done.returncode == 0, done.stderr
        assert allowed(url) == set(SERVICES)
