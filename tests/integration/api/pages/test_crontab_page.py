"""The page that takes a crontab: looked at first, then created; what was pasted stays."""

import pytest

from tests.integration.api.pages.visitor import Visitor

CRONTAB = "# night <work>\n30 2 * * * echo\n@reboot echo up\n"
PATH = "/import/crontab/"


def test_a_pasted_crontab_is_shown_line_by_line(ann: Visitor) -> None:
    text = ann.post(PATH, crontab=CRONTAB.replace("\n", "\r\n"), timezone="Europe/Rome").text
    assert "1 line becomes a task, 1 cannot be imported" in text
    assert "<b><bdi>night &lt;work&gt;</bdi></b>" in text
    assert "@reboot names no time" in text
    assert "30 2 * * * echo\n@reboot" in text  # in the form still
    assert "Create 1 task</button>" in text
    assert ann.person.items("/tasks/") == []


def test_created_tasks_are_linked_next_to_the_lines_that_failed(ann: Visitor) -> None:
    text = ann.post(PATH, crontab=CRONTAB, do="create").text
    [task] = ann.person.items("/tasks/")
    assert f'href="/task/{task["id"]}/"' in text
    assert "1 task was created." in text
    assert "Create 1 task</button>" not in text


def test_without_a_fault_one_is_shown_the_new_tasks(ann: Visitor) -> None:
    answer = ann.post(PATH, crontab="@daily a\n@daily b\n", do="create")
    assert answer.headers["Location"] == "/dashboard/?tag=crontab"
    assert len(ann.person.items("/tasks/?tag=crontab")) == 2


def test_a_form_that_is_wrong_loses_nothing(ann: Visitor) -> None:
    answer = ann.post(PATH, crontab=CRONTAB, timezone="Mars", do="create")
    assert answer.status_code == 422
    assert 'id="timezone-wrong"' in answer.text
    assert "30 2 * * * echo" in answer.text
    assert ann.post(PATH, crontab="# nothing\n", do="create").status_code == 422


def test_ones_tasks_can_be_had_as_a_crontab(ann: Visitor, bob: Visitor) -> None:
    ann.post(PATH, crontab=CRONTAB, do="create")
    assert PATH in ann.get("/dashboard/").text
    assert "30 2 * * * echo\n" in ann.get("/export/crontab/").text
    assert "echo" not in bob.get("/export/crontab/").text
    assert ann.get("/export/crontab/?timezone=Mars").status_code == 422


@pytest.mark.parametrize("crontab", ["", " \n\n"])
@pytest.mark.parametrize("do", ["look", "create"])
def test_an_empty_crontab_is_said_to_be_empty(ann: Visitor, crontab: str, do: str) -> None:
    answer = ann.post(PATH, crontab=crontab, do=do)
    assert answer.status_code == 422
    assert "This is empty: paste what crontab -l shows." in answer.text
