"""Variables on make's command line: a name that is nearly one of ours is a mistake."""

import shlex
from collections.abc import Mapping
from difflib import get_close_matches

COUNTS = ("API", "COORDINATORS", "WORKERS", "SLOTS", "PORT")
NAMES = (*COUNTS, "PYTHON")
OTHERS = ("JSON", "FROM", "TO", "ONLY", "SIZE", "SEED", "SOAK")
"""Those of other targets."""
LIKENESS = 0.75


def mistaken_names(environ: Mapping[str, str]) -> list[str]:
    """Return a sentence for each variable that was misspelt on make's command line.

    Make hands them on in MAKEFLAGS, after its own options and `--`.
    """
    _, _, assigned = f" {environ.get('MAKEFLAGS', '')}".partition(" -- ")
    found = []
    for word in _words(assigned):
        name, equals, _ = word.partition("=")
        name = name.rstrip(":+?!")
        if not equals or name in NAMES or name in OTHERS:
            continue
        if near := get_close_matches(name.upper(), NAMES, n=1, cutoff=LIKENESS):
            found.append(f"{name} is not read: {near[0]} is")
    return found


def similar_names(environ: Mapping[str, str]) -> list[str]:
    """Return a sentence for each environment variable that is nearly one of ours.

    It may belong to another program, so it stops nothing.
    """
    others = sorted(set(environ) - {*NAMES, *OTHERS})
    near = {name: get_close_matches(name, COUNTS, n=1, cutoff=LIKENESS) for name in others}
    return [
        f"{name} in the environment is not read: {match[0]} is"
        for name, match in near.items()
        if match
    ]


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)  # make escapes blanks with a backslash
    except ValueError:
        return text.split()
