"""Settings of `make run`, from its environment: processes of each kind, folder, port."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from punctual.ops import config
from punctual_devstack.make_variables import mistaken_names


class InvalidStackSetting(Exception):
    """A setting of the local stack cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class StackSettings:
    """The stack's own settings; `environ` is handed on to the services."""

    port: int
    data_dir: Path
    api: int
    coordinators: int
    workers: int
    slots: int
    environ: Mapping[str, str]

    def given(self, name: str) -> bool:
        """Return whether the user set PUNCTUAL_`name`, as a value or as a file."""
        return f"PUNCTUAL_{name}" in self.environ or f"PUNCTUAL_{name}_FILE" in self.environ


def read(environ: Mapping[str, str]) -> StackSettings:
    """Return the settings found in `environ`; an empty variable counts as not set.

    Raises InvalidSetting, naming the first variable that cannot be used.
    """
    given = {name: value for name, value in environ.items() if value}
    if mistakes := mistaken_names(given):
        raise InvalidStackSetting("; ".join(mistakes))
    _check_twins(given)
    return StackSettings(
        port=_number(given, "PORT", 8000, least=1, most=65_535),
        data_dir=Path(given.pop("PUNCTUAL_DATA_DIR", ".punctual")).expanduser().resolve(),
        api=_number(given, "API", 1),
        coordinators=_number(given, "COORDINATORS", 1),
        workers=_number(given, "WORKERS", 1),
        slots=_number(given, "SLOTS", 16, least=1, most=100_000),
        environ={name: value for name, value in given.items() if not name.startswith("MAKE")},
    )


def check_services(settings: StackSettings) -> config.Settings:
    """Return the services' settings; raises InvalidSetting for what none could start with."""
    try:
        found = config.load(environ=settings.environ)
    except config.InvalidSetting as error:
        raise InvalidStackSetting(str(error)) from None
    if settings.given("BIND") and found.bind.rpartition(":")[2] in ("", "0"):
        raise InvalidStackSetting(f"PUNCTUAL_BIND must name a port here, not {found.bind!r}")
    return found


def _check_twins(given: Mapping[str, str]) -> None:
    """Raise InvalidSetting where one thing is set twice, to different values."""
    slots, twin = given.get("SLOTS"), given.get("PUNCTUAL_SLOTS")
    if slots and "PUNCTUAL_SLOTS_FILE" in given:
        raise InvalidStackSetting("SLOTS and PUNCTUAL_SLOTS_FILE are both set: set one")
    if slots and twin and slots != twin:
        raise InvalidStackSetting(f"SLOTS={slots} and PUNCTUAL_SLOTS={twin} are both set: set one")
    port, bind = given.get("PORT"), given.get("PUNCTUAL_BIND")
    if port and bind and bind.rpartition(":")[2] != port:
        raise InvalidStackSetting(f"PORT={port} and PUNCTUAL_BIND={bind} name two ports: set one")


def _number(
    given: Mapping[str, str], name: str, default: int, *, least: int = 0, most: int = 100
) -> int:
    text = given.get(name, str(default))
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise InvalidStackSetting(
            f"{name} must be a whole number from {least} to {most}, not {text!r}"
        )
    return int(text)
