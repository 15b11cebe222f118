"""The pages that an error's `type` leads to: what each kind means, and what to do then."""

from flask import Blueprint, render_template
from markupsafe import Markup

from punctual_api.http.problem_kinds import BY_NAME, KINDS, PREFIX
from punctual_api.http.problems import not_found

blueprint = Blueprint("problems", __name__, url_prefix=PREFIX.rstrip("/"))


@blueprint.app_template_filter()
def code_words(sentence: str) -> Markup:
    """A sentence with what stands between backticks as code."""
    parts = enumerate(sentence.split("`"))
    return Markup("").join(Markup("<code>{}</code>").format(p) if i % 2 else p for i, p in parts)


@blueprint.get("/")
def problems() -> str:
    """All kinds, by their status."""
    return render_template("problems.html", kinds=KINDS, only=None)


@blueprint.get("/<name>/")
def problem(name: str) -> str:
    """One kind."""
    kind = BY_NAME.get(name)
    if kind is None:
        raise not_found("kind of problem")
    return render_template("problems.html", kinds=[kind], only=kind)
