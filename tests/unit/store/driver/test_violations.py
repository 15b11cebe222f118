"""Constraints are named so that what a row refers to is read from the name."""

import pytest
from sqlalchemy import ForeignKeyConstraint

from punctual.store.driver.violations import ROLES
from punctual.store.schema.models import Model

FOREIGN_KEYS = [
    (table.name, constraint)
    for table in Model.metadata.sorted_tables
    for constraint in table.constraints
    if isinstance(constraint, ForeignKeyConstraint)
]
SINGULAR = {"deliveries": "delivery"}


@pytest.mark.parametrize(("table", "key"), FOREIGN_KEYS, ids=lambda each: str(each)[:40])
def test_a_foreign_key_names_what_it_refers_to(table: str, key: ForeignKeyConstraint) -> None:
    [column] = key.columns
    table_name = key.referred_table.name.removeprefix("alert_")
    referred = SINGULAR.get(table_name, table_name.removesuffix("s"))
    if ROLES.get(column.name) == referred:
        assert key.name == f"fk_{table}_{column.name}"
    else:
        assert (column.name, key.name) == (f"{referred}_id", f"fk_{table}_{referred}_id")
