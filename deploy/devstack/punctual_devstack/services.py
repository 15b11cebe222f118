"""The product's own processes, as the local stack starts them."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from punctual_devstack.command_user import CommandUser
from punctual_devstack.ports import LOOPBACK, is_loopback
from punctual_devstack.processes.spawn import Spec
from punctual_devstack.settings import StackSettings

LEAVE_SECONDS = 10.0
"""What a service may take to leave; a worker drains before that."""


def bind(settings: StackSettings) -> str:
    """Return where the API listens, as host:port."""
    return settings.environ.get("PUNCTUAL_BIND", f"{LOOPBACK}:{settings.port}")


def shared_environ(settings: StackSettings, secrets: Mapping[str, Path]) -> dict[str, str]:
    """Return every service's environment; `secrets` are files, by their setting."""
    environ = dict(settings.environ)
    environ["PUNCTUAL_BIND"] = bind(settings)
    if not settings.given("REGISTRATION") and is_loopback(bind(settings)):
        environ["PUNCTUAL_REGISTRATION"] = "open"  # only this machine reaches it
    if not settings.given("SLOTS"):
        environ["PUNCTUAL_SLOTS"] = str(settings.slots)
    environ["PYTHONUNBUFFERED"] = "1"
    environ.setdefault("PYTHONTZPATH", "")  # zones of the pinned package, as in the images
    return environ | _files(secrets)


def migration(
    environ: Mapping[str, str], secrets: Mapping[str, Mapping[str, Path]], *, cwd: Path
) -> Spec:
    """Return the process that brings the database's tables up to date, and ends."""
    own = _files(secrets.get("migrate", {}))
    return Spec("migrate", _module("punctual.store.schema.migrate"), {**environ, **own}, cwd)


def services(
    settings: StackSettings,
    environ: Mapping[str, str],
    secrets: Mapping[str, Mapping[str, Path]],
    commands: CommandUser,
    drain_seconds: float,
) -> Iterator[Spec]:
    """Yield every service process, named as its pid file and its log are; `secrets` by kind."""
    kinds = (
        ("api", settings.api, "punctual_api"),
        ("coordinator", settings.coordinators, "punctual_coordinator"),
        ("worker", settings.workers, "punctual_worker"),
        ("notifier", min(settings.coordinators, 1), "punctual_worker.notifier"),
    )
    for kind, count, module in kinds:
        for number in range(1, count + 1):
            name = f"{kind}-{number}"
            own = {"PUNCTUAL_NAME": name, **_files(secrets.get(kind, {}))}
            if kind == "worker":
                own |= commands.environ_of(number)
                if not settings.given("WORK_DIR"):
                    own["PUNCTUAL_WORK_DIR"] = str(commands.work_dir / name)
            leave = LEAVE_SECONDS + (drain_seconds if kind == "worker" else 0)
            command, folder = _module(module), settings.data_dir
            yield Spec(name, command, {**environ, **own}, folder, stop_seconds=leave)


def _files(secrets: Mapping[str, Path]) -> dict[str, str]:
    return {f"PUNCTUAL_{name}_FILE": str(file) for name, file in secrets.items()}


def _module(name: str) -> tuple[str, ...]:
    return (sys.executable, "-P", "-m", name)
