"""The declarative base of all tables, and the naming of their constraints."""

import uuid
from datetime import datetime
from typing import Annotated, Any

import uuid_utils.compat
from sqlalchemy import DateTime, MetaData, Text, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column, registry

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def new_id() -> uuid.UUID:
    """Return a new UUID version 7: ids sort by time, which keeps indexes dense."""
    return uuid_utils.compat.uuid7()


Id = Annotated[uuid.UUID, mapped_column(Uuid, primary_key=True, default=new_id)]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Created = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
Document = dict[str, Any]


class Model(DeclarativeBase):
    """The base of every table."""

    # A registry, and not a bare type_annotation_map: only so can Flask-SQLAlchemy bind the class.
    registry = registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={str: Text, datetime: DateTime(timezone=True), Document: JSONB},
    )
    metadata = registry.metadata
