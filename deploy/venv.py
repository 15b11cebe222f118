"""Makes .venv what the locks say: `python3 deploy/venv.py run|dev`; mostly there is nothing to do.

A .venv that works stays with the Python that made it, unless `--this-python` is said.
Runs on the machine's own Python before anything is installed: standard library only, and syntax
that Python 3.6 can read, so that it can say what is wrong with it.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import platform
import pwd
import re
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "punctual-stamp"
MADE_BY = VENV / "punctual-made-by"
OURS = (
    *("shared", "services/api", "services/coordinator", "services/worker"),
    *("deploy/devstack", "clients/python"),
)
OLDEST = (3, 11)
OLDEST_GLIBC = (2, 28)
"""What the wheels of PostgreSQL and Valkey are built for."""


def show(text: str) -> None:
    """Print to the terminal by standard error; standard output belongs to the program after us."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def use_a_new_enough_python() -> None:
    """Go on in a newer Python of this machine when `python3` is too old."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(15, 10, -1):
        newer = shutil.which(f"python3.{minor}")
        # A version manager's shim is there even when what it stands for is not.
        if (
            newer
            and subprocess.run([newer, "-c", ""], check=False, stderr=subprocess.DEVNULL).returncode
            == 0
        ):
            os.execv(newer, [newer, *sys.argv])
    sys.exit(f"Punctual needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}.")


def need_linux() -> None:
    """Stop with a sentence where the servers that come along cannot run: they need glibc."""
    instead = "Use containers there: make up (docs/operate/operations.md)."
    if not sys.platform.startswith("linux"):
        sys.exit(f"make run needs Linux; this is {platform.system()}. {instead}")
    libc, version = platform.libc_ver()
    if libc != "glibc":
        sys.exit(f"make run needs Linux with glibc; this one has another C library. {instead}")
    if tuple(map(int, version.split(".")[:2])) < OLDEST_GLIBC:
        oldest = ".".join(map(str, OLDEST_GLIBC))
        sys.exit(f"make run needs glibc {oldest} or newer; this is {version}. {instead}")
    kernel = platform.release()
    if not hasattr(os, "pidfd_open") or tuple(map(int, re.findall(r"\d+", kernel)[:2])) < (5, 3):
        sys.exit(f"make run needs Linux 5.3 or newer; this is {kernel}. {instead}")


def need_ensurepip() -> None:
    """Debian ships Python without the part that makes a venv: fetches it as root, or says how."""
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        package = f"python3.{sys.version_info[1]}-venv"
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            sys.exit(f"This Python cannot make a venv. Install it first: apt-get install {package}")
        show(f"installing {package}")
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        for command in (["apt-get", "-qq", "update"], ["apt-get", "-qq", "-y", "install", package]):
            subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def made_by(python: "str | Path") -> str:
    """The place and the Python a venv is bound to; with another of either it must be made anew."""
    return f"{ROOT}\n{os.path.realpath(python)}\n"


def venv_can_stay(*, only_this_python: bool) -> bool:
    """Return whether there is a venv that works, made by this Python if it has to be."""
    python = sys.executable if only_this_python else VENV / "bin" / "python"
    return Path(python).exists() and MADE_BY.exists() and MADE_BY.read_text() == made_by(python)


def wanted(kind: str) -> str:
    """What a finished .venv of this kind is stamped with: a move or a change anywhere renews it."""
    files = [ROOT / "locks" / f"{name}.txt" for name in ("build", kind)]
    files += [ROOT / folder / "pyproject.toml" for folder in OURS]
    digest = hashlib.sha256(MADE_BY.read_bytes())
    for file in files:
        digest.update(file.read_bytes())
    return f"{kind} {digest.hexdigest()}"


def machine_trusts_someone() -> bool:
    """Whether this machine has certificates of its own: behind a company's proxy only they do."""
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())))


def run(*command: str) -> None:
    """Run one installing command; what it prints is shown only when it fails."""
    environment = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}
    environment.update(VIRTUAL_ENV=str(VENV), UV_NO_PROGRESS="1", UV_PYTHON_DOWNLOADS="never")
    if machine_trusts_someone():
        environment.setdefault("UV_SYSTEM_CERTS", "1")
    done = subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        sys.stderr.buffer.write(done.stdout)
        sys.exit(f"failed: {' '.join(command)}")


def make() -> None:
    """Make an empty venv with this Python."""
    need_ensurepip()
    run(sys.executable, "-m", "venv", "--clear", str(VENV))
    MADE_BY.write_text(made_by(sys.executable))


def install(kind: str) -> None:
    """Install the installer, every locked package, then our own packages as they lie."""
    python = str(VENV / "bin" / "python")
    uv = str(VENV / "bin" / "uv")
    run(python, "-m", "pip", "install", "-q", "--require-hashes", "-r", "locks/build.txt")
    run(uv, "pip", "sync", "--require-hashes", "--compile-bytecode", f"locks/{kind}.txt")
    editable = [part for folder in OURS for part in ("-e", folder)]
    run(uv, "pip", "install", "--no-deps", "--no-build-isolation", "--offline", *editable)


def is_made(kind: str, *, only_this_python: bool) -> bool:
    """Whether there is nothing to do: a .venv of this kind, or a developer's, which holds all."""
    if not venv_can_stay(only_this_python=only_this_python) or not STAMP.exists():
        return False
    found = STAMP.read_text()
    return found in (wanted(kind), wanted("dev"))


def main() -> None:
    """Install under a lock, so that two `make` at once do not tear at one folder."""
    kind, *rest = sys.argv[1:] or ["run"]
    use_a_new_enough_python()
    if kind == "run":
        need_linux()
    only_this = "--this-python" in rest
    try:
        with (ROOT / ".venv.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            set_up(kind, only_this_python=only_this)
    except OSError as error:
        if error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise
        with contextlib.suppress(OSError):
            if is_made(kind, only_this_python=only_this):
                return
        if is_other_users_venv():
            sys.exit(other_users_venv())
        sys.exit(
            f"{ROOT} cannot be written to ({error.strerror}): setting up needs a .venv in it. "
            "Make it writable, or copy it to where it is."
        )


def is_other_users_venv() -> bool:
    """Return whether there is a .venv that this user may not renew, as another one made it."""
    if not VENV.exists() or os.access(str(VENV), os.W_OK):
        return False
    return VENV.stat().st_uid != os.geteuid()


def other_users_venv() -> str:
    """Say that the .venv is one that this user can neither use nor renew, and what to do."""
    uid = VENV.stat().st_uid
    try:
        owner = pwd.getpwuid(uid).pw_name
    except KeyError:
        owner = str(uid)
    return (
        f"{VENV} was made by {owner}, and this user can neither use nor renew it. Run make as "
        f"{owner}, or remove it (rm -r .venv) and run make again."
    )


def set_up(kind: str, *, only_this_python: bool) -> None:
    """Make or renews the .venv unless it is what it should be."""
    if is_made(kind, only_this_python=only_this_python):
        return
    if is_other_users_venv():
        sys.exit(other_users_venv())
    if STAMP.exists() and STAMP.read_text().startswith("dev "):
        kind = "dev"  # it includes all that `run` needs: never remove a developer's tools
    show(f"setting up .venv ({'development' if kind == 'dev' else 'product'} packages, once)")
    if not venv_can_stay(only_this_python=only_this_python):
        make()
    STAMP.write_text(f"{kind} unfinished")
    install(kind)
    STAMP.write_text(wanted(kind))


if __name__ == "__main__":
    main()
