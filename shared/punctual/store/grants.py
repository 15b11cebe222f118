"""Gives each service's database role its rights, and makes the roles when it is told passwords."""

import re
from collections.abc import Mapping, Sequence

from psycopg2.extensions import encrypt_password
from sqlalchemy import Connection, text

from punctual.store.rights import FUNCTIONS, RIGHTS, ROLES

EXISTING = text("SELECT rolname FROM pg_roles WHERE rolname = ANY(:roles)")

COLUMNS = text("""
SELECT attname FROM pg_attribute
WHERE attrelid = CAST(:table AS regclass) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
""")

ALL_BUT = re.compile(r"\(all but ([^)]*)\)")


def grant_all(connection: Connection, *, passwords: Mapping[str, str]) -> list[str]:
    """Bring every role's rights to what `rights` says; answers the roles that are there.

    `passwords`, by service, makes missing roles and sets what existing ones log in with. A role
    that is neither there nor made is passed over: its service may use another one. To be called
    in one transaction, so that no service is without its rights for an instant; the connection's
    role must own the tables, and may need CREATEROLE.
    """
    for service, password in passwords.items():
        _set_password(connection, ROLES[service], password)
    found = set(connection.execute(EXISTING, {"roles": list(ROLES.values())}).scalars())
    roles = {service: role for service, role in ROLES.items() if role in found}
    for table, rights in RIGHTS.items():
        columns = list(connection.execute(COLUMNS, {"table": table}).scalars())
        for service, role in roles.items():
            connection.execute(text(f"REVOKE ALL ON {table} FROM {role}"))
            if service in rights:
                named = _columns_named(rights[service], columns)
                connection.execute(text(f"GRANT {named} ON {table} TO {role}"))
    for function, services in FUNCTIONS.items():
        for service, role in roles.items():
            connection.execute(text(f"REVOKE ALL ON FUNCTION {function} FROM {role}"))
            if service in services:
                connection.execute(text(f"GRANT EXECUTE ON FUNCTION {function} TO {role}"))
    return list(roles.values())


def _set_password(connection: Connection, role: str, password: str) -> None:
    # Only the verifier crosses the wire: a statement may end up in the server's log.
    raw = connection.connection.driver_connection
    verifier = encrypt_password(password, role, raw, "scram-sha-256")
    exists = connection.execute(EXISTING, {"roles": [role]}).first() is not None
    verb = "ALTER" if exists else "CREATE"
    connection.execute(text(f"{verb} ROLE {role} LOGIN PASSWORD :verifier"), {"verifier": verifier})


def _columns_named(rights: str, columns: Sequence[str]) -> str:
    """Rights as PostgreSQL takes them: every `all but` told by the columns that are meant."""

    def named(found: re.Match[str]) -> str:
        without = {name.strip() for name in found[1].split(",")}
        meant = (f'"{name}"' for name in columns if name not in without)
        return f"({', '.join(meant)})"

    return ALL_BUT.sub(named, rights)
