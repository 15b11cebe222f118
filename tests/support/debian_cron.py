"""Debian's cron itself, asked what it makes of crontabs, in a mount namespace of its own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.eventually import eventually

WITHIN_SECONDS = 20

# The machine's own crontabs and its own cron are out of sight, and stay as they are.
_PRIVATE = """
set -e
mount -t tmpfs none /run
mount -t tmpfs none /var/spool/cron
mkdir /var/spool/cron/crontabs
chmod 1730 /var/spool/cron/crontabs
mount -t tmpfs none /etc/cron.d
mount --bind /dev/null /etc/crontab
cd "$1"
"""
# One process after another checks, all in one namespace.
_CHECK = """
for file in tables/*; do
    crontab -n "$file" 2>"said/${file#tables/}" || :
done
"""
# `exec`: to end this process is to end cron.
_RUN = """
cp spool /var/spool/cron/crontabs/root
chmod 600 /var/spool/cron/crontabs/root
cp tables/* /etc/cron.d/ 2>/dev/null || :
exec cron -f
"""
# Stands in for a crontab's shell: keeps the command, the standard input and the environment.
_RECORDER = """#!/bin/sh
out="{folder}/runs/$CASE"
printf %s "$2" >"$out.command"
cat >"$out.stdin"
env -0 >"$out.env"
: >"$out.done"
"""
_LAST = "last"
_ACCEPTED = "successfully checked"


@dataclass(frozen=True, slots=True)
class Ran:
    """What cron started: the command for the shell, its standard input, its environment."""

    command: str
    stdin: str
    env: dict[str, str]


@cache
def is_installed() -> bool:
    """Return whether this machine has Debian's cron, and lets this user isolate it."""
    if os.geteuid() or not all(map(shutil.which, ("cron", "crontab", "unshare"))):
        return False
    return subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0  # noqa: PLW1510


def check(tables: Sequence[str]) -> list[str | None]:
    """Return what `crontab` says against each table as a user's, None where it is accepted."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "said").mkdir()
        _write(folder, tables)
        _isolated(_CHECK, folder).wait(WITHIN_SECONDS)
        lines = [(folder / "said" / _case(place)).read_text() for place in range(len(tables))]
    return [None if _ACCEPTED in text else _reason(text) for text in lines]


def check_system(tables: Sequence[str]) -> list[bool]:
    """Return which of the tables cron accepts in /etc/cron.d, with a user before each command.

    A line that is due when cron starts shows it: where one line of a table is refused, cron
    ignores the whole table.
    """
    ran = _run(system=[f"@reboot root accepted\n{table}" for table in tables])
    return [_case(place) in ran for place in range(len(tables))]


def run(commands: Sequence[str]) -> list[Ran]:
    """Return what cron starts for each of these, written after the time fields of a user's table.

    All must be acceptable.
    """
    lines = (f"CASE={_case(n)}\n@reboot {text}\n" for n, text in enumerate(commands))
    ran = _run(spool="".join(lines))
    return [ran[_case(place)] for place in range(len(commands))]


def run_system(tables: Sequence[str]) -> list[Ran]:
    """Return what cron starts for each of these tables, which have one line that is due @reboot."""
    ran = _run(system=tables)
    return [ran[_case(place)] for place in range(len(tables))]


def _run(*, spool: str = "", system: Sequence[str] = ()) -> dict[str, Ran]:
    """Return by its CASE what cron starts on its start, once all of it has ended."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "runs").mkdir()
        recorder = folder / "recorder"
        recorder.write_text(_RECORDER.format(folder=folder))
        recorder.chmod(0o755)
        head = f"SHELL={recorder}\n"
        _write(folder, [f"{head}CASE={_case(n)}\n{table}" for n, table in enumerate(system)])
        # cron starts the first line of the last table, which is the spool's, after all others.
        last = f"{head}CASE={_LAST}\n@reboot the last one\n"
        (folder / "spool").write_bytes(_bytes(last + spool))
        reader, writer = os.pipe()
        with os.fdopen(reader, "rb") as ended:
            cron = _isolated(_RUN, folder, writer)
            os.close(writer)
            try:
                eventually((folder / "runs" / f"{_LAST}.done").exists, within=WITHIN_SECONDS)
            finally:
                cron.kill()
                cron.wait()
            ended.read()  # until the last process that cron started has ended
        return {path.stem: _read(folder, path.stem) for path in (folder / "runs").glob("*.done")}


def _read(folder: Path, case: str) -> Ran:
    command, stdin, env = (
        (folder / "runs" / f"{case}.{part}").read_bytes().decode(errors="surrogateescape")
        for part in ("command", "stdin", "env")
    )
    pairs = (pair.partition("=") for pair in env.split("\0") if pair)
    return Ran(command, stdin, {name: value for name, _, value in pairs})


def _write(folder: Path, tables: Sequence[str]) -> None:
    (folder / "tables").mkdir()
    for place, table in enumerate(tables):
        text = table if table.endswith("\n") else f"{table}\n"
        (folder / "tables" / _case(place)).write_bytes(_bytes(text))


def _isolated(script: str, folder: Path, *inherited: int) -> "subprocess.Popen[bytes]":
    shell = ["sh", "-c", _PRIVATE + script, "sh", str(folder)]
    return subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", *shell],
        stdin=subprocess.DEVNULL,
        pass_fds=inherited,
    )


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")


def _case(place: int) -> str:
    return f"c{place:05}"


def _reason(text: str) -> str:
    """Return cron's own words of `"file":0: bad minute`."""
    return text.splitlines()[0].rpartition(": ")[2]
