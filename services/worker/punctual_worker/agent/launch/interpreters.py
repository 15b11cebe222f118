"""The interpreters that scripts may name on this worker."""

import shutil
from collections.abc import Mapping

import structlog

from punctual_worker.runner.launch.spawn import DEFAULT_PATH

log = structlog.get_logger()


class NoInterpreterError(Exception):
    """A script names an interpreter that is not allowed or not installed on this worker."""


class Interpreters:
    """An allow-list, looked up once: an interpreter installed later needs a restart."""

    def __init__(self, allowed: str) -> None:
        """Look up what `PUNCTUAL_INTERPRETERS` lists: names, or absolute paths."""
        names = dict.fromkeys(name.strip() for name in allowed.split(","))
        self._paths: Mapping[str, str | None] = {
            name: shutil.which(name, path=DEFAULT_PATH) for name in names if name
        }
        for name, path in self._paths.items():
            if path is None:
                log.warning("interpreter not found", interpreter=name)

    @property
    def usable(self) -> list[str]:
        """Return the names of those that are allowed and installed, in order."""
        return sorted(name for name, path in self._paths.items() if path is not None)

    def path_of(self, name: str) -> str:
        """Return the absolute path of an interpreter; raises NoInterpreterError, saying why not."""
        if name not in self._paths:
            listed = ", ".join(self._paths) or "none"
            raise NoInterpreterError(
                f"interpreter {name!r} is not allowed on this worker (PUNCTUAL_INTERPRETERS: "
                f"{listed})"
            )
        path = self._paths[name]
        if path is None:
            raise NoInterpreterError(f"interpreter {name!r} is not installed on this worker")
        return path
