"""Text with a byte order mark in front is read, wherever it is sent, or the mark is named."""

import codecs
from pathlib import Path

import pytest

from punctual.domain.text import decode_text
from punctual_api.crontab.command import main
from tests.integration.api.conftest import Person

JSON = {"Content-Type": "application/json"}
MARK = "\ufeff"


def test_a_json_body_may_have_a_mark_in_front(anna: Person) -> None:
    body = (MARK + '{"command": "echo"}').encode()
    answer = anna.post("/tasks/", data=body, headers=JSON)
    assert (answer.status_code, answer.get_json()["command"]) == (201, "echo")


def test_a_json_body_in_utf_16_is_named(anna: Person) -> None:
    answer = anna.post("/tasks/", data='{"command": "echo"}'.encode("utf-16"), headers=JSON)
    assert answer.status_code == 400
    assert "UTF-16 byte order mark" in answer.get_json()["detail"]


@pytest.mark.parametrize("field", ["command", "script"])
def test_a_program_with_a_mark_in_front_is_saved_without(anna: Person, field: str) -> None:
    sent = MARK + "echo"
    body = {"interpreter": "sh", "body": sent}
    task = anna.task(**{"command": None, field: sent if field == "command" else body})
    saved = task["command"] if field == "command" else task["script"]["body"]
    assert saved == "echo"


def test_a_crontab_with_a_mark_in_front_is_imported(anna: Person) -> None:
    sent = {"crontab": MARK + "@daily a\n", "dry_run": False}
    report = anna.post("/import/crontab/", json=sent).get_json()
    assert (report["entries"], report["faults"]) == (1, 0)
    assert report["lines"][0]["task"]["command"] == "a"


def test_a_mark_before_a_name_is_left_out(anna: Person) -> None:
    task = anna.task(name=MARK + "nightly", tags=[MARK + "db"])
    assert (task["name"], task["tags"]) == ("nightly", ["db"])


@pytest.mark.parametrize(
    "schedule", [{"cron": "@daily", "timezone": MARK + "UTC"}, {"cron": MARK + "@daily"}]
)
def test_a_mark_in_a_schedule_is_named(anna: Person, schedule: dict[str, str]) -> None:
    answer = anna.post("/tasks/", json={"command": "x", "schedule": schedule})
    assert answer.status_code == 422
    assert "an invisible U+FEFF" in answer.get_json()["errors"][0]["detail"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_is_read_by_its_mark(encoding: str) -> None:
    assert (
        decode_text("# n\u00e4chtlich\n@daily a\n".encode(encoding))
        == "# n\u00e4chtlich\n@daily a\n"
    )
    assert decode_text(codecs.BOM_UTF16_BE + "a".encode("utf-16-be")) == "a"


def test_a_file_of_other_bytes_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "token").write_text("t")
    (tmp_path / "crontab").write_bytes("# n\u00e4chtlich\n".encode("latin-1"))
    assert main(["--token-file", str(tmp_path / "token"), str(tmp_path / "crontab")]) == 1
    assert "crontab: not text in UTF-8, or UTF-16 with a byte order mark" in capsys.readouterr().err
