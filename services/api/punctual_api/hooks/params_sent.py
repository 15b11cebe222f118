"""The values that a request to a hook has for the task's parameters."""

from collections.abc import Mapping
from typing import Any

from flask import Request

from punctual.domain.runs.params import Param, typed_value
from punctual_api.http.json_body import json_body, refuse_unlabelled_json
from punctual_api.http.problems import Fault, invalid

WRAPPER = "params"


def params_sent(request: Request, params: tuple[Param, ...]) -> dict[str, Any]:
    """Return the values for the parameters; raises Problem for a body that is no such thing.

    `{"params": {…}}` has them all, and an unknown one is a mistake. Of any other object, and of a
    form, only those fields count that are parameters, so that other programs' own bodies can be
    sent as they are.
    """
    if not request.get_data(cache=True):
        return {}
    if not request.is_json:
        refuse_unlabelled_json(request)
        return {
            param.name: typed_value(param, request.form[param.name])
            for param in params
            if param.name in request.form
        }
    document = json_body(request)
    if not isinstance(document, Mapping):
        raise invalid([Fault("", 'The body is an object, such as {"params": {"day": "monday"}}.')])
    if set(document) == {WRAPPER} and isinstance(document[WRAPPER], Mapping):
        return dict(document[WRAPPER])
    return {param.name: document[param.name] for param in params if param.name in document}
