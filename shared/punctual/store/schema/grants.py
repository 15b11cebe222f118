"""Grant each service's database role its rights, and create roles with given passwords."""

import re
from collections.abc import Collection, Mapping, Sequence

from psycopg2.errors import InsufficientPrivilege
from psycopg2.extensions import encrypt_password
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from punctual.store.schema import functions
from punctual.store.schema.rights import FUNCTIONS, RIGHTS, ROLES

EXISTING = text("SELECT rolname FROM pg_roles WHERE rolname = ANY(:roles)")

COLUMNS = text("""
SELECT attname FROM pg_attribute
WHERE attrelid = CAST(:table AS regclass) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
""")

ALL_BUT = re.compile(r"\(all but ([^)]*)\)")


class MayNotMakeRolesError(Exception):
    """The migrating role may not create roles or set passwords; the message says who may."""

    def __init__(self, services: Collection[str], existing: Collection[str], why: str) -> None:
        names = sorted(f"PUNCTUAL_{service.upper()}_ROLE_PASSWORD" for service in services)
        roles = [ROLES[service] for service in sorted(services)]
        verbs = ["ALTER" if role in existing else "CREATE" for role in roles]
        pairs = zip(verbs, roles, strict=True)
        statements = " ".join(f"{verb} ROLE {role} LOGIN PASSWORD '…';" for verb, role in pairs)
        super().__init__(
            f"the database roles cannot be made: {why}. The tables are up to date. As an"
            f" administrator run: {statements} Then migrate again without {', '.join(names)}:"
            " the owner of the tables gives roles that are there their rights. Or give the role"
            " that migrates CREATEROLE."
        )


def grant_all(connection: Connection, *, passwords: Mapping[str, str]) -> list[str]:
    """Set every role's rights as in `rights`; return the roles that exist.

    `passwords`, by service, makes missing roles and sets what existing ones log in with. A role
    that is neither there nor made is passed over: its service may use another one. To be called
    in one transaction, so that no service is without its rights for an instant; the connection's
    role must own the tables; with `passwords` it needs CREATEROLE too, and
    MayNotMakeRolesError is raised where it may not.
    """
    existing = set(connection.execute(EXISTING, {"roles": list(ROLES.values())}).scalars())
    try:
        for service, password in passwords.items():
            _set_password(connection, ROLES[service], password, exists=ROLES[service] in existing)
    except ProgrammingError as error:
        if isinstance(error.orig, InsufficientPrivilege):
            why = error.orig.diag.message_primary or "permission denied"
            raise MayNotMakeRolesError(passwords, existing, why) from None
        raise
    roles = {s: role for s, role in ROLES.items() if role in existing or s in passwords}
    for table, rights in RIGHTS.items():
        columns = list(connection.execute(COLUMNS, {"table": table}).scalars())
        for service, role in roles.items():
            connection.execute(text(f"REVOKE ALL ON {table} FROM {role}"))
            if service in rights:
                named = _columns_named(rights[service], columns)
                connection.execute(text(f"GRANT {named} ON {table} TO {role}"))
    for function in functions.names():  # a backup has no rights, so a restore gives PUBLIC all
        connection.execute(text(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC"))
    for function, services in FUNCTIONS.items():
        for service, role in roles.items():
            connection.execute(text(f"REVOKE ALL ON FUNCTION {function} FROM {role}"))
            if service in services:
                connection.execute(text(f"GRANT EXECUTE ON FUNCTION {function} TO {role}"))
    return list(roles.values())


def _set_password(connection: Connection, role: str, password: str, *, exists: bool) -> None:
    # Only the verifier crosses the wire: a statement may end up in the server's log.
    raw = connection.connection.driver_connection
    verifier = encrypt_password(password, role, raw, "scram-sha-256")
    verb = "ALTER" if exists else "CREATE"
    connection.execute(text(f"{verb} ROLE {role} LOGIN PASSWORD :verifier"), {"verifier": verifier})


def _columns_named(rights: str, columns: Sequence[str]) -> str:
    """Return the rights with every `all but` replaced by the columns that it means."""

    def named(found: re.Match[str]) -> str:
        without = {name.strip() for name in found[1].split(",")}
        meant = (f'"{name}"' for name in columns if name not in without)
        return f"({', '.join(meant)})"

    return ALL_BUT.sub(named, rights)
