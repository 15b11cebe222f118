"""The floor: a bare process that sleeps until each instant and starts the same program.

Reads lines `NANOSECONDS COMMAND`, starts each at its instant and never before; what ended is
reaped while there is nothing to start. Says on its standard output when the last one had been.
"""

import select
import subprocess
import sys
import time

QUIET_NS = 5_000_000


def main() -> None:
    """Start everything that stdin names."""
    plan = [(int(due), command) for due, _, command in (line.partition(" ") for line in sys.stdin)]
    alive: list[subprocess.Popen[bytes]] = []
    for due_ns, command in plan:
        if due_ns - time.time_ns() > QUIET_NS:
            alive = [each for each in alive if each.poll() is None]
        while (left_ns := due_ns - time.time_ns()) > 0:
            select.select([], [], [], left_ns / 1e9)
        alive.append(subprocess.Popen(["/bin/sh", "-c", command], stdout=subprocess.DEVNULL))
    for each in alive:
        each.wait()
    sys.stdout.write(f"{time.time_ns()}\n")


if __name__ == "__main__":
    main()
