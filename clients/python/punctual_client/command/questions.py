"""Questions before something that is hard to take back."""

import sys

from punctual_client.command.refusals import Exit, Refusal


def confirm(question: str, *, yes: bool) -> None:
    """Go on only after a yes; raises Refusal, also where there is no one to ask."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refusal(f"{question} Add --yes to do it.")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Refusal("Nothing was changed.", Exit.FAILED)
