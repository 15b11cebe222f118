"""Secrets in the form of a task: `${secret:pg}` for the object that the API takes."""

import json
from collections.abc import Mapping
from typing import Any

from punctual.domain.secrets.references import (
    misspelt_placeholder,
    reference_of,
    whole_placeholder,
)
from punctual_api.web.form_fields import read_object, read_pairs, write_pairs


def as_text(value: object) -> str:
    """Return a value as a page shows it."""
    reference = reference_of(value)
    return str(value) if reference is None else reference.placeholder


def as_texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the values by their names, likewise."""
    return {name: as_text(value) for name, value in values.items()}


def as_value(text: str) -> Any:
    """Return what the API takes for a text that may be a secret."""
    reference = whole_placeholder(text.strip())
    return text if reference is None else reference.document


def read_env(text: str) -> dict[str, Any]:
    """Return an environment as typed: KEY=value lines, or a JSON object. Raises ValueError."""
    if text.lstrip().startswith("{"):
        return read_object(text)
    pairs = read_pairs(text)
    for name, value in pairs.items():
        if wrong := misspelt_placeholder(value):
            raise ValueError(f"{name}: {wrong} is no secret; write ${{secret:name}}.")
    return {name: as_value(value) for name, value in pairs.items()}


def write_env(env: Mapping[str, Any]) -> str:
    """What read_env reads back."""
    written = write_pairs(as_texts(env))
    try:
        if read_env(written) == dict(env):
            return written
    except ValueError:  # a text that looks like a secret and is none
        pass
    return json.dumps(env, indent=2, ensure_ascii=False)
