"""The started program, which writes down when it started, and how its lines are read back."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("stamp.c")


@dataclass(frozen=True, slots=True)
class Stamp:
    """A way to have a shell command write its number and its instant; `what` describes it."""

    what: str
    _format: str

    def command(self, file: Path, number: int) -> str:
        """The command that appends the line of `number` to `file`."""
        return self._format.format(file=file, number=number)


def build(folder: Path) -> Stamp:
    """The smallest program this machine can make: a static one, or else date(1), which is slow."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    program = folder / "stamp"
    if compiler:
        for flags in (["-static"], []):
            command = [compiler, "-O2", *flags, "-o", str(program), str(SOURCE)]
            if subprocess.run(command, capture_output=True, check=False).returncode == 0:
                kind = "a static program" if flags else "a dynamic program"
                return Stamp(f"sh -c of {kind} of stamp.c", f"{program} {{file}} {{number}}")
    return Stamp(
        "sh -c of date(1), for want of a compiler: slower than what the targets speak of",
        "date +'{number:011d} %s%N' | tee -a {file}",
    )


def read(file: Path) -> dict[int, int]:
    """When each number was stamped, in nanoseconds since 1970.

    Raises ValueError when a number was stamped twice: then something was started twice.
    """
    stamps: dict[int, int] = {}
    for line in file.read_text().splitlines() if file.exists() else ():
        number, instant = (int(part) for part in line.split())
        if number in stamps:
            raise ValueError(f"number {number} was started twice")
        stamps[number] = instant
    return stamps
