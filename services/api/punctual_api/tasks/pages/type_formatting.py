"""Format what a task or a run runs, for its pages."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from punctual_api.tasks.pages.secret_text import as_text, as_texts
from punctual_api.tasks.stored import stored_http, stored_script
from punctual_api.web.form_fields import write_headers


class What(NamedTuple):
    """A title, a word next to it, and the text itself."""

    title: str
    aside: str
    text: str


def what_of(document: Mapping[str, Any]) -> What:
    """What a task, as it is answered, or a run's spec runs."""
    if script := stored_script(document.get("script")):
        return What("Script", script["interpreter"], script["body"])
    if request := stored_http(document.get("http")):
        lines = [
            f"{request['method']} {request['url']}",
            write_headers(as_texts(request["headers"])),
        ]
        head = "\n".join(line for line in lines if line)
        body = f"\n\n{as_text(request['body'])}" if request["body"] else ""
        good = ", ".join(map(str, request["expect"] or ())) or "200 to 299"
        return What("Request", f"good when answered {good}", head + body)
    return What("Command", "", document.get("command") or "")
