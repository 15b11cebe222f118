"""Due times from the command line: next, why, backfill, crontabs."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from tests.e2e.command_line.program import CommandLine


def due(document: str) -> list[datetime]:
    return [datetime.fromisoformat(at) for at in json.loads(document)["due"]]


def test_next_says_when_in_words(punctual: CommandLine, api: httpx.Client) -> None:
    punctual.done("add", "dump", "--cron", "0 2 * * *", "--", "true")
    punctual.done("add", "by hand", "--", "true")
    sentence, *times = punctual.done("next", "dump", "-n", "3").splitlines()
    assert sentence.startswith("dump: Every day at 02:00 (UTC); next ")
    assert len(times) == 3
    assert times[0].strip() in sentence.replace("(", " ").replace(")", "")
    found = due(punctual.done("next", "dump", "-n", "3", "-o", "json"))
    assert [at.hour for at in found] == [2, 2, 2]
    assert found[1] - found[0] == timedelta(days=1)
    assert punctual.done("next", "by hand") == "by hand: No schedule: it runs by hand.\n"


def test_the_next_times_of_an_interval_are_the_tasks_own(
    punctual: CommandLine, api: httpx.Client
) -> None:
    task = punctual.done("add", "-q", "x", "--every", "1h", "--", "true").strip()
    first = datetime.fromisoformat(api.get(f"/api/tasks/{task}/").json()["next_run_at"])
    assert due(punctual.done("next", "x", "-n", "3", "-o", "json")) == [
        first + hours * timedelta(hours=1) for hours in range(3)
    ]


def test_next_without_a_task_is_sorted_by_time(punctual: CommandLine) -> None:
    for name, at in (("later", "3h"), ("sooner", "1h"), ("by hand", None)):
        punctual.done("add", name, *([] if at is None else ["--at", at]), "--", "true")
    rows = [row.split("\t") for row in punctual.done("next").splitlines()]
    assert [row[2] for row in rows] == ["sooner", "later"]


def test_why_is_a_sentence(punctual: CommandLine) -> None:
    punctual.done("add", "x", "--every", "1h", "--", "true")
    assert (
        punctual.done("why", "x", "--at", "2h")
        == json.loads(punctual.done("why", "x", "--at", "2h", "-o", "json"))["sentence"] + "\n"
    )


def test_backfill_runs_past_due_times_after_a_yes(punctual: CommandLine) -> None:
    punctual.done("add", "x", "--cron", "0 * * * *", "--", "true")
    shown = punctual.done("backfill", "x", "--from", "5h", "--dry-run")
    assert shown.startswith("5 due times without a start:\n  20")
    code, output, complaint = punctual("backfill", "x", "--from", "5h")
    assert (code, output) == (2, "")
    assert "Run 'x' 5 times? Add --yes to do it." in complaint
    assert len(punctual.done("backfill", "x", "--from", "5h", "-y", "-q").split()) == 5
    assert punctual.done("backfill", "x", "--from", "5h", "-y") == "No due time without a start.\n"
    runs = json.loads(punctual.done("runs", "x", "-o", "json"))
    assert {run["trigger"] for run in runs} == {"backfill"}
    answered = punctual.on_terminal("backfill", "x", "--from", "7h", "--to", "6h", typed=["y"])
    assert answered.code == 0
    assert "runs have been ordered." in answered.output


CRONTAB = "# Nightly dump\n0 2 * * * pg_dump shop\nfoo\n"


def test_a_crontab_is_imported_and_exported(
    punctual: CommandLine, api: httpx.Client, tmp_path: Path
) -> None:
    file = tmp_path / "crontab"
    file.write_text(CRONTAB)
    code, output, _ = punctual("crontab", "import", str(file), "--dry-run")
    assert code == 1  # a line is none
    assert "   2 + 0 2 * * * pg_dump shop\n       = Nightly dump\n   3 ! foo\n" in output
    assert api.get("/api/tasks/").json()["items"] == []
    for words in (("import", str(file)), ("import", "-")):
        assert punctual("crontab", *words, typed=CRONTAB).code == 2
    assert api.get("/api/tasks/").json()["items"] == []
    code, output, _ = punctual("crontab", "import", "-", "--yes", typed=CRONTAB)
    assert (code, output) == (1, "1 tasks were created, 1 lines could not be.\n")
    [task] = api.get("/api/tasks/").json()["items"]
    assert (task["name"], task["command"]) == ("Nightly dump", "pg_dump shop")
    exported = punctual.done("crontab", "export")
    assert "# Nightly dump\n0 2 * * * pg_dump shop\n" in exported
    code, _, complaint = punctual("crontab", "import", str(tmp_path / "none"))
    assert (code, complaint) == (3, f"{tmp_path}/none: No such file or directory\n")


def test_a_time_zone_that_is_none_is_named(punctual: CommandLine) -> None:
    code, _, complaint = punctual("crontab", "export", "--tz", "Rome")
    assert (code, "/timezone" in complaint) == (2, True)
