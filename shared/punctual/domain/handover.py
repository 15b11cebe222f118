"""What moves along when one team hands all of its tasks over to another, and what is in the way."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Uses:
    """What a team has: its calendars and limits by name and tag, and what its tasks name."""

    slug: str
    calendars: Mapping[str, Any]
    limits: Mapping[str | None, int]
    """The most runs at once by tag; None: of all tasks."""
    named_calendars: Collection[str] = ()
    tags: Collection[str] = ()
    secrets: Collection[str] = ()
    """Of the old team those that its tasks name, of the new one those of them that it has."""


@dataclass(frozen=True, slots=True)
class Along:
    """Calendars by name and limits by tag that move along; obstacles refuse the whole."""

    calendars: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    obstacles: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def what_moves_along(old: Uses, new: Uses) -> Along:
    """Return what moves along with all tasks of a team; of an equal one, the new team's is used."""
    along = Along()
    _weigh_calendars(old, new, along)
    _weigh_limits(old, new, along)
    _weigh_secrets(old, new, along)
    return along


def _weigh_calendars(old: Uses, new: Uses, along: Along) -> None:
    for name in sorted(old.calendars):
        if name not in new.calendars:
            along.calendars.append(name)
        elif new.calendars[name] != old.calendars[name] and name in old.named_calendars:
            along.obstacles.append(
                f"Calendar “{name}”: {new.slug} has another one of this name. "
                f"Rename one of them, or make them equal."
            )


def _weigh_limits(old: Uses, new: Uses, along: Along) -> None:
    for tag, most in sorted(old.limits.items(), key=lambda limit: limit[0] or ""):
        if tag is None:
            along.warnings.append(
                f"The limit of {most} for all runs of {old.slug} stays: the tasks leave it."
            )
        elif tag not in new.limits:
            along.limits.append(tag)
            if tag in new.tags:
                along.warnings.append(
                    f"The limit of {most} for the tag “{tag}” moves along, and holds for the tasks "
                    f"that {new.slug} has with this tag as well."
                )
        elif new.limits[tag] != most and tag in old.tags:
            along.obstacles.append(
                f"Limit for the tag “{tag}”: it is {most} in {old.slug} and {new.limits[tag]} in "
                f"{new.slug}. Make them equal, or delete one of them."
            )
    for tag, most in sorted(new.limits.items(), key=lambda limit: limit[0] or ""):
        if tag is None:
            along.warnings.append(
                f"The limit of {most} for all runs of {new.slug} will hold for these tasks too."
            )
        elif tag in old.tags and tag not in old.limits:
            along.warnings.append(
                f"The limit of {most} for the tag “{tag}” of {new.slug} will hold for tasks with "
                "this tag too."
            )


def _weigh_secrets(old: Uses, new: Uses, along: Along) -> None:
    """A value is sealed for its team, so that none moves along."""
    for name in sorted(old.secrets):
        if name in new.secrets:
            along.warnings.append(
                f"Secret “{name}”: the tasks will use the one that {new.slug} has by this name."
            )
        else:
            along.obstacles.append(
                f"Secret “{name}”: {new.slug} has none of this name. Create it there: the value "
                f"cannot move, as only workers can open it."
            )
