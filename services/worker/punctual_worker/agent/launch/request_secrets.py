"""Secrets of an HTTP request: checked here, put in by the program that makes the request.

The request is in a file, on a disk perhaps; so values reach the program in its environment, as they
reach any other command.
"""

import json
from collections.abc import Mapping
from typing import Any

from punctual.domain.commands.http_params import fill_in
from punctual.domain.errors import InvalidSecret
from punctual.domain.secrets.references import whole_placeholder
from punctual.ops.config import Settings
from punctual_worker.agent.launch.secret_values import SecretValues, unusable

VARIABLE = "HTTP_SECRET_{number}"


def order_with_secrets(
    request: Mapping[str, Any],
    params: Mapping[str, Any] | None,
    secrets: SecretValues,
    settings: Settings,
) -> tuple[str, dict[str, str]]:
    """Return the order for the program, and the variables that it finds values in.

    Raises InvalidParams or SecretError for a value that cannot stand where it is to be put.
    """
    values = secrets.by_placeholder()
    try:
        fill_in(request, {**(params or {}), **values})
    except InvalidSecret as error:
        reference = whole_placeholder(error.pointer.removeprefix("/"))
        assert reference is not None  # noqa: S101 - for mypy: fill_in points at placeholders
        raise unusable(reference, error.detail, same_again=True) from None
    variables = {name: VARIABLE.format(number=number) for number, name in enumerate(values)}
    order = {
        "request": request,
        "params": params or {},
        "secrets": variables,
        **may_reach(settings),
    }
    return json.dumps(order), {variables[name]: value for name, value in values.items()}


def may_reach(settings: Settings) -> dict[str, str]:
    """Return the part of an order that says what a request may reach."""
    found = {"allowed": settings.http_allow_private}
    if settings.reach is not None:
        found["networks"] = settings.command_networks
    return found
