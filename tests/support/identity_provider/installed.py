"""The provider's packages, installed into the .venv when they are missing, and Node to run them."""

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

import playwright

from tests.support.debian_package import install_debian_package

HERE = Path(__file__).parent
# A module finds its packages next to itself, so the provider is copied too.
FILES = ("package.json", "package-lock.json", ".npmrc", "provider.mjs")
INSTEAD = "tests of single sign-on need npm to install a provider: apt-get install npm"


def node() -> str:
    """Return the path of Node: the one that Playwright brings, the same on every machine."""
    return str(Path(playwright.__file__).parent / "driver" / "node")


def installed_provider() -> Path:
    """Return the folder with the provider and its packages, as the lock has them."""
    folder = Path(sys.prefix) / "identity-provider"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = b"".join((HERE / name).read_bytes() for name in FILES)
        stamp = folder / "stamp"
        if not stamp.exists() or stamp.read_bytes() != wanted:
            stamp.unlink(missing_ok=True)
            for name in FILES:
                shutil.copy(HERE / name, folder)
            command = [_npm(), "ci", "--loglevel=error"]
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, check=False, timeout=300
            )
            if done.returncode:
                raise RuntimeError(f"{' '.join(command)} in {folder} failed: {done.stderr}")
            stamp.write_bytes(wanted)
    return folder


def _npm() -> str:
    if not shutil.which("npm"):
        install_debian_package("npm")
    if (npm := shutil.which("npm")) is None:
        raise RuntimeError(INSTEAD)
    return npm
