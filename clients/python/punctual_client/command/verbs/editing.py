"""`edit`: a task as YAML in an editor."""

import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from punctual_client.client import Client
from punctual_client.command.environment import read_environment
from punctual_client.command.lookup import task_named
from punctual_client.command.opening import opened_client
from punctual_client.command.options import Output, Quiet, TaskName, Team
from punctual_client.command.refusals import Exit, Refusal
from punctual_client.command.shown import Form, note, show_done, yaml_of
from punctual_client.documents import Document, Task
from punctual_client.problems import Changed, Invalid

READ_ONLY = frozenset(
    {
        *("id", "type", "status", "health", "enabled", "paused_until", "snooze", "next_run_at"),
        *("last_run", "retries", "planned_runs", "warnings", "version"),
        *("created_at", "created_by", "updated_at", "updated_by"),
    }
)
"""What the server answers and no one edits: it stays as it is. A server may have more of these."""

HEADING = "# Save and close to change the task; leave it as it is to change nothing.\n"


def edit(
    task: TaskName, team: Team = None, output: Output = Form.TABLE, quiet: Quiet = False
) -> None:
    """Change a task in your editor ($VISUAL or $EDITOR), as YAML."""
    with opened_client() as client:
        before = client.task(task_named(client, task, team=team)["id"])
        after = _edited(client, before)
    if after is None:
        note("Nothing was changed.")
        after = before
        return
    for warning in after["warnings"]:
        note(f"Note: {warning}")
    show_done(after, f"Changed {after['name']!r}.", form=output, quiet=quiet)


def editable(task: Task) -> Document:
    """Return the part of a task that users decide about."""
    return {name: value for name, value in task.items() if name not in READ_ONLY}


def _edited(client: Client, before: Task) -> Task | None:
    """Let the user edit until the server takes it; None if nothing was changed."""
    original = editable(before)
    text, comment = yaml_of(original), HEADING
    while True:
        typed = _in_editor(comment + text)
        text = "".join(
            line for line in typed.splitlines(keepends=True) if not line.startswith("# ")
        )
        try:
            changed = read_yaml(text)
            if changed == original:
                return None
            whole = {**before, **dict.fromkeys(original), **changed}
            whole = {name: whole[name] for name in whole if name in changed or name in READ_ONLY}
            return client.replace_task(before["id"], whole, version=before["version"])
        except (Invalid, Refusal) as error:
            faults = str(error) if isinstance(error, Refusal) else "\n".join(map(str, error.faults))
            comment = HEADING + "".join(f"# {line}\n" for line in faults.splitlines())
            if not sys.stdin.isatty():
                raise
        except Changed as error:
            saved = _keep(text)
            raise Refusal(
                f"The task was changed by someone else while you edited. Your text is in {saved}: "
                "edit again, and copy from it.",
                Exit.CONFLICT,
            ) from error


def read_yaml(text: str) -> Document:
    """Return the mapping of a YAML text; raises Refusal."""
    try:
        found: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Refusal(f"This is no YAML: {error}") from None
    if not isinstance(found, dict):
        raise Refusal("This is no task: it needs lines like `name: nightly dump`.")
    return found


def _in_editor(text: str) -> str:
    editor = shlex.split(read_environment().editor)
    with tempfile.TemporaryDirectory(prefix="punctual-") as folder:
        file = Path(folder) / "task.yaml"
        file.write_text(text, encoding="utf-8")
        try:
            done = subprocess.run([*editor, str(file)], check=False)
        except OSError as error:
            raise Refusal(
                f"The editor {editor[0]!r} does not start ({error.strerror}): set EDITOR to one.",
                Exit.FAILED,
            ) from None
        if done.returncode:
            raise Refusal(
                f"The editor ended with {done.returncode}: nothing was changed.", Exit.FAILED
            )
        return file.read_text(encoding="utf-8")


def _keep(text: str) -> str:
    with tempfile.NamedTemporaryFile(
        "w", prefix="punctual-", suffix=".yaml", delete=False, encoding="utf-8"
    ) as file:
        file.write(text)
    return file.name


VERBS = (edit,)
