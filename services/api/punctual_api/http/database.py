"""The database of this service: one request is one transaction, which ends only here."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, Response, current_app, g
from flask.globals import app_ctx
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from punctual.ops.config import Settings
from punctual.store.driver.engine import driver_url, ping, pool_options
from punctual.store.driver.watched_dialect import watched_url
from punctual.store.schema.models import Model
from punctual_api.http.database_watch import DatabaseWatch


class RequestSession(Session):
    """A session on the connection of its request, and in the same transaction."""

    def get_bind(self, *_args: Any, **_options: Any) -> Connection:
        """That connection."""
        return connection()


db = SQLAlchemy(
    model_class=Model,
    session_options={"class_": RequestSession, "join_transaction_mode": "control_fully"},
)

CONNECT_SECONDS = 3
"""How long a request waits for a new connection, which no watch can end."""

THREADS = 8
"""How many requests one process answers at once, each with a connection of its own."""


_COMMIT = "punctual_commit"


class OutcomeUnknown(Exception):
    """The connection was lost during COMMIT: it may have been carried out, or not."""


def bind_database(
    app: Flask,
    settings: Settings,
    *,
    before_commit: Callable[[Response], None],
    after_commit: Callable[[], None],
    after_rollback: Callable[[], None],
) -> None:
    """Give the app its pool, and commit each request that went well before its reply is sent.

    `before_commit` writes into the transaction of such a request, `after_commit` sends what follows
    from it, `after_rollback` writes in a transaction of its own.

    Register this last of all `after_request` functions: Flask calls the last one first, so that
    what the others see and log is an answer that holds.
    """
    app.config["SQLALCHEMY_DATABASE_URI"] = watched_url(driver_url(settings.database_url))
    options = pool_options(service="api", size=THREADS)
    options["connect_args"]["connect_timeout"] = CONNECT_SECONDS
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    app.teardown_appcontext(_give_back)  # the last that is registered is called first
    db.init_app(app)
    with app.app_context():
        dialect: Any = db.engine.dialect  # a WatchedDialect, as watched_url says
        watch = DatabaseWatch(
            dialect.in_flight, lambda: ping(app.extensions["punctual_probe"]().engine)
        )
        dialect.check = watch.check
        app.extensions["punctual_database_watch"] = watch

    def end_transaction(response: Response) -> Response:
        if response.status_code >= 400:
            roll_back()
            after_rollback()
            return response
        try:
            before_commit(response)
            _commit()
        except DBAPIError as error:
            # Flask would answer 500 from here: error handlers run before this, not after.
            return current_app.make_response(current_app.handle_user_exception(_failure(error)))
        after_commit()
        return response

    def commit_so_far() -> None:
        try:
            before_commit(app.response_class())
            _commit()
        except DBAPIError as error:
            raise _failure(error) from None

    app.extensions[_COMMIT] = commit_so_far
    app.after_request(end_transaction)


def release_database(app: Flask) -> None:
    """Close every connection of the app, which answers no request any more."""
    app.extensions["punctual_database_watch"].stop()
    with app.app_context():
        db.engine.dispose()
    for used in (app.extensions["punctual_probe"](), app.extensions["punctual_failed_logins"]):
        used.close()


def commit_ahead() -> None:
    """Commit what this request has done, before a message about it is sent: row first.

    What the request does after that is a transaction of its own.
    """
    current_app.extensions[_COMMIT]()


@contextmanager
def own_transaction(app: Flask) -> Iterator[None]:
    """Give work apart from all requests a transaction, which is committed at its end."""
    with app.app_context():
        try:
            yield
            _commit()
        except BaseException:
            roll_back()
            raise


def connection() -> Connection:
    """Return the connection of this request: all that a statement needs, where a session is not.

    Raises DatabaseAwayError while the database is known not to answer.
    """
    own = app_ctx.g
    if "connection" not in own:
        current_app.extensions["punctual_database_watch"].check()
        own.connection = db.engine.connect()
    found: Connection = own.connection
    return found


def roll_back() -> None:
    """Undo what this request did so far."""
    if db.session.registry.has():
        db.session.rollback()
    if "connection" in g:
        g.connection.rollback()


def _failure(error: DBAPIError) -> Exception:
    return OutcomeUnknown(str(error.orig)) if error.connection_invalidated else error


def _commit() -> None:
    if db.session.registry.has():
        db.session.commit()
    own = app_ctx.g
    if "connection" in own:
        own.connection.commit()


def _give_back(_error: BaseException | None) -> None:
    if (own := app_ctx.g.pop("connection", None)) is not None:
        own.close()
