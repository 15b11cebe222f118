"""The page of a task's hooks: a new address is shown in the answer alone."""

import uuid

from flask import Response, flash, redirect, request, url_for
from marshmallow import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from punctual.domain.links import MOST_LINKS, LinkKind
from punctual.store.links.changes import list_links
from punctual_api.audit.recorder import changed_nothing
from punctual_api.hooks import changes
from punctual_api.hooks.schemas import NewHookSchema
from punctual_api.http.context import session
from punctual_api.http.problems import Fault, Problem, faults_in
from punctual_api.tasks.versions import known_task
from punctual_api.web.form_errors import by_field
from punctual_api.web.page_base import page, pages


@pages.get("/task/<uuid:task_id>/hooks/")
def show_hooks(task_id: uuid.UUID) -> Response:
    """The hooks of a task, and a form for another one."""
    return _page(task_id)


@pages.post("/task/<uuid:task_id>/hooks/")
def create_hook(task_id: uuid.UUID) -> Response:
    """A new hook, with its address."""
    typed = {"name": request.form.get("name", "").strip()}
    try:
        _, url = changes.create(task_id, **NewHookSchema().load(typed))
    except ValidationError as error:
        return _page(task_id, typed, faults=list(faults_in(error.messages)))
    except Problem as problem:
        if problem.code == 404:
            raise
        return _page(task_id, typed, faults=[Fault("", str(problem.description))])
    return _page(task_id, new_url=url)


@pages.post("/task/<uuid:task_id>/hooks/<uuid:hook_id>/end/")
def end_hook(task_id: uuid.UUID, hook_id: uuid.UUID) -> AnyResponse:
    """End a hook."""
    changes.end(task_id, hook_id)
    flash("The hook has ended.")
    return redirect(url_for("pages.show_hooks", task_id=task_id))


def _page(
    task_id: uuid.UUID,
    typed: dict[str, str] | None = None,
    *,
    faults: list[Fault] | None = None,
    new_url: str | None = None,
) -> Response:
    if faults:
        session().rollback()
        changed_nothing()
    task = known_task(task_id)
    found = list_links(session(), LinkKind.HOOK, limit=MOST_LINKS[LinkKind.HOOK], task_id=task_id)
    errors, others = by_field(faults or (), ("name",))
    return page(
        "tasks/task_hooks",
        422 if faults else 200,
        task=task,
        hooks=changes.shown(found),
        new_url=new_url,
        typed=typed or {"name": ""},
        errors=errors,
        others=others,
    )
