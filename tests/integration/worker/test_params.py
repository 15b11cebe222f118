"""A command reads its run's parameters from its environment, and nothing pastes them into it."""

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from punctual.store.lifecycle.run_now import run_now
from punctual.store.schema.models import Task
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.runs import ended
from tests.support.rows import dispatch_all, new_task

HOSTILE = "$(touch /tmp/never); `id` '\"\n\\ end"


def test_values_reach_the_command_byte_for_byte(engine: Engine, start_worker: StartWorker) -> None:
    start_worker(heartbeat_seconds=0.5)
    params = [
        {"name": "text", "type": "string"},
        {"name": "full", "type": "boolean", "default": False},
        {"name": "left_out", "type": "integer"},
    ]
    command = 'printf "%s|%s|%s|%s" "$PARAM_TEXT" "$PARAM_FULL" "${PARAM_LEFT_OUT-unset}" "$PATH"'
    task_id = new_task(engine, command=command, params=params, env={"PARAM_FULL": "from env"})
    with Session(engine) as session, session.begin():
        task = session.get_one(Task, task_id)
        run_id = run_now(session.connection(), task=task, params={"text": HOSTILE})
    dispatch_all(engine)
    assert ended(engine, run_id).state == "succeeded"
    with engine.connect() as connection:
        data = connection.execute(text("SELECT data FROM outputs")).scalar_one()
    assert bytes(data).decode().startswith(f"{HOSTILE}|false|unset|/")
