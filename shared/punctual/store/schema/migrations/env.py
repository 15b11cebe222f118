"""Alembic's entry: each migration runs in its own transaction, with a lock timeout."""

from alembic import context
from sqlalchemy import text

from punctual.store.schema.models import Model

connection = context.config.attributes["connection"]
connection.execute(text("SET lock_timeout = '5s'"))
connection.execute(text("SET statement_timeout = '10min'"))
connection.commit()
context.configure(
    connection=connection,
    target_metadata=Model.metadata,
    transaction_per_migration=True,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
