"""schema.sql, the models and a migrated database say the same."""

import uuid
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url

from punctual.store.driver.engine import make_engine
from punctual.store.schema import dump
from punctual.store.schema.introduction import TABLES
from punctual.store.schema.models import Model
from tests.support.servers import SharedServers

FILE = Path(dump.__file__).with_name("schema.sql")


def dumped(engine: Engine) -> str:
    with engine.connect() as connection:
        return dump.dump(connection)


def lines_by_table(engine: Engine) -> dict[str, list[str]]:
    """Each table's lines, columns in the order of their names: later migrations append theirs."""
    with engine.connect() as connection:
        text = "".join(dump.sections(connection, triggers=False).values())
    return {
        table.splitlines()[0]: sorted(line.rstrip(",") for line in table.splitlines())
        for table in text.split("CREATE TABLE ")
    }


@pytest.fixture
def empty_engine(shared_servers: SharedServers) -> Engine:
    """An engine on a database without any table."""
    name = f"punctual_models_{uuid.uuid4().hex}"
    shared_servers._postgres().create_database(name, template="template0")
    url = make_url(shared_servers._postgres().url(name))
    return make_engine(url.render_as_string(hide_password=False), service="test")


def test_the_file_is_what_a_migrated_database_has(engine: Engine) -> None:
    """Run `make schema` after a change."""
    assert FILE.read_text() == dumped(engine)


def test_every_table_has_a_line_in_the_introduction() -> None:
    assert {name for tables in TABLES.values() for name in tables} == set(Model.metadata.tables)


def test_the_models_make_the_same_tables_as_the_migrations(
    engine: Engine, empty_engine: Engine
) -> None:
    Model.metadata.create_all(empty_engine)
    made = lines_by_table(empty_engine)
    empty_engine.dispose()
    assert made == lines_by_table(engine)


def test_the_statements_of_the_file_make_the_same_tables_again(
    engine: Engine, empty_engine: Engine
) -> None:
    with engine.connect() as connection:
        statements = dump.sections(connection, triggers=False)
    with empty_engine.begin() as connection:
        for section in statements.values():
            connection.exec_driver_sql(section, execution_options={"no_parameters": True})
        again = dump.sections(connection, triggers=False)
    empty_engine.dispose()
    assert again == statements
