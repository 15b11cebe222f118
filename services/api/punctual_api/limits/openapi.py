"""The limit of requests in the API's own description: what needs a token may answer 429."""

from typing import Any

from flask import Flask

NAME = "TOO_MANY_REQUESTS"
HEADERS = {
    "Retry-After": "Seconds to wait",
    "RateLimit-Policy": 'Where requests are limited: `"requests";q=600;w=60`, 600 in 60 s',
    "RateLimit": 'Where requests are limited: `"requests";r=0;t=23`, what is left for 23 s',
}


def document_limits(app: Flask) -> None:
    """Add 429, and its headers, to the description of what needs a token."""
    document: dict[str, Any] = app.extensions["punctual_openapi"]
    shown = {
        name: {"description": description, "schema": {"type": "string"}}
        for name, description in HEADERS.items()
    }
    document["components"]["responses"][NAME]["headers"] = shown
    for operations in document["paths"].values():
        for operation in operations.values():
            responses = operation.get("responses", {}) if isinstance(operation, dict) else {}
            if "401" in responses:
                responses.setdefault("429", {"$ref": f"#/components/responses/{NAME}"})
