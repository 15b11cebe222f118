"""Files stay short, and folders can be read as a list of names."""

from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("shared", "services", "deploy", "clients", "tests")
MAX_LINES = 300
MAX_FILES = 25


def python_files() -> list[Path]:
    """Return every Python file that people write, relative to the project."""
    found = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
    return [path.relative_to(ROOT) for path in found if "build" not in path.parts]


def test_no_python_file_is_longer_than_300_lines() -> None:
    lines = {str(path): len((ROOT / path).read_text().splitlines()) for path in python_files()}
    assert len(lines) > 500
    assert {path: count for path, count in lines.items() if count > MAX_LINES} == {}


def test_no_folder_has_more_than_25_files() -> None:
    found = (path for folder in (*FOLDERS, "docs") for path in (ROOT / folder).rglob("*"))
    files = Counter(str(path.parent.relative_to(ROOT)) for path in found if is_ours(path))
    assert files["docs/guide"] > 1
    assert {folder: count for folder, count in files.items() if count > MAX_FILES} == {}


def is_ours(path: Path) -> bool:
    """Return whether it is a file that people write."""
    made = {"build", "__pycache__"} | {part for part in path.parts if part.startswith(".")}
    return path.is_file() and path.suffix != ".pyc" and not made & set(path.relative_to(ROOT).parts)
