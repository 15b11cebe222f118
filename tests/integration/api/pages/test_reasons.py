"""Reasons on pages: runs are links, times are the browser's, and free text stays text."""

import json
import uuid
from datetime import UTC, datetime

from sqlalchemy import Engine

from punctual.domain.runs.reasons import ReasonCode, coded
from tests.integration.api.pages.visitor import Visitor
from tests.support.steps import change_run

SINCE = datetime(2026, 1, 5, 12, tzinfo=UTC)


def ended(ann: Visitor, engine: Engine, code: ReasonCode, **args: object) -> str:
    """A run that was cancelled before its start, for this reason."""
    task = ann.person.task()
    run = uuid.UUID(ann.person.post(f"/tasks/{task['id']}/run/").get_json()["id"])
    reason = coded(code, **args)
    columns = {"reason_code": reason.code, "reason_args": json.dumps(reason.args)}
    change_run(engine, run, state="cancelled", finished_at=SINCE, **columns)
    return str(run)


def test_a_run_that_a_reason_names_is_a_link(ann: Visitor, engine: Engine) -> None:
    other = ended(ann, engine, ReasonCode.DELETED)
    run = ended(ann, engine, ReasonCode.REPLACED, run_id=other)
    page = ann.get(f"/run/{run}/").text
    assert f'replaced by <a href="/run/{other}/">a later run</a>.' in page


def test_a_time_in_a_reason_is_shown_in_the_browsers_zone(ann: Visitor, engine: Engine) -> None:
    run = ended(ann, engine, ReasonCode.WORKER_SILENT, worker="w-1", since=SINCE)
    page = ann.get(f"/run/{run}/").text
    assert 'since <time datetime="2026-01-05T12:00:00.000Z" data-show="local"' in page


def test_free_text_in_a_reason_is_escaped(ann: Visitor, engine: Engine) -> None:
    run = ended(ann, engine, ReasonCode.COULD_NOT_START, error="<script>alert(1)</script>")
    page = ann.get(f"/run/{run}/").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page


def test_the_api_answers_the_code_its_arguments_and_plain_text(
    ann: Visitor, engine: Engine
) -> None:
    other = ended(ann, engine, ReasonCode.DELETED)
    run = ended(ann, engine, ReasonCode.REPLACED, run_id=other)
    answer = ann.person.get(f"/runs/{run}/").get_json()
    assert (answer["reason"], answer["reason_code"], answer["reason_args"]) == (
        f"replaced by run {other}",
        "replaced",
        {"run_id": other},
    )
