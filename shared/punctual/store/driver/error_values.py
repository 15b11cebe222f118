"""Errors of the database say what is wrong, and no value that was sent or stored.

They are logged, and values are commands, environments and passwords.
"""

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError


def hide_values(error: BaseException) -> None:
    """Reduce the text of a driver's error to the server's message.

    Its detail, its context and the line of the statement have values; `diag` has them still.
    """
    message = getattr(getattr(error, "diag", None), "message_primary", None)
    if message:
        error.args = (message,)


def hide_values_of(context: ExceptionContext) -> None:
    """Hide the values in an error of an engine: a listener of SQLAlchemy's event."""
    hide_values(context.original_exception)
    error = context.sqlalchemy_exception
    if error is None:
        return
    error.hide_parameters = True
    if isinstance(error, DBAPIError) and error.orig is not None:
        kind = type(error.orig)
        error.args = (f"({kind.__module__}.{kind.__name__}) {error.orig}",)
