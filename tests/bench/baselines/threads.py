"""The machine's own rate: eight bare threads that start the same program and reap it.

Reads lines `NANOSECONDS COMMAND`, all of one instant; says on its standard output when the last
one had been reaped.
"""

import queue
import select
import subprocess
import sys
import threading
import time

THREADS = 8


def main() -> None:
    """Start everything that stdin names, at its instant."""
    due_ns = 0
    commands: queue.SimpleQueue[str] = queue.SimpleQueue()
    for line in sys.stdin:
        due, _, command = line.rstrip("\n").partition(" ")
        due_ns = int(due)
        commands.put(command)

    def work() -> None:
        while (left_ns := due_ns - time.time_ns()) > 0:
            select.select([], [], [], left_ns / 1e9)
        while True:
            try:
                command = commands.get_nowait()
            except queue.Empty:
                return
            subprocess.Popen(["/bin/sh", "-c", command], stdout=subprocess.DEVNULL).wait()

    workers = [threading.Thread(target=work) for _ in range(THREADS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    sys.stdout.write(f"{time.time_ns()}\n")


if __name__ == "__main__":
    main()
