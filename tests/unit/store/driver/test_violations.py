"""Constraints are named so that what a row refers to is read from the name."""

import pytest
from sqlalchemy import ForeignKeyConstraint

from punctual.store.schema.models import Model

FOREIGN_KEYS = [
    (table.name, constraint)
    for table in Model.metadata.sorted_tables
    for constraint in table.constraints
    if isinstance(constraint, ForeignKeyConstraint)
]


@pytest.mark.parametrize(("table", "key"), FOREIGN_KEYS, ids=lambda each: str(each)[:40])
def test_a_foreign_key_names_what_it_refers_to(table: str, key: ForeignKeyConstraint) -> None:
    [column] = key.columns
    referred = key.referred_table.name.removesuffix("s")
    assert (column.name, key.name) == (f"{referred}_id", f"fk_{table}_{referred}_id")
