"""A hook of mkdocs: show links that leave docs/ as paths, as the site has no copy of the code."""

import posixpath
import re
from typing import Any

LINK = re.compile(r"\[([^\]]+)\]\((?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Return the page with each link to a file outside docs/ replaced by the file's path."""
    folder = posixpath.dirname(page.file.src_uri)

    def shown(link: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join("docs", folder, link[2]))
        if path == "docs" or path.startswith("docs/"):
            return link[0]
        return link[1] if link[1].strip("`") == path else f"{link[1]} (`{path}`)"

    return LINK.sub(shown, markdown)
