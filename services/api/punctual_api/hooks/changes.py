"""What editors do with the hooks of a task; API and pages call the same functions."""

import uuid
from collections.abc import Sequence
from typing import Any

from flask import url_for

from punctual.domain.links import LinkKind
from punctual.store.links import changes as store
from punctual.store.links.changes import Target
from punctual.store.schema.models import Link
from punctual_api.accounts.names import look_up_names, name_of
from punctual_api.audit.recorder import record
from punctual_api.http.context import session, user_id
from punctual_api.http.problems import not_found
from punctual_api.links.limits import require_room
from punctual_api.tasks.endpoints import own_task
from punctual_api.web.own_address import own_url


def create(task_id: uuid.UUID, *, name: str) -> tuple[Link, str]:
    """Return a new hook of the asker's task, and its address, shown once; raises Problem."""
    task = own_task(task_id)
    require_room(LinkKind.HOOK, "The task", task_id=task_id)
    made, token = store.create_link(
        session(), LinkKind.HOOK, Target(task_id), name=name, by=user_id()
    )
    record("hook", made.id, name, after={"task": task.name})
    return made, own_url() + url_for("hook calls.run_by_hook", token=token)


def end(task_id: uuid.UUID, hook_id: uuid.UUID) -> None:
    """End a hook of the asker's task; raises Problem 404."""
    task = own_task(task_id)
    ended = store.end_link(session(), LinkKind.HOOK, hook_id, task_id=task_id)
    if ended is None:
        raise not_found("hook")
    record("hook", ended.id, ended.name, before={"task": task.name})


def shown(hooks: Sequence[Link]) -> list[dict[str, Any]]:
    """Return hooks as they are answered, but for the schema's formats."""
    look_up_names(hook.created_by for hook in hooks)
    return [
        {
            "id": hook.id,
            "name": hook.name,
            "created_by": name_of(hook.created_by),
            "created_at": hook.created_at,
            "last_used_at": hook.last_used_at,
        }
        for hook in hooks
    ]
