"""Completion, in the shells that are here."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.command_line.program import PUNCTUAL, CommandLine

SCRIPTS = {
    "bash": "source <(punctual completion bash); COMP_WORDS=({words}); COMP_CWORD={last}\n"
    '_punctual_completion punctual; printf "%s\\n" "${{COMPREPLY[@]}}"',
    "zsh": "autoload -U compinit; compinit -D; source <(punctual completion zsh)\n"
    "_TYPER_COMPLETE_ARGS='{line}' _PUNCTUAL_COMPLETE=complete_zsh punctual",
    "fish": "punctual completion fish | source; complete --do-complete '{line}'",
}


def completed(shell: str, punctual: CommandLine, *words: str) -> str:
    """Return what a shell offers for the last word."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed here")
    script = SCRIPTS[shell].format(
        words=" ".join(f"'{word}'" for word in words), last=len(words) - 1, line=" ".join(words)
    )
    path = f"{Path(PUNCTUAL).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [shell, "-c", script],
        env=punctual.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


@pytest.mark.parametrize("shell", SCRIPTS)
def test_a_shell_completes_commands_options_and_tasks(shell: str, punctual: CommandLine) -> None:
    punctual.done("add", "nightly", "--", "true")
    assert "whoami" in completed(shell, punctual, "punctual", "who")
    assert "login" not in completed(shell, punctual, "punctual", "who")
    assert "--timeout" in completed(shell, punctual, "punctual", "add", "--time")
    assert "nightly" in completed(shell, punctual, "punctual", "show", "nig")


def test_completion_is_silent_where_no_server_answers(tmp_path: Path) -> None:
    punctual = CommandLine(tmp_path, PUNCTUAL_URL="http://127.0.0.1:1")
    assert completed("bash", punctual, "punctual", "show", "nig").strip() == ""
