"""Write schema.sql anew from a freshly migrated database: `make schema`."""

from pathlib import Path

from punctual.store.driver.engine import make_engine
from punctual.store.schema import dump
from tests.support.servers import started_servers

FILE = Path(dump.__file__).with_name("schema.sql")


def main() -> None:
    with started_servers() as servers:
        engine = make_engine(servers.new_database("punctual_schema"), service="schema")
        with engine.connect() as connection:
            FILE.write_text(dump.dump(connection))
        engine.dispose()


if __name__ == "__main__":
    main()
