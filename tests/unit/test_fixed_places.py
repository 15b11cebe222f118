"""Nothing of ours has a fixed name in a folder that all users share: it may be another user's."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("shared", "services", "deploy", "clients", "tests")
SHARED = re.compile(
    r"""gettempdir\(\)\)? / ["']|open\(f?["']/(var/)?tmp/|Path\(f?["']/(var/)?tmp/"""
)
# Where commands live unless an operator says otherwise: a worker that cannot use it says so.
ALLOWED = {"shared/punctual/ops/config.py"}


def test_no_file_is_opened_under_a_fixed_name_in_tmp() -> None:
    found = {
        str(file.relative_to(ROOT))
        for folder in FOLDERS
        for file in (ROOT / folder).rglob("*.py")
        if file != Path(__file__) and SHARED.search(file.read_text())
    }
    assert found == ALLOWED
