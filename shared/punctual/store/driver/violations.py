"""Which rule of the tables a statement broke, as constraints are named by their columns."""

from sqlalchemy.exc import DBAPIError

DUPLICATE = "23505"  # unique_violation
MISSING_ROW = "23503"  # foreign_key_violation
ROLES = {"escalate_to": "channel"}
"""What a column refers to whose name says what for."""


def is_duplicate(error: DBAPIError) -> bool:
    """Return whether there is a row already that must be the only one."""
    return getattr(error.orig, "pgcode", None) == DUPLICATE


def missing_row(error: DBAPIError) -> str | None:
    """Return what a row refers to that is gone ("team", "task"); None for any other error."""
    if getattr(error.orig, "pgcode", None) != MISSING_ROW:
        return None
    reported = getattr(error.orig, "diag")  # noqa: B009 - psycopg2's, unknown to the type checker
    column: str = reported.constraint_name.removeprefix(f"fk_{reported.table_name}_")
    return ROLES.get(column, column.removesuffix("_id").replace("_", " "))
