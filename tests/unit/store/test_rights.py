"""The list of rights is whole, and the page says what it says."""

from pathlib import Path

from punctual.store.schema.models import Model
from punctual.store.schema.rights import RIGHTS, page

PAGE = Path(__file__).parents[3] / "docs" / "operate" / "database-roles.md"


def test_every_table_has_a_line_of_rights() -> None:
    tables = {"alembic_version", *Model.metadata.tables}
    for table in sorted(tables - set(RIGHTS)):
        raise AssertionError(
            f"no service may use the table {table}: give it a line in store/schema/rights.py,"
            " then `python -m punctual.store.schema.rights > docs/operate/database-roles.md`"
        )
    assert set(RIGHTS) - tables == set(), "rights on tables that do not exist"


def test_the_page_in_docs_is_the_generated_one() -> None:
    """After a change: `python -m punctual.store.schema.rights > docs/operate/database-roles.md`."""
    assert PAGE.read_text() == page()
