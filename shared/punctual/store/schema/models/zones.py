"""The rules of time zones that stored due times follow."""

from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Created, Model


class ZoneRules(Model):
    """A time zone in use, and a fingerprint of its rules, which the due times follow `since`."""

    __tablename__ = "zone_rules"

    zone: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    since: Mapped[Created]
