"""`make run` as a process, and what it has left behind when it is over."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from punctual_devstack.processes.pids import started_at
from punctual_devstack.servers.postgres_user import reachable_temporary
from tests.support.processes import process_with_pipes
from tests.support.product import Product

ROOT = Path(__file__).parents[2]


@contextmanager
def make_run(**environ: str) -> Iterator[tuple[Product, "subprocess.Popen[bytes]"]]:
    """The stack that `make run` starts, and that process; nothing is left of it at the end."""
    product = Product(reachable_temporary("punctual-make-"), environ=environ)
    with process_with_pipes(
        ["make", "run"],
        cwd=ROOT,
        env=product.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as make:
        assert make.stdout is not None
        assert f"ready {product.url}\n".encode() in iter(make.stdout.readline, b"")
        yield product, make
    assert not list((product.data_dir / "pids").glob("*.pid"))
    remove_untouched(product.data_dir)


def remove_untouched(folder: Path) -> None:
    """Remove the folder of a stack that has stopped; fail where a process still touches it."""
    assert touching(folder) == []
    shutil.rmtree(folder)


def touching(folder: Path) -> list[str]:
    """Return the processes that run in the folder, or know its name, in words fit for a failure."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            known = b""
            with suppress(OSError):  # what a worker's is none but root can read
                known += (entry / "cmdline").read_bytes()
                known += (entry / "environ").read_bytes()
                known += bytes((entry / "cwd").readlink())
            if bytes(folder) in known and started_at(int(entry.name)):
                found.append(f"{entry.name} {(entry / 'comm').read_text()}")
    return found
