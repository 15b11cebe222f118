"""Find the program of HTTP tasks, or copy it to where the commands' user can run it.

As root, Python and this package often lie below /root, where no other user gets to. Commands may
have a Python of their own, but requests are made by ours.
"""

import hashlib
import os
import shutil
import sys
import sysconfig
from importlib import metadata
from importlib.resources import files
from pathlib import Path

from punctual.ops.process_user import ProcessUser, can_use
from punctual_worker.commands.copies import copy, remove_unused

MODULE = "punctual_worker.commands.http_request"
PACKAGES = ("punctual", "punctual_worker")
DISTRIBUTIONS = ("pycurl",)
OPTIONS = ("-I", "-X", "utf8")
BOOT = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from {module} import main
sys.exit(main(sys.argv[1]))
"""
LEFT_OUT = shutil.ignore_patterns(
    *("site-packages", "dist-packages", "test", "tests", "idlelib", "tkinter", "turtledemo"),
    *("ensurepip", "lib2to3", "pydoc_data", "config-*"),
)


def http_program(account: ProcessUser | None) -> tuple[str, ...]:
    """Return the arguments that start an HTTP request as `account`, short of the file's path.

    Where that user can run neither Python nor a copy of it, every such request fails to start.
    """
    as_installed = (sys.executable, *OPTIONS, "-m", MODULE)
    if account is None or _can_run_as_installed(account):
        return as_installed
    try:
        python, code = _copy_of_python(), _copy_of_code()
        remove_unused(keep=(python, code))
    except OSError:
        return as_installed
    library = ("/usr/bin/env", f"LD_LIBRARY_PATH={python / 'lib'}")
    program = python / "bin" / "python3"
    return (*library, str(program), *OPTIONS, "-c", BOOT.format(module=MODULE), str(code))


def _can_run_as_installed(account: ProcessUser) -> bool:
    read = [Path(os.__file__), *(Path(str(files(name))) / "__init__.py" for name in PACKAGES)]
    return can_use(Path(sys.executable), account, os.X_OK) and all(
        can_use(file, account, os.R_OK) for file in read
    )


def _copy_of_python() -> Path:
    """Have the interpreter and its standard library where any user can read them."""
    program = Path(sys.executable).resolve()
    built = f"{sys.version} {program} {program.stat().st_mtime_ns}"
    name = f"python-{hashlib.sha256(built.encode()).hexdigest()[:16]}"

    def fill(folder: Path) -> None:
        library = Path(sysconfig.get_path("stdlib"))
        (folder / "bin").mkdir()
        shutil.copy2(program, folder / "bin" / "python3")
        shutil.copytree(library, folder / "lib" / library.name, ignore=LEFT_OUT)
        shared = Path(str(sysconfig.get_config_var("LIBDIR")))
        for file in shared.glob("libpython*.so*"):
            shutil.copy2(file, folder / "lib" / file.name)

    return copy(name, fill)


def _copy_of_code() -> Path:
    """Have our own packages, and what they make requests with, there too, as they are now."""
    sources = [Path(str(files(name))) for name in PACKAGES]
    read = hashlib.sha256()
    for source in sources:
        for file in sorted(source.rglob("*.py")):
            read.update(str(file.relative_to(source)).encode())
            read.update(file.read_bytes())
    installed = [metadata.distribution(name) for name in DISTRIBUTIONS]
    read.update(repr([each.version for each in installed]).encode())

    def fill(folder: Path) -> None:
        for source in sources:
            shutil.copytree(source, folder / source.name)
        for each in installed:
            for file in each.files or ():
                there = folder / file
                if ".." not in file.parts:
                    there.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(str(file.locate()), there)

    return copy(f"code-{read.hexdigest()[:16]}-{sys.implementation.cache_tag}", fill)
