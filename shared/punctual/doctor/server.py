"""The database server: its version, durability, clock and connections."""

from sqlalchemy import Connection, Engine, text

from punctual.doctor.clock import measure
from punctual.doctor.finding import Finding, error, ok, warning
from punctual.store.schema.migrate import behind, head

OLDEST_VERSION = 150_000
MOST_USED_SHARE = 0.8

SERVER = text("""
SELECT current_setting('server_version') AS version,
       current_setting('server_version_num')::int AS number,
       current_setting('fsync') AS fsync,
       current_setting('full_page_writes') AS full_page_writes,
       current_setting('synchronous_commit') AS synchronous_commit,
       current_setting('max_connections')::int AS most,
       (SELECT count(*) FROM pg_stat_activity
        WHERE usesysid IS NOT NULL  -- backend_type is shown only for connections of one's own role
          AND coalesce(backend_type, 'client backend') = 'client backend') AS used,
       current_user AS role
""")

ROLES = text("""
SELECT DISTINCT replace(application_name, 'punctual-', '') AS service, rolname AS role,
       rolsuper AS superuser
FROM pg_stat_activity JOIN pg_roles ON rolname = usename
WHERE datname = current_database()
  AND application_name IN ('punctual-api', 'punctual-coordinator', 'punctual-worker')
ORDER BY 1, 2
""")

CLOCK = text("SELECT extract(epoch FROM clock_timestamp())")

REVISION = text("SELECT version_num FROM alembic_version")


def server_findings(connection: Connection) -> list[Finding]:
    """Report the server's version, durability and connections, and the services' roles."""
    row = connection.execute(SERVER).one()
    server = f"PostgreSQL {row.version}, as {row.role}"
    version = ok if row.number >= OLDEST_VERSION else warning
    careless = [
        name
        for name in ("fsync", "full_page_writes", "synchronous_commit")
        if getattr(row, name) == "off"
    ]
    used = f"{row.used} of {row.most} connections are in use"
    return [
        version("database", server),
        warning("durability", f"{', '.join(careless)} off: a crash may lose what was committed")
        if careless
        else ok("durability", "what is committed outlives a crash"),
        (warning if row.used > MOST_USED_SHARE * row.most else ok)("connections", used),
        *_roles(connection),
    ]


def _roles(connection: Connection) -> list[Finding]:
    """Warn when connected services could do more than each needs."""
    rows = connection.execute(ROLES).all()
    roles = ", ".join(f"{row.service} as {row.role}" for row in rows)
    powerful = sorted({row.service for row in rows if row.superuser})
    if powerful:
        return [warning("isolation", f"{roles}: a superuser ({', '.join(powerful)})")]
    if len({row.role for row in rows}) < len({row.service for row in rows}):
        return [warning("isolation", f"{roles}: a role of its own for each keeps them apart")]
    return [ok("isolation", roles)] if rows else []


def schema_finding(engine: Engine) -> Finding:
    """Return whether the tables are those of this release."""
    outdated = behind(engine)
    if outdated:
        return error("tables", outdated)
    with engine.connect() as connection:
        found = connection.execute(REVISION).scalar_one()
    if found != head():
        return warning("tables", f"at migration {found}, of a newer release than this {head()}")
    return ok("tables", f"at migration {found}")


def clock_finding(connection: Connection) -> Finding:
    """Return the clock offset to the database, by whose clock due times are measured."""
    connection.execute(CLOCK)  # the first statement of a connection is slower
    offset = measure(lambda: float(connection.execute(CLOCK).scalar_one()))
    detail = f"this machine is {offset} from the database"
    if offset.too_far:
        return warning("clock", f"{detail}: runs start on the database's time; check NTP on both")
    return ok("clock", detail)
