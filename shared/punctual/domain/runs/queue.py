"""Queues: labels that say which workers may run what."""

import re

DEFAULT_QUEUE = "default"
"""The queue of a task that names none, and of a worker without `PUNCTUAL_QUEUES`."""

_NAME = re.compile(r"[a-z0-9-]{1,40}")

QUEUE_RULE = "A queue is 1 to 40 lower-case letters, digits and hyphens."


def is_queue(name: str) -> bool:
    """Return whether a queue may be called so."""
    return _NAME.fullmatch(name) is not None


def parse_queues(text: str) -> tuple[str, ...]:
    """Return the queues of a comma-separated list, each once. Raises ValueError if invalid."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names or not all(map(is_queue, names)):
        raise ValueError(QUEUE_RULE)
    return names
