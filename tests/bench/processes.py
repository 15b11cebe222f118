"""What processes cost, as /proc counts it."""

from pathlib import Path

RUNNER = b"punctual_worker.runner"


def cpu_seconds(pid: int) -> float:
    """Processor time of a process's threads so far; exact, where `stat` counts ticks they miss."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((each / "schedstat").read_text().split()[0]) for each in threads) / 1e9


def private_bytes(pid: int) -> int:
    """Memory that would be free again if the process ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except PermissionError:  # of a worker's agent none but root can read it
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    private = [line.split()[1] for line in lines if line.startswith(("Private_", "RssAnon:"))]
    return sum(int(kilobytes) for kilobytes in private) * 1024


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for each in found:
        for thread in Path(f"/proc/{each}/task").iterdir():
            found += [int(child) for child in (thread / "children").read_text().split()]
    return found


def runner_of(worker: int) -> int:
    """The runner of a worker's agent."""
    for pid in tree(worker):
        if RUNNER in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    raise LookupError("the worker has no runner")
