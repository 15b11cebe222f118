"""What sets the stack up says in a sentence that a Python or a machine is too old for it."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from punctual.ops.process_user import unprivileged
from punctual_devstack.servers.postgres_user import reachable_temporary
from punctual_worker.runner.launch.spawn import DEFAULT_PATH

SCRIPT = Path(__file__).resolve().parents[4] / "deploy" / "venv.py"
OLD = [
    path
    for minor in range(6, 11)
    for path in sorted(
        Path(os.environ.get("PYENV_ROOT", "/root/.pyenv")).glob(f"versions/3.{minor}.*/bin/python3")
    )
]


def test_python_3_6_can_read_what_sets_the_stack_up() -> None:
    tree = ast.parse(SCRIPT.read_text(), feature_version=(3, 6))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            pytest.fail("a future that Python 3.6 does not know")
        if isinstance(node, ast.FunctionDef):
            arguments = (*node.args.args, *node.args.kwonlyargs)
            for each in (node.returns, *(argument.annotation for argument in arguments)):
                # These are worked out when the function is defined: no `str | Path`, no list[str].
                assert not isinstance(each, (ast.BinOp, ast.Subscript)), ast.unparse(node)


@pytest.mark.parametrize("python", OLD, ids=lambda path: path.parts[-3])
def test_an_old_python_is_named_in_a_sentence(python: Path) -> None:
    ended = subprocess.run(
        [python, SCRIPT, "run"], env={"PATH": "/none"}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Punctual needs Python 3.11 or newer; {python} is 3.")
    assert ended.stderr.count("\n") == 1


def test_a_checkout_that_cannot_be_written_to_is_named_in_a_sentence() -> None:
    folder = reachable_temporary("punctual-read-only-")
    try:
        (folder / "deploy").mkdir()
        shutil.copy(SCRIPT, folder / "deploy")
        folder.chmod(0o555)
        if os.geteuid() == 0:
            python = shutil.which("python3", path=DEFAULT_PATH)
            user: dict[str, Any] = {"user": unprivileged().uid, "extra_groups": []}
        else:
            python, user = sys.executable, {}
        assert python is not None
        ended = subprocess.run(
            [python, folder / "deploy" / "venv.py", "run"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            **user,
        )
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"{folder} cannot be written to (Permission denied): ")
    assert ended.stderr.count("\n") == 1


def test_a_venv_of_another_user_is_named_in_a_sentence() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make what another user may not renew")
    folder = reachable_temporary("punctual-other-")
    try:
        (folder / "deploy").mkdir()
        shutil.copy(SCRIPT, folder / "deploy")
        for own in (
            "shared",
            "services/api",
            "services/coordinator",
            "services/worker",
            "clients/python",
        ):
            (folder / own).mkdir(parents=True)
        (folder / ".venv" / "bin").mkdir(parents=True)
        python = shutil.which("python3", path=DEFAULT_PATH)
        assert python is not None
        for private in (False, True):
            (folder / ".venv").chmod(0o700 if private else 0o755)
            for writable in (False, True):
                folder.chmod(0o777 if writable else 0o755)
                ended = subprocess.run(
                    [python, folder / "deploy" / "venv.py", "run"],
                    capture_output=True,
                    text=True,
                    check=False,
                    cwd="/",
                    user=unprivileged().uid,
                    extra_groups=[],
                )
                assert ended.returncode == 1
                assert ended.stderr.startswith(f"{folder}/.venv was made by root, "), ended.stderr
                assert "rm -r .venv" in ended.stderr
                assert ended.stderr.count("\n") == 1
    finally:
        shutil.rmtree(folder)
