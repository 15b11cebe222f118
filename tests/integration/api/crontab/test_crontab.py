"""Crontabs over REST: a report first, tasks when asked to, and back again."""

from typing import Any

import pytest
from sqlalchemy import Engine

from punctual_api.crontab.command import main, report_text
from tests.integration.api.conftest import Person, run_sql

CRONTAB = """MAILTO=paul
A=1
# night work
30 2 * * * echo 50\\% | cat
@reboot echo up
0 22 * * 1-5 cat%hello
"""


def imported(who: Person, **sent: Any) -> dict[str, Any]:
    answer = who.post("/import/crontab/", json={"crontab": CRONTAB, **sent})
    assert answer.status_code in (200, 201), answer.json
    report: dict[str, Any] = answer.get_json()
    return report


def test_a_dry_run_reports_line_by_line_and_makes_nothing(anna: Person) -> None:
    report = imported(anna)
    assert (report["dry_run"], report["entries"], report["faults"]) == (True, 2, 1)
    kinds = [line["kind"] for line in report["lines"]]
    assert kinds == ["variable", "variable", "comment", "entry", "fault", "entry"]
    assert "No mail" in report["lines"][0]["notes"][0]
    assert report["lines"][3]["task"] == {
        "name": "night work",
        "command": "echo 50% | cat",
        "schedule": {"cron": "30 2 * * *", "timezone": "UTC"},
        "env": {"MAILTO": "paul", "A": "1"},  # cron gives commands MAILTO as well
        "working_dir": None,
        "metadata": {"crontab": {"line": 4, "mailto": "paul"}},
    }
    assert anna.items("/tasks/") == []


def test_applied_it_makes_tasks_that_behave_as_crons_entries_did(anna: Person) -> None:
    report = imported(anna, dry_run=False, timezone="Europe/Rome")
    second, first = anna.items("/tasks/")
    assert [line["task_id"] for line in report["lines"] if line["task_id"]] == [
        first["id"],
        second["id"],
    ]
    assert first["schedule"]["timezone"] == "Europe/Rome"
    assert (first["overlap"], first["catch_up"], first["max_retries"]) == ("allow", "none", 0)
    assert first["tags"] == ["crontab"]
    assert not [warning for warning in first["warnings"] if "timeout" in warning]
    assert (second["name"], second["command"][:19]) == ("cat", "exec /bin/sh -c cat")


def test_the_same_key_imports_once(anna: Person) -> None:
    for _ in range(2):
        sent = {"crontab": CRONTAB, "dry_run": False}
        answer = anna.post("/import/crontab/", json=sent, headers={"Idempotency-Key": "k"})
        assert answer.status_code == 201
    assert len(anna.items("/tasks/")) == 2


def test_a_system_crontab_reports_its_users(anna: Person) -> None:
    report = imported(anna, crontab="17 * * * * root echo\n", format="system")
    [line] = report["lines"]
    assert line["task"]["metadata"] == {"crontab": {"line": 1, "user": "root"}}
    assert line["task"]["command"] == "echo"


def test_an_entry_that_cannot_become_a_task_is_a_fault(anna: Person) -> None:
    report = imported(anna, crontab=f"@daily echo {'x' * 40_000}\n@daily echo\n", dry_run=False)
    assert (report["entries"], report["faults"]) == (1, 1)
    assert report["lines"][0]["notes"] == ["/command: Longer than 32 KiB."]
    assert len(anna.items("/tasks/")) == 1


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({}, "/crontab"),
        ({"crontab": "a", "timezone": "Mars/Olympus"}, "/timezone"),
        ({"crontab": "a", "format": "anacron"}, "/format"),
        ({"crontab": "\n" * 10_001}, "/crontab"),
        ({"crontab": "a\0"}, "/crontab"),
    ],
)
def test_what_is_no_crontab_is_refused(anna: Person, sent: dict[str, str], pointer: str) -> None:
    answer = anna.post("/import/crontab/", json=sent)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]


def test_an_export_holds_what_cron_can_express_and_says_what_it_cannot(
    anna: Person, ben: Person
) -> None:
    imported(anna, dry_run=False)
    anna.task(name="often", schedule={"every": 5})
    paused = anna.task(name="paused", schedule={"cron": "0 0 * * *"})
    anna.post(f"/tasks/{paused['id']}/pause/")
    script = {"interpreter": "sh", "body": "echo"}
    anna.post("/tasks/", json={"script": script, "schedule": {"cron": "0 0 * * *"}})
    answer = anna.get("/export/crontab/")
    assert answer.content_type == "text/plain; charset=utf-8"
    lines = answer.text.splitlines()
    assert "# night work" in lines
    assert "30 2 * * * export A=1 MAILTO=paul; echo 50\\% | cat" in lines
    assert "0 22 * * 1-5 export A=1 MAILTO=paul; cat%hello" in lines
    assert "# Left out: often" in lines
    assert "# It is paused." in lines
    assert "# It is no command but a script or a request." in lines
    assert "night work" not in ben.get("/export/crontab/").text
    assert "night work" not in anna.get("/export/crontab/?tag=other").text
    assert "clocks of UTC" in anna.get("/export/crontab/?timezone=Europe/Rome").text


def test_what_users_named_is_never_a_line_of_an_exported_crontab(
    anna: Person, engine: Engine
) -> None:
    line = "\n* * * * * root touch /tmp/x #"
    task = anna.task(name="t", schedule={"cron": "0 0 * * *"})
    # As an older version took them: control characters in names are refused now.
    run_sql(
        engine,
        "UPDATE tasks SET name = :name, calendars = :calendars WHERE id = :id",
        id=task["id"],
        name=f"n{line}\u2028{line}\x1b[31m",
        calendars=[f"x{line}", f"y\r{line}\x85"],
    )
    lines = anna.get("/export/crontab/").text.split("\n")
    assert [text for text in lines if text and not text.startswith("#")] == ["SHELL=/bin/sh"]
    assert "Its calendars block due times: x\\n* * * * * root touch /tmp/x #, y\\r\\n*" in lines[-2]
    assert not any(char in "".join(lines) for char in "\r\x1b\x85\u2028")


def test_a_report_can_be_read_on_a_terminal(anna: Person) -> None:
    text = report_text(imported(anna))
    assert "   4 + 30 2 * * * echo 50\\% | cat\n       = a task: night work\n" in text
    assert "   5 ! @reboot echo up\n" in text
    assert "2 lines would become tasks, 1 cannot be imported.\n" in text


def test_the_command_line_says_what_is_wrong(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    token = tmp_path / "token"
    assert main(["--token-file", str(token), "x"]) == 1
    token.write_text("t")
    assert main(["--token-file", str(token)]) == 1
    assert main(["--token-file", str(token), "--url", "file:///etc", "--export"]) == 1
    output = capsys.readouterr().err.splitlines()
    assert "No such file" in output[0]
    assert output[1].startswith("Name a crontab file")
    assert output[2] == "file:///etc is not an http or https URL."


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_crontab_has_at_most_10000_lines_whether_the_last_one_is_ended_or_not(
    anna: Person, end: str
) -> None:
    def lines(count: int) -> int:
        crontab = "\n".join(["#"] * count) + end
        return anna.post("/import/crontab/", json={"crontab": crontab}).status_code

    assert (lines(10_000), lines(10_001)) == (200, 422)
