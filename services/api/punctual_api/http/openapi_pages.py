"""The API's own description: OpenAPI for programs, one page for people, both served offline."""

from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, render_template

from punctual_api.http.blueprints import Api

blueprint = Blueprint(
    "reference",
    __name__,
    url_prefix="/api",
    template_folder="docs_page",
    static_folder="docs_page",
    static_url_path="/docs/files",
)

DESCRIPTION: dict[str, Any] = {
    "title": "Punctual",
    "version": "1",
    "openapi_version": "3.1.0",
    "info": {
        "description": (
            "Cron for teams. Send a token of POST /api/login/, or an access token, as "
            "`Authorization: Token …`. "
            "Times are RFC 3339 with an offset; every error is problem+json (RFC 9457)."
        )
    },
    "components": {
        "securitySchemes": {
            "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "Of a login, or an access token",
            }
        }
    },
    "security": [{"token": []}],
}


def serve_reference(app: Flask, api: Api) -> None:
    """Serve the description of what `api` has registered by now."""
    document = api.spec.to_dict()
    _allow_empty_parameters(document)
    app.extensions["punctual_openapi"] = document
    app.register_blueprint(blueprint)


def _allow_empty_parameters(document: dict[str, Any]) -> None:
    """Say that an optional parameter may be empty, as in `?state=`: it is not given then."""
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()) if isinstance(operation, dict) else ():
                if parameter["in"] == "query" and not parameter["required"]:
                    parameter["allowEmptyValue"] = True


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The OpenAPI document."""
    return jsonify(current_app.extensions["punctual_openapi"])


@blueprint.get("/docs/")
def docs() -> str:
    """The page for people."""
    return render_template("reference.html", api=current_app.extensions["punctual_openapi"])
