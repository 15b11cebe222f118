"""Secret files: read from one folder of the worker, as Kubernetes and Vault agents fill it.

A file is read anew at each launch, so that it follows a rotation at once.
"""

import os
import stat
from pathlib import Path

from punctual.domain.secrets.names import MOST_BYTES, is_file_name, value_fault

OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
"""Without waiting: a pipe in the folder must not stop the worker."""


class UnreadableError(Exception):
    """A secret file cannot be read; the message says why, and shows nothing of it."""


def read_secret_file(folder: Path | None, name: str) -> str:
    """Return the content of a file, without a line end after it; raises UnreadableError.

    Symbolic links are followed, and what they lead to must be in the folder: Kubernetes mounts each
    file as a link to `..data/`, which is one to a folder with a time for its name.
    """
    if folder is None:
        raise UnreadableError("this worker has no folder of secret files (PUNCTUAL_SECRET_FILES)")
    if not is_file_name(name):
        raise UnreadableError("its name leads out of the folder of secret files")
    try:
        descriptor = os.open(folder / name, OPEN)
    except OSError as error:
        raise UnreadableError(f"{error.strerror} in the folder of secret files") from None
    try:
        return _read(descriptor, os.path.realpath(folder))
    except OSError as error:
        raise UnreadableError(f"{error.strerror}") from None
    finally:
        os.close(descriptor)


def _read(descriptor: int, folder: str) -> str:
    # Of the file that is open: a name could lead elsewhere by the time it is looked at again.
    place = str(Path(f"/proc/self/fd/{descriptor}").readlink())
    if not place.startswith(f"{folder.rstrip('/')}/"):
        raise UnreadableError("a link leads out of the folder of secret files")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise UnreadableError("not a file")
    with os.fdopen(os.dup(descriptor), "rb") as file:
        content = file.read(MOST_BYTES + 3)  # a line end more than it may have
    try:
        value = content.decode()
    except UnicodeDecodeError:
        raise UnreadableError("not UTF-8") from None
    value = value.removesuffix("\r\n" if value.endswith("\r\n") else "\n")
    if fault := value_fault(value):
        raise UnreadableError(fault.rstrip("."))
    return value
