"""deploy/words.py refuses banned words in texts and in the names that code defines."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[3] / "deploy" / "words.py"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that bans two phrases, and a word in names, and contains no text but the list."""
    (tmp_path / "deploy").mkdir()
    shutil.copy(PROGRAM, tmp_path / "deploy")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "words.txt").write_text(
        "# why\ngrok = understand\nso big = 3 m\nname: glorp = work\n"
    )
    return tmp_path


def check(project: Path) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, str(project / "deploy" / "words.py")]
    return subprocess.run(program, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("page.md", "A sentence.\nUsers Grok it.\n", "page.md:2: 'grok'; say understand"),
        ("page.html", "<p>so\nbig</p>", "page.html:1: 'so big'; say 3 m"),
        ("code.py", "x = 1\n# it is so\n# big\n# or grok\n", "code.py:4: 'grok'; say understand"),
        ("code.py", 'def f():\n    """Do it.\n\n    So\n    big."""\n', "code.py:4: 'so big'"),
        ("code.py", "def f(grok): ...\n", "code.py:1: name with 'grok'; say understand"),
        ("code.py", "x = 1\nMOST_GLORP = 1\n", "code.py:2: name with 'glorp'; say work"),
        ("code.py", "class GlorpingGlorp: ...\n", "code.py:1: name with 'glorp'; say work"),
    ],
)
def test_a_banned_word_is_refused_with_its_place_and_the_plain_word(
    project: Path, name: str, text: str, line: str
) -> None:
    (project / name).write_text(text)
    refused = check(project)
    assert refused.returncode == 1
    assert line in refused.stderr


def test_a_word_banned_from_names_is_accepted_in_texts_and_in_names_of_libraries(
    project: Path,
) -> None:
    text = "# We glorp.\nx = library.GROK\ndef test_we_glorp(): ...\n"
    (project / "code.py").write_text(text)
    assert check(project).returncode == 0


@pytest.mark.parametrize("text", ["grokked, so bigger\n", "under the user `nobody`\n"])
def test_other_words_and_the_unix_user_are_accepted(project: Path, text: str) -> None:
    with (project / "docs" / "words.txt").open("a") as words:
        words.write("nobody" + " = no user\n")
    (project / "page.md").write_text(text)
    assert check(project).returncode == 0
