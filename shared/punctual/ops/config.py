"""Settings: read once from the environment, checked, frozen, and passed in."""

import os
import re
import socket
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from punctual.domain.commands.addresses import parse_allowed
from punctual.domain.runs.limits import LONGEST_END_GRACE
from punctual.domain.runs.queue import DEFAULT_QUEUE, QUEUE_RULE, parse_queues
from punctual.ops.access_settings import Registration, check_access, check_complete
from punctual.ops.command_settings import CommandSettings, check_commands
from punctual.ops.host_settings import check_hosts
from punctual.ops.mail_settings import check_mail, check_mail_complete
from punctual.ops.secret_keys import check_secret_keys
from punctual.ops.server_urls import is_postgresql
from punctual.ops.setting_masks import shown_settings
from punctual.ops.setting_names import unknown_names

PREFIX = "PUNCTUAL_"
OnLeaseLoss = Literal["kill", "keep"]

WELL_KNOWN_SECRET = re.compile(
    r".*(change|replace)me.*|(a|the|my|your|this|is|very|super|secret|key|password|default|insecure"
    r"|dev(elopment)?|(0|1)?123456789(0|abcdef)?)+"
)
"""A key that was copied from an example or made of such words, its letters and digits alone."""
MIN_SECRET_LENGTH = 32
BIND = re.compile(r"([^\s:/]*|\[[\da-fA-F:.]+\]):\d{1,5}", re.ASCII)
REDIS_SCHEMES = ("redis://", "rediss://", "unix://")
LAST_PORT = 65_535
LOG_LEVELS = ("debug", "info", "warning", "error")


class InvalidSetting(Exception):
    """A setting is missing or invalid; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings(CommandSettings):
    """Everything an operator can set; durations in seconds, sizes in bytes, None: our choice.

    Each field is read from `PUNCTUAL_<NAME>`, or from the file that `PUNCTUAL_<NAME>_FILE` names.
    """

    database_url: str = field(default="", repr=False, metadata={"secret": True})
    redis_url: str = field(default="", repr=False, metadata={"secret": True})
    secret_key: str = field(default="", repr=False, metadata={"secret": True})
    secrets_public_key: str = ""
    secrets_private_key: str = field(default="", repr=False, metadata={"secret": True})
    secret_files: str = ""
    cycle_seconds: float = 30
    window_seconds: float = 30
    sweep_seconds: float = 5
    heartbeat_seconds: float = 5
    lease_seconds: float = 30
    self_fence_seconds: float = 20
    slots: int = 16
    queues: str = DEFAULT_QUEUE
    output_limit_bytes: int = 1_048_576
    kill_grace_seconds: float = 10
    end_grace_seconds: float = 2
    drain_seconds: float = 30
    database_max_bytes: int = 0
    retention_days: float = 30
    audit_retention_days: float = 400
    on_lease_loss: OnLeaseLoss = "kill"
    prestarted_shells: bool = True
    direct_exec: bool = True
    api_role_password: str = field(default="", repr=False, metadata={"secret": True})
    coordinator_role_password: str = field(default="", repr=False, metadata={"secret": True})
    worker_role_password: str = field(default="", repr=False, metadata={"secret": True})
    notifier_role_password: str = field(default="", repr=False, metadata={"secret": True})
    name: str = ""
    bind: str = "0.0.0.0:8000"
    user: str = ""
    command_user: str = ""
    slot_users: int = 0
    work_dir: Path = Path("/var/tmp/punctual")  # noqa: S108 - the worker makes private folders in it
    interpreters: str = "sh,bash,python3"
    http_allow_private: str = ""
    health_port: int = 0
    trust_proxy: int = 0
    proxy_networks: str = ""
    max_tokens: int = 100
    max_tasks: int = 1_000_000
    max_unfinished_runs: int = 1_000_000
    max_team_slots: int = 0
    max_requests_per_minute: int = 0
    allowed_hosts: str = ""
    public_url: str = ""
    smtp_url: str = field(default="", repr=False, metadata={"secret": True})
    mail_from: str = ""
    namespace: str = "punctual"
    log_level: str = "info"


def load(
    *,
    needs: Collection[str] = (),
    only: Collection[str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Return the settings of this process; `needs` names the ones that have no default for it.

    With `only`, nothing else is read. Raises InvalidSetting, naming the first setting that is
    missing or cannot be used, or the variables that look like one and are none.
    """
    source = os.environ if environ is None else environ
    if only is None:
        check_names(source)
    given: dict[str, Any] = {}
    for item in fields(Settings):
        if only is not None and item.name not in only:
            continue
        raw = _raw(source, item.name.upper())
        if raw is not None:
            given[item.name] = _parse(item.name, item.type, raw)
    given.setdefault("name", socket.gethostname())
    settings = Settings(**given)
    for need in needs:
        if not getattr(settings, need):
            raise InvalidSetting(f"{PREFIX}{need.upper()} is not set, and this service needs it")
    _check(settings)
    return settings


def check_names(environ: Mapping[str, str]) -> None:
    """Raise InvalidSetting for variables that nothing reads, naming each and what may be meant."""
    settings = [item.name.upper() for item in fields(Settings)]
    if unknown := unknown_names(environ, settings, prefix=PREFIX):
        raise InvalidSetting(
            f"{'; '.join(unknown)}. docs/reference/settings.md lists every setting"
        )


def _raw(source: Mapping[str, str], name: str) -> str | None:
    value, path = source.get(PREFIX + name), source.get(f"{PREFIX}{name}_FILE")
    if value is not None and path is not None:
        raise InvalidSetting(f"{PREFIX}{name} and {PREFIX}{name}_FILE are both set: set one")
    if path is None:
        return value
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise InvalidSetting(f"{PREFIX}{name}_FILE: {path}: {error.strerror}") from None


def _parse(name: str, kind: Any, raw: str) -> object:
    setting = PREFIX + name.upper()
    if name.startswith("max_") and not raw:
        return 0  # no limit
    if kind in (int, float, int | None):
        try:
            number: float = (float if kind is float else int)(raw)
        except ValueError:
            number = -1
        if not 0 <= number < (10**16 if name.endswith("_bytes") else 10**12):
            raise InvalidSetting(f"{setting} must be a number of 0 or more, not {raw!r}")
        return number
    if kind is bool:
        if raw not in ("0", "1"):
            raise InvalidSetting(f"{setting} must be 0 or 1, not {raw!r}")
        return raw == "1"
    if kind is OnLeaseLoss and raw not in get_args(OnLeaseLoss):
        raise InvalidSetting(f"{setting} must be kill or keep, not {raw!r}")
    if kind is Registration and raw not in get_args(Registration):
        raise InvalidSetting(f"{setting} must be open, invite or closed, not {raw!r}")
    return Path(raw) if kind is Path else raw


def _check(s: Settings) -> None:
    secret = s.secret_key
    if secret and len(secret) < MIN_SECRET_LENGTH:
        raise InvalidSetting(
            f"{PREFIX}SECRET_KEY must be {MIN_SECRET_LENGTH} random characters or more"
        )
    plain = "".join(filter(str.isalnum, secret.lower()))
    if secret and (len(set(secret)) < 8 or WELL_KNOWN_SECRET.fullmatch(plain)):
        raise InvalidSetting(f"{PREFIX}SECRET_KEY is too easy to guess: make it random")
    _check_least(s)
    if s.end_grace_seconds > LONGEST_END_GRACE:
        raise InvalidSetting(f"{PREFIX}END_GRACE_SECONDS must be at most {LONGEST_END_GRACE}")
    try:
        parse_queues(s.queues)
    except ValueError:
        raise InvalidSetting(
            f"{PREFIX}QUEUES must be a list such as default,gpu: {QUEUE_RULE}"
        ) from None
    try:
        parse_allowed(s.http_allow_private)
    except ValueError as error:
        raise InvalidSetting(
            f"{PREFIX}HTTP_ALLOW_PRIVATE must be true or networks such as 10.0.0.0/8: {error}"
        ) from None
    if not BIND.fullmatch(s.bind) or int(s.bind.rpartition(":")[2]) > LAST_PORT:
        raise InvalidSetting(
            f"{PREFIX}BIND must be an address and a port such as 127.0.0.1:8000, not {s.bind!r}"
        )
    _check_part(check_hosts, s)
    _check_server_urls(s)
    _check_part(check_access, s)
    _check_part(check_commands, s)
    _check_part(check_mail, s)
    _check_part(check_secret_keys, s)
    if s.log_level not in LOG_LEVELS:
        raise InvalidSetting(f"{PREFIX}LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}")
    if s.window_seconds < s.cycle_seconds:
        raise InvalidSetting(f"{PREFIX}WINDOW_SECONDS must be at least {PREFIX}CYCLE_SECONDS")
    if not s.heartbeat_seconds * 2 <= s.self_fence_seconds < s.lease_seconds:
        raise InvalidSetting(
            f"{PREFIX}SELF_FENCE_SECONDS must be at least two heartbeats and less than the lease"
        )


def _check_least(s: Settings) -> None:
    for name in ("cycle", "window", "sweep", "heartbeat", "lease", "self_fence"):
        if getattr(s, f"{name}_seconds") <= 0:
            raise InvalidSetting(f"{PREFIX}{name.upper()}_SECONDS must be more than 0")
    for name, least in {"slots": 1, "audit_retention_days": 30}.items():  # as prune_audit() has it
        if getattr(s, name) < least:
            raise InvalidSetting(f"{PREFIX}{name.upper()} must be {least} or more")


def _check_server_urls(s: Settings) -> None:
    if s.database_url and not is_postgresql(s.database_url):
        raise InvalidSetting(f"{PREFIX}DATABASE_URL is not the URL of a PostgreSQL database")
    if s.redis_url and not s.redis_url.startswith(REDIS_SCHEMES):
        raise InvalidSetting(f"{PREFIX}REDIS_URL must begin with {' or '.join(REDIS_SCHEMES)}")
    try:
        urlsplit(s.redis_url).port  # noqa: B018 - it is parsed when it is read
    except ValueError as error:
        raise InvalidSetting(f"{PREFIX}REDIS_URL: {error}") from None


def check_single_sign_on(s: Settings) -> None:
    """Raise InvalidSetting for what the API misses of single sign-on; others do not read it."""
    _check_part(check_complete, s)


def check_mailing(s: Settings) -> None:
    """Raise InvalidSetting for what a process that sends mail misses of its settings."""
    _check_part(check_mail_complete, s)


def _check_part(check: Callable[[Settings], None], s: Settings) -> None:
    try:
        check(s)
    except ValueError as error:
        raise InvalidSetting(f"{PREFIX}{error}") from None


def traces_wanted(environ: Mapping[str, str] | None = None) -> bool:
    """Return whether OpenTelemetry's own variables enable traces."""
    source = os.environ if environ is None else environ
    if source.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if source.get("OTEL_TRACES_EXPORTER", "otlp") != "otlp":
        return False
    names = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    return any(source.get(name) for name in names)


def masked(settings: Settings) -> dict[str, str]:
    """Return every setting as text fit for a log: secrets and passwords in URLs masked."""
    return shown_settings(settings, prefix=PREFIX)


def main() -> int:
    """Print every setting; 2 when one cannot be used."""
    try:
        settings = load()
    except InvalidSetting as error:
        print(f"config: {error}", file=sys.stderr)
        return 2
    for setting, shown in masked(settings).items():
        print(f"{setting}={shown}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
