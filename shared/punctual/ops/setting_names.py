"""The known variables named PUNCTUAL_…, so that a misspelt one is refused."""

import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

OF_THE_CLIENT = ("URL", "TOKEN", "TOKEN_FILE")
"""The command line's own."""

OF_COMMANDS = (
    *("TASK_ID", "TASK_NAME", "RUN_ID", "ATTEMPT", "FENCE", "SCHEDULED_FOR", "TRIGGER"),
    *("UPSTREAM_RUN_ID", "UPSTREAM_STATE"),
)
"""What a command finds in its environment: it may start the product, or the command line."""

OF_THE_STACK = ("DATA_DIR",)
"""Those of `make run`."""

OF_COMPOSE = ("VERSION", "REVISION")
"""Those of the compose file, for the images it builds."""

SERVICE_LINK = re.compile(
    r"(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
SERVICE_LINK_PORT = re.compile(r"(\w+_)?PORT")
ADDRESS = re.compile(r"(tcp|udp|sctp)://")
"""Kubernetes sets these for each Service: PUNCTUAL_API_SERVICE_HOST for punctual-api."""

LIKENESS = 0.75


def unknown_names(
    environ: Mapping[str, str], settings: Collection[str], *, prefix: str
) -> list[str]:
    """Return a sentence for each variable with the prefix that nothing reads; empty ones pass."""
    known = {*OF_THE_CLIENT, *OF_COMMANDS, *OF_THE_STACK, *OF_COMPOSE}
    known |= {name + end for name in settings for end in ("", "_FILE")}
    found = []
    for variable, value in sorted(environ.items()):
        name = variable.removeprefix(prefix)
        if name == variable or not value or name in known or _is_service_link(name, value):
            continue
        found.append(f"{variable} is no setting{_meant(name, known, prefix)}")
    return found


def _is_service_link(name: str, value: str) -> bool:
    if SERVICE_LINK.fullmatch(name):
        return True
    return bool(SERVICE_LINK_PORT.fullmatch(name) and ADDRESS.match(value))


def _meant(name: str, known: Iterable[str], prefix: str) -> str:
    near = get_close_matches(name.upper(), sorted(known), n=1, cutoff=LIKENESS)
    return f": {prefix}{near[0]} is" if near else ""
