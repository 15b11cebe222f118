"""Operators' commands, which the services bring: an entry point for each in the group GROUP.

Its name is the command, or `command.action` where users have actions of the same command. What
it loads takes the words of the command line and returns an exit status.
"""

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points

GROUP = "punctual.operators"

WELL_KNOWN = frozenset(
    {
        *("config", "doctor", "mail", "migrate", "rights", "user"),
        *("secrets keygen", "secrets rotate", "secrets set"),
    }
)
"""For a sentence where no service is installed; what there is decides everywhere else."""


def operators_command(words: Sequence[str]) -> Callable[[Sequence[str]], int] | None:
    """Return what runs these words, if that is an operators' command that is installed here."""
    if not words or words[0].startswith("-"):
        return None
    for name in (words[0], ".".join(words[:2])):
        for found in entry_points(group=GROUP, name=name):
            command: Callable[[Sequence[str]], int] = found.load()
            return command
    return None


def installed_names() -> list[str]:
    """Return the operators' commands that are installed here, as they are typed."""
    return sorted({found.name.replace(".", " ") for found in entry_points(group=GROUP)})
