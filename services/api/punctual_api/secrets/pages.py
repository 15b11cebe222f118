"""The pages of a team's secrets: named, created, replaced and deleted, never shown."""

from typing import Any

from flask import Response, flash, redirect, request, url_for
from marshmallow import Schema, ValidationError
from werkzeug.wrappers import Response as AnyResponse

from punctual_api.audit.recorder import changed_nothing
from punctual_api.http.context import session, settings
from punctual_api.http.problems import Fault, Problem, faults_in
from punctual_api.secrets import changes
from punctual_api.secrets.schemas import NewSecretSchema, SecretReplacementSchema
from punctual_api.teams.changes import own_team
from punctual_api.web.form_errors import by_field
from punctual_api.web.form_fields import pasted
from punctual_api.web.page_base import page, pages

FIELDS = ("name", "value")


@pages.get("/team/<slug>/secrets/")
def show_secrets(slug: str) -> Response:
    """The names of a team's secrets, which tasks use them, and a form for owners."""
    return _list_page()


@pages.post("/team/<slug>/secrets/")
def create_secret(slug: str) -> AnyResponse:
    """A new secret; its value is in no answer, also not where the form is shown again."""
    typed = {"name": request.form.get("name", "").strip()}
    try:
        sent = _loaded(NewSecretSchema(only=FIELDS), {**typed, "value": _value()})
        changes.create_own(sent["name"], sent["value"])
    except Problem as problem:
        return _list_page(typed, problem)
    flash(f"The secret {typed['name']} is created.")
    return redirect(url_for("pages.show_secrets", slug=slug))


@pages.get("/team/<slug>/secrets/<name>/")
def show_secret(slug: str, name: str) -> Response:
    """A secret's form for another value."""
    return _secret_page(name)


@pages.post("/team/<slug>/secrets/<name>/")
def replace_secret(slug: str, name: str) -> AnyResponse:
    """Another value of a secret."""
    try:
        sent = _loaded(SecretReplacementSchema(), {"value": _value()})
        changes.replace_own(name, sent["value"])
    except Problem as problem:
        return _secret_page(name, problem)
    flash(f"The secret {name} has its new value, which runs get from now on.")
    return redirect(url_for("pages.show_secrets", slug=slug))


@pages.post("/team/<slug>/secrets/<name>/delete/")
def delete_secret(slug: str, name: str) -> AnyResponse:
    """Delete a secret; one that tasks use only after the page has said so."""
    try:
        changes.delete_own(name, force="force" in request.form)
    except Problem as problem:
        if problem.code != 409:
            raise
        return _secret_page(name, problem, in_use=True)
    flash(f"The secret {name} is deleted.")
    return redirect(url_for("pages.show_secrets", slug=slug))


def _value() -> str:
    return pasted(request.form.get("value", ""))


def _loaded(schema: Schema, document: dict[str, str]) -> Any:
    try:
        return schema.load(document)
    except ValidationError as error:
        raise Problem(422, "", faults=list(faults_in(error.messages))) from None


def _list_page(typed: dict[str, str] | None = None, problem: Problem | None = None) -> Response:
    return _page("secrets", problem, typed={"name": "", "value": "", **(typed or {})})


def _secret_page(name: str, problem: Problem | None = None, *, in_use: bool = False) -> Response:
    return _page("secret", problem, name=name, in_use=in_use, typed={"value": ""})


def _page(template: str, problem: Problem | None, **values: Any) -> Response:
    """Return a page with what it shows, read after a change that was refused is undone."""
    if problem is not None:
        if problem.code == 404:
            raise problem
        session().rollback()
        changed_nothing()
    if "name" in values:
        values["secret"] = changes.shown(changes.own_secret(values.pop("name"), lock=False))
    else:
        values["secrets"] = changes.listed_of_team()
    faults = () if problem is None else problem.faults or [Fault("", str(problem.description))]
    errors, others = by_field(() if values.get("in_use") else faults, FIELDS)
    return page(
        f"secrets/{template}",
        200 if problem is None else problem.code or 422,
        team=own_team(),
        has_key=bool(settings().secrets_public_key),
        errors=errors,
        others=others,
        **values,
    )
