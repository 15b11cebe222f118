"""The page of a task's versions: who changed what, with a button that restores one."""

import uuid

from flask import Response, flash, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from punctual.domain.errors import InvalidPart
from punctual.store.tasks.versions import list_versions
from punctual_api.audit.recorder import changed_nothing
from punctual_api.http.context import connection, session
from punctual_api.http.problems import Fault, Problem, invalid
from punctual_api.tasks.versions import known_task, restore, version_documents
from punctual_api.web.page_base import page, pages

MOST_SHOWN = 200


@pages.get("/task/<uuid:task_id>/versions/")
def show_versions(task_id: uuid.UUID) -> Response:
    """All stored versions of a task, newest first."""
    task = known_task(task_id)
    found = list_versions(connection(), task_id, page_size=MOST_SHOWN + 1)
    versions = version_documents(found, page_size=MOST_SHOWN)
    return page("tasks/task_versions", task=task, versions=versions)


@pages.post("/task/<uuid:task_id>/versions/<int:number>/restore/")
def restore_version(task_id: uuid.UUID, number: int) -> AnyResponse:
    """Give a task what it had at a version."""
    try:
        _restore(task_id, number)
    except Problem as problem:
        if problem.code == 404:
            raise
        session().rollback()
        changed_nothing()
        faults = "; ".join(f"{fault.pointer[1:]}: {fault.detail}" for fault in problem.faults)
        flash(f"Not restored. {faults or problem.description}", "bad")
        return redirect(url_for("pages.show_versions", task_id=task_id))
    flash(f"The task is as it was at version {number}.")
    return redirect(url_for("pages.show_task", task_id=task_id))


def _restore(task_id: uuid.UUID, number: int) -> None:
    """Restore a version; raises Problem, also for a name that is not there any more."""
    try:
        restore(task_id, number)
    except InvalidPart as error:
        raise invalid([Fault(error.pointer, error.detail)]) from None
