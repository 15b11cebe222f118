"""Cross-field validation for tasks."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import ValidationError

from punctual.domain.commands.http_params import fill_in, names_in
from punctual.domain.errors import InvalidParams

TOGETHER = ("schedule", "params")
HTTP_TOGETHER = ("http", "params", "env", "working_dir")
"""The fields that these rules look at."""

READ_BY_REQUESTS = frozenset({"SSL_CERT_FILE", "SSL_CERT_DIR"})
"""The variables that libcurl's certificates come from."""


def check_together(values: Mapping[str, Any]) -> None:
    """Raise ValidationError, its messages at their places, for fields that contradict each other.

    `values` are those of a whole task; of one that is changed, with what stays as it is.
    """
    if values["schedule"] is None:
        return
    for place, param in enumerate(values["params"] or ()):
        if not isinstance(param, Mapping):  # stored so, and ignored as no parameter
            continue
        if param.get("required") and "default" not in param:
            detail = "Runs by schedule have no value for it: give it a default, or no schedule."
            raise ValidationError({"params": {place: {"required": [detail]}}})


def check_http(values: Mapping[str, Any]) -> None:
    """Raise ValidationError for what an HTTP request would leave unread, or could not take."""
    request, params = values["http"], values["params"] or ()
    if request is None:
        return
    if values["working_dir"] is not None:
        detail = "An HTTP request has no working directory: leave it out."
        raise ValidationError(detail, "working_dir")
    unread = {name: [UNREAD] for name in values["env"] if name not in READ_BY_REQUESTS}
    if unread:
        raise ValidationError({"env": unread})
    known = {param["name"] for param in params}
    faults: dict[str, Any] = {}
    for name, where in names_in(request):
        if name not in known:
            _note(faults, where, f"The task has no parameter {name}: declare it in params.")
    if faults:
        raise ValidationError({"http": faults})
    _check_defaults(request, params)


UNREAD = (
    "An HTTP request reads SSL_CERT_FILE and SSL_CERT_DIR alone: put what it needs in its headers,"
    " body or URL."
)


def _note(faults: dict[str, Any], where: str, detail: str) -> None:
    field, _, header = where.partition("/")
    if header:
        faults.setdefault(field, {})[header] = [detail]
    else:
        faults[field] = [detail]


def _check_defaults(request: Mapping[str, Any], params: Sequence[Mapping[str, Any]]) -> None:
    for place, param in enumerate(params):
        if "default" not in param:
            continue
        try:
            fill_in(request, {param["name"]: param["default"]})
        except InvalidParams as error:
            if error.pointer == f"/{param['name']}":
                messages = {"params": {place: {"default": [error.detail]}}}
                raise ValidationError(messages) from None
