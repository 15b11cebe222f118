"""Blueprints that document themselves and read what is sent strictly."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

import flask_smorest
from flask import Flask, Request
from flask_smorest.utils import prepare_response
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import MultiDict

from punctual_api.http.fields import Instant
from punctual_api.http.json_body import json_body
from punctual_api.http.problem_schemas import ProblemSchema
from punctual_api.http.problems import faults_in, invalid

Schema.error_messages = {**Schema.error_messages, "type": "An object is expected."}

View = TypeVar("View", bound=Callable[..., Any])
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class StrictParser(FlaskParser):
    """Parses arguments strictly: unknown or mistyped ones are refused."""

    def load_json(self, req: Request, schema: Schema) -> Any:
        """Return the body; problems of its form are 400, 413 and 415."""
        if getattr(schema, "body_may_be_absent", False) and not req.get_data(cache=True):
            return {}
        return json_body(req)

    def load_querystring(self, req: Request, schema: Schema) -> Any:
        """Return the query; a parameter that is known and empty, as in `?cursor=`, is not given."""
        given = [
            (name, value)
            for name, value in req.args.items(multi=True)
            if value or name not in schema.fields
        ]
        return self._makeproxy(MultiDict(given), schema)

    def handle_error(self, error: ValidationError, *args: Any, **kwargs: Any) -> Any:
        """422, each fault at its place."""
        # webargs files the messages under the location they were read from.
        raise invalid(
            [fault for below in error.messages_dict.values() for fault in faults_in(below)]
        )


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # it ships no types
    """A smorest blueprint whose decorators have types."""

    ARGUMENTS_PARSER = StrictParser(unknown=RAISE)

    def route(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Answer `rule` with the decorated view."""
        decorated: Callable[[View], View] = super().route(rule, **options)
        return decorated

    def arguments(self, schema: Schema | type[Schema], **options: Any) -> Decorator:
        """Hand the view what `schema` read from the body, or from `location="query"`."""
        # An instance: of a class, a new one would be made for each request.
        made = schema() if isinstance(schema, type) else schema
        decorated: Decorator = super().arguments(made, **options)
        return decorated

    def response(self, status_code: int, schema: Any = None, **options: Any) -> Decorator:
        """Answer what the view returns as `schema` shows it."""
        decorated: Decorator = super().response(status_code, schema, **options)
        return decorated

    def problems(self, *statuses: int) -> Decorator:
        """Document the errors of a view."""

        def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
            for status in statuses:
                view = self.alt_response(status, HTTPStatus(status).name)(view)
            return view

        return decorate

    def alt_response(
        self, status_code: int, response: str | None = None, **options: Any
    ) -> Decorator:
        """Document one more answer of a view."""
        return _only_documented(super().alt_response(status_code, response, **options))

    def doc(self, **spec: Any) -> Decorator:
        """Add to the OpenAPI description of a view."""
        return _only_documented(super().doc(**spec))


def _only_documented(decorate: Decorator) -> Decorator:
    """Return the decorator for a view that is called as it is: smorest wraps one layer for each."""

    def note(view: Callable[..., Any]) -> Callable[..., Any]:
        vars(view)["_apidoc"] = vars(decorate(view))["_apidoc"]
        return view

    return note


class Api(flask_smorest.Api):  # type: ignore[misc]  # it ships no types
    """smorest's API, with our problems in place of its errors."""

    ERROR_SCHEMA = ProblemSchema
    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask, **options: Any) -> None:
        super().__init__(spec_kwargs=options)
        self.register_field(Instant, "string", "date-time")
        self.init_app(app)

    def _register_error_handlers(self) -> None:
        """Errors are answered in problems.py, for the whole app."""

    def _register_responses(self) -> None:
        for status in HTTPStatus:
            if status >= 400:
                answer = {"description": status.phrase, "schema": ProblemSchema}
                prepare_response(answer, self.spec, "application/problem+json")
                self.spec.components.response(status.name, answer, lazy=True)
