"""A program that is started without the shell in front of it sees no difference, nor do others."""

from pathlib import Path

import pytest

from tests.integration.worker.runner.harness import Stage

pytestmark = pytest.mark.usefixtures("dash")


SAME = {
    "its environment": "env",
    "its descriptors": "ls /proc/self/fd",
    "its limits": "grep -v 'realtime timeout' /proc/self/limits",
    "its signals, mask and rights": "grep -E '^(Sig[^Q]|Shd|Cap|Umask|NoN|Sec)' /proc/self/status",
    "its group and session": """python3 -c 'import os; print(os.getpid() == os.getsid(0))'""",
    "its parent": "grep PPid /proc/self/status",
    "its name": "cat /proc/self/cmdline",
    "its words": """printf-is-not '%s|' "a  b" 'c$d' e""",
    "its directory": "/bin/pwd",
    "its input": "wc -c",
    "its exit code": "grep -q nothing /proc/self/maps /nowhere",
    "its signal": """python3 -c 'import os; os.kill(os.getpid(), 9)'""",
}


@pytest.mark.parametrize("command", SAME.values(), ids=SAME.keys())
def test_it_does_the_same(stage: Stage, tmp_path: Path, command: str) -> None:
    (tmp_path / "printf-is-not").symlink_to("/usr/bin/printf")
    # exec is the shell's, which then does by itself what is done for it otherwise.
    plain, shell = (
        stage.run(
            each,
            cwd=str(tmp_path),
            env={
                "HOME": "/",
                "TMPDIR": "/tmp",
                "OLDPWD": "/x",
                "PATH": f"/no/where:{tmp_path}:/usr/bin:/bin",
            },
        )
        for each in (command, f"exec {command}")
    )
    assert plain.output or plain.exit_code or plain.signal
    # A shell passes its variables on in an order of its own.
    assert sorted(plain.output.splitlines()) == sorted(shell.output.splitlines())
    assert (plain.exit_code, plain.signal) == (shell.exit_code, shell.signal)
    assert plain.error is None


@pytest.mark.parametrize(
    "command", ["nothing x", "/no/such x", "./folder", "./letter", "./script x"]
)
def test_what_cannot_be_started_is_left_to_a_shell(
    stage: Stage, tmp_path: Path, command: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "letter").write_text("hello")
    (tmp_path / "script").write_text('echo "$0 $# $1"; exit 3\n')
    (tmp_path / "script").chmod(0o755)
    plain, shell = (stage.run(each, cwd=str(tmp_path)) for each in (command, f"{command};"))
    assert plain.exit_code in (3, 126, 127)
    assert (plain.output, plain.exit_code, plain.error) == (shell.output, shell.exit_code, None)
