"""Tasks from the command line."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.e2e.command_line.program import CommandLine

JSON = "-H 'Content-Type: application/json'"


def added(punctual: CommandLine, api: httpx.Client, *words: str) -> Any:
    """Add a task; return it as the API answers it."""
    task_id = punctual.done("add", "-q", *words).strip()
    return api.get(f"/api/tasks/{task_id}/").raise_for_status().json()


@pytest.mark.parametrize(
    ("options", "schedule"),
    [
        (
            ["--cron", "0 2 * * *", "--tz", "Europe/Rome"],
            {"cron": "0 2 * * *", "timezone": "Europe/Rome"},
        ),
        (["--every", "1h30m"], {"every": 5400}),
        (["--at", "2031-12-01 09:00", "--tz", "Europe/Rome"], {"at": "2031-12-01T08:00:00Z"}),
        ([], None),
    ],
    ids=["cron", "every", "at", "by-hand"],
)
def test_a_task_is_added_with_its_schedule(
    punctual: CommandLine, api: httpx.Client, options: list[str], schedule: Any
) -> None:
    task = added(punctual, api, "nightly dump", *options, "--", "pg_dump", "-Fc", "a shop")
    assert (task["name"], task["command"]) == ("nightly dump", "pg_dump -Fc 'a shop'")
    found = task["schedule"]
    assert (found if found is None else {key: found[key] for key in schedule or {}}) == schedule


def test_what_else_a_task_may_have(punctual: CommandLine, api: httpx.Client) -> None:
    options = ["--tag", "a", "--tag", "b", "--env", "X=1=2", "--timeout", "90s", "--retries", "0"]
    task = added(punctual, api, "x", *options, "--", "echo $X | cat")
    assert task["command"] == "echo $X | cat"  # one word is a text for the shell
    assert (task["tags"], task["env"]) == (["a", "b"], {"X": "1=2"})
    assert (task["timeout"], task["max_retries"]) == (90, 0)


def test_what_was_added_is_said_in_words(punctual: CommandLine) -> None:
    output = punctual.done("add", "dump", "--cron", "0 2 * * *", "--", "true")
    first, second = output.splitlines()
    assert first.startswith("Added 'dump' (")
    assert second.startswith("Every day at 02:00 (UTC); next ")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["add", "x", "--cron", "* *", "--", "true"], "/schedule/cron: Cron has five fields"),
        (["add", "x", "--every", "soon", "--", "true"], "type seconds, or 30s, 15m"),
        (["add", "x", "--at", "soon", "--", "true"], "'2026-12-01 09:00'"),
        (["add", "x", "--now", "--every", "5m", "--", "true"], "Type one of"),
        (["add", "x", "--at", "5m", "--tz", "Rome", "--", "true"], "like Europe/Rome"),
        (["add", "x"], "COMMAND"),
        (["add", "x", "--env", "A", "--", "true"], "NAME=VALUE"),
        (["lss"], "Did you mean 'ls'?"),
        (["ls", "--teem", "x"], "--team"),
        (["ls", "-o", "xml"], "'table', 'json', 'yaml'"),
        (["ls", "--status", "bad"], "/status"),
    ],
)
def test_wrong_usage_says_what_to_type(punctual: CommandLine, words: list[str], part: str) -> None:
    code, output, complaint = punctual(*words)
    assert (code, output) == (2, "")
    assert part in complaint


def test_tasks_are_found_by_name_or_id(punctual: CommandLine, api: httpx.Client) -> None:
    task = added(punctual, api, "nightly dump", "--", "true")
    for named in ("nightly dump", task["id"], task["id"].upper()):
        assert json.loads(punctual.done("show", named, "-o", "json"))["id"] == task["id"]
    code, _, complaint = punctual("show", "nightly dmp")
    assert (code, complaint) == (
        3,
        "There is no task 'nightly dmp'. Did you mean 'nightly dump'?\n",
    )
    code, _, complaint = punctual("show", "0190f0d4-0000-7000-8000-000000000000")
    assert (code, complaint) == (3, "There is no such task.\n")
    second = added(punctual, api, "nightly dump", "--", "true")
    code, _, complaint = punctual("rm", "-y", "nightly dump")
    assert code == 2
    assert task["id"] in complaint
    assert second["id"] in complaint


def test_lists_are_tables_only_on_a_terminal(punctual: CommandLine, api: httpx.Client) -> None:
    task = added(punctual, api, "a\u00e4 long name " + "x" * 60, "--tag", "t", "--", "true")
    [row] = punctual.done("ls").splitlines()
    assert row.split("\t")[:3] == [task["id"], task["name"], "idle"]
    assert "\x1b" not in row
    shown = punctual.on_terminal("ls", columns=70)
    heading, row, *_ = shown.output.splitlines()
    assert "NAME" in heading
    assert "\x1b[1m" in heading
    assert "a\u00e4 long …" in row
    assert "…" in row
    assert task["id"] not in row
    plain = punctual.on_terminal("ls", NO_COLOR="1")
    assert "\x1b[2m" in plain.output or "\x1b[1m" in plain.output
    assert "\x1b[3" not in plain.output
    assert json.loads(punctual.on_terminal("ls", "-o", "json").output)[0]["id"] == task["id"]
    assert yaml.safe_load(punctual.done("ls", "-o", "yaml", "--tag", "t"))[0]["id"] == task["id"]
    assert punctual.done("ls", "-q", "--search", "long") == f"{task['id']}\n"
    assert punctual.done("ls", "--tag", "none") == ""


def test_a_long_list_says_that_there_is_more(punctual: CommandLine, api: httpx.Client) -> None:
    made = api.post("/api/tasks/bulk/", json={"items": [{"command": "true"}] * 120})
    ids = made.raise_for_status().json()["ids"]
    code, output, complaint = punctual("ls", "-q")
    assert (code, output.count("\n")) == (0, 100)
    assert complaint == "There are more than 100: --limit 0 shows all.\n"
    assert set(punctual.done("ls", "-q", "-n", "0").split()) == set(ids)


def test_names_do_nothing_to_a_terminal(punctual: CommandLine, api: httpx.Client) -> None:
    task = added(punctual, api, "x", "--", "printf '\x1b]0;title\x07\ttab'")
    assert "\x1b" in task["command"]
    for done in (punctual("show", "x"), punctual.on_terminal("show", "x")):
        assert done.code == 0
        assert "\x1b]" not in done.output


def test_a_task_is_paused_resumed_and_deleted(punctual: CommandLine, api: httpx.Client) -> None:
    task = added(punctual, api, "x", "--every", "1h", "--", "true")
    path = f"/api/tasks/{task['id']}/"
    assert punctual.done("pause", "x") == "Paused 'x' until you resume it.\n"
    assert api.get(path).json()["status"] == "paused"
    assert punctual.done("pause", "x", "--until", "2h").startswith("Paused 'x' until 20")
    assert api.get(path).json()["paused_until"] is not None
    punctual.done("resume", "x")
    assert api.get(path).json()["enabled"]
    code, _, complaint = punctual("rm", "x")
    assert (code, complaint) == (2, "Delete 'x'? Add --yes to do it.\n")
    assert punctual.on_terminal("rm", "x", typed=["n"]).code == 1
    assert api.get(path).status_code == 200
    assert punctual.on_terminal("rm", "x", typed=["y"]).code == 0
    assert api.get(path).status_code == 404


def test_edit_changes_what_the_editor_changed(
    punctual: CommandLine, api: httpx.Client, tmp_path: Path
) -> None:
    task = added(punctual, api, "x", "--cron", "0 2 * * *", "--tag", "t", "--", "echo 1\necho 2")
    path = f"/api/tasks/{task['id']}/"
    assert punctual("edit", "x", EDITOR="true").complaint == "Nothing was changed.\n"
    assert api.get(path).json()["version"] == task["version"]
    punctual.done("edit", "x", EDITOR="sed -i 's/0 2/30 4/'")
    changed = api.get(path).json()
    same = ("name", "command", "tags", "max_retries", "timeout")
    assert changed["schedule"]["cron"] == "30 4 * * *"
    assert {name: changed[name] for name in same} == {name: task[name] for name in same}
    punctual.done("edit", "x", EDITOR="sed -i /^tags:/,/^-/d")
    assert api.get(path).json()["tags"] == []  # a line that is removed is a default
    code, _, complaint = punctual("edit", "x", EDITOR="sed -i 's/^timeout:.*/timeout: -1/'")
    assert code == 2
    assert complaint.startswith("/timeout: ")
    assert punctual("edit", "x", EDITOR="false").code == 1
    assert punctual("edit", "x", EDITOR="/no/editor").code == 1


def test_edit_does_not_undo_the_change_of_another(
    punctual: CommandLine, api: httpx.Client, tmp_path: Path
) -> None:
    task = added(punctual, api, "x", "--", "true")
    editor = tmp_path / "editor"
    headers = f"-H 'Authorization: {api.headers['Authorization']}' {JSON}"
    address = f"{api.base_url}/api/tasks/{task['id']}/"
    editor.write_text(
        "#!/bin/sh\n"
        f"curl -sf -X PATCH {headers} -d '{{\"priority\": 9}}' {address} >&2\n"
        'sed -i "s/^priority:.*/priority: 1/" "$1"\n'
    )
    editor.chmod(0o755)
    code, _, complaint = punctual("edit", "x", EDITOR=str(editor))
    assert code == 5, complaint
    saved = Path(complaint.partition("Your text is in ")[2].partition(": edit again")[0])
    assert "priority" in saved.read_text()
    saved.unlink()
    assert api.get(f"/api/tasks/{task['id']}/").json()["priority"] == 9
