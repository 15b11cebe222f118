"""A supervisor over shell scripts, run as a process of its own: `small_stack.py FOLDER SECONDS`.

`steady` sleeps; `leaving` has a companion in its group and an orphan that left it; `stubborn`
will not stop when it is asked to.
"""

import os
import sys
from pathlib import Path

from punctual_devstack.data_dir import DataDir
from punctual_devstack.processes.spawn import Spec
from punctual_devstack.processes.supervisor import Supervisor
from punctual_devstack.terminal import Terminal

STEADY = "exec sleep 60"
LEAVING = """
sleep 60 & echo $! >companion.pid
setsid sh -c 'echo $$ >orphan.pid; exec sleep 60' &
exec sleep 60
"""
STUBBORN = """
trap '' TERM
echo >stubborn.ready
while :; do sleep 60; done
"""


def main() -> None:
    """Keep the three until a stop signal; give them the seconds of the argument to end."""
    data_dir = DataDir(Path(sys.argv[1]))
    data_dir.make()
    supervisor = Supervisor(data_dir, Terminal(data_dir.log("stack")))
    scripts = {"steady": STEADY, "leaving": LEAVING, "stubborn": STUBBORN}
    supervisor.keep(
        Spec(
            name,
            ("/bin/sh", "-c", script),
            {"PATH": os.environ["PATH"]},
            data_dir.path,
            stop_seconds=float(sys.argv[2]),
        )
        for name, script in scripts.items()
    )
    while not supervisor.stop_requests:
        supervisor.turn(at_most=1)
    supervisor.stop(list(scripts))
    supervisor.kill_the_rest()


if __name__ == "__main__":
    main()
