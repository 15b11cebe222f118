"""The operator's command, as a program."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from punctual import DISTRIBUTION
from punctual.__main__ import VERBS
from punctual.store.schema.rights import page

ACTIONS = ("keygen", "rotate", "set")
"""Those of `punctual secrets` that operators have; users have others of their own."""

PUNCTUAL = str(Path(sys.executable).with_name("punctual"))


def run_command(*arguments: str, **settings: str) -> tuple[int, str, str]:
    """Its status, and what it wrote to both streams."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PUNCTUAL_")}
    environ |= {f"PUNCTUAL_{name}": value for name, value in settings.items()}
    done = subprocess.run(
        [PUNCTUAL, *arguments], env=environ, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_it_says_what_it_can_do() -> None:
    code, output, _ = run_command("--help")
    assert code == 0
    *_, named = output.partition("Operators' commands, of the service here: ")
    words = {" ".join(name.split()) for name in named.rstrip(".\n").split(",")}
    assert words == VERBS.keys() - {"secrets"} | {f"secrets {action}" for action in ACTIONS}
    assert run_command("--version") == (0, f"{version(DISTRIBUTION)}\n", "")


@pytest.mark.parametrize(
    "arguments", [(), ("heal",), ("doctor", "--loudly"), ("secrets", "set"), ("secrets", "heal")]
)
def test_nonsense_is_refused_with_its_usage(arguments: tuple[str, ...]) -> None:
    code, output, complaint = run_command(*arguments)
    assert (code, output) == (2, "")
    assert complaint.lower().startswith("usage: punctual")


def test_each_word_does_what_its_module_does(database_url: str, redis_url: str) -> None:
    servers = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    assert run_command("rights") == (0, page(), "")
    assert run_command("migrate", **servers)[0] == 0
    assert run_command("migrate")[0] == 2
    code, output, _ = run_command("config", SLOTS="77", **servers)
    assert code == 0
    assert "PUNCTUAL_SLOTS=77\n" in output
    assert "********" in output
    code, output, _ = run_command("doctor", **servers)
    assert code == 1  # no service is at work
    assert "none takes runs" in output


def test_it_becomes_whom_its_service_becomes_or_says_why_not(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        secret = tmp_path / "secret"
        secret.write_text("redis://x")
        secret.chmod(0o600)
        code, _, complaint = run_command("config", USER="65534", REDIS_URL_FILE=str(secret))
        assert (code, "Permission denied" in complaint) == (2, True)
        assert "must not be root" in run_command("config", USER="0")[2]
    else:
        assert run_command("config", USER=str(os.geteuid()))[0] == 0
