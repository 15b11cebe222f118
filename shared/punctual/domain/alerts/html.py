"""HTML of mails: all of it inline, nothing from elsewhere, readable in light and in dark."""

from collections.abc import Iterable, Sequence
from html import escape

from punctual.domain.alerts.addresses import Action

# Without colours of text and background, a reader's own, light or dark, are kept.
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{title}</title>
</head>
<body style="margin: 0 auto; padding: 24px 16px; max-width: 40em; \
font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif; overflow-wrap: anywhere">
{body}
</body>
</html>
"""
TITLE = "margin: 0 0 12px; font-size: 20px; line-height: 1.3"
TABLE = "border-collapse: collapse; margin: 0 0 16px"
LABEL = (
    "padding: 2px 16px 2px 0; text-align: left; vertical-align: top; font-weight: 400; opacity: 0.7"
)
VALUE = "padding: 2px 0; vertical-align: top"
OUTPUT = (
    "margin: 0 0 16px; padding: 12px; border: 1px solid #808080; border-radius: 8px; "
    "font: 13px/1.45 ui-monospace, Menlo, Consolas, monospace; white-space: pre-wrap"
)
BUTTON = (
    "display: inline-block; margin: 0 8px 8px 0; padding: 10px 16px; border-radius: 8px; "
    "background: #0b6b5f; color: #ffffff; text-decoration: none; font-weight: 600"
)
SMALL = "margin: 16px 0 0; font-size: 14px; opacity: 0.75"


def page(title: str, parts: Iterable[str]) -> str:
    """Return a whole mail."""
    return PAGE.format(title=escape(title), body="\n".join(part for part in parts if part))


def title(text: str) -> str:
    """Return the headline."""
    return f'<h1 style="{TITLE}">{escape(text)}</h1>'


def table(rows: Sequence[tuple[str, str]]) -> str:
    """Return labels and what they label; "" without rows."""
    if not rows:
        return ""
    cells = "\n".join(
        f'<tr><th scope="row" style="{LABEL}">{escape(label)}</th>'
        f'<td style="{VALUE}">{escape(text)}</td></tr>'
        for label, text in rows
    )
    return f'<table style="{TABLE}">\n{cells}\n</table>'


def output(label: str, lines: Sequence[str]) -> str:
    """Return lines of output as they were written; "" without lines."""
    if not lines:
        return ""
    text = escape("\n".join(lines))
    return f'<p style="margin: 0 0 4px">{escape(label)}</p>\n<pre style="{OUTPUT}">{text}</pre>'


def items(lines: Sequence[tuple[str, str | None]]) -> str:
    """Return a list of lines, each a link where it has an address."""
    shown = "\n".join(
        f'<li><a href="{escape(url)}">{escape(text)}</a></li>'
        if url
        else f"<li>{escape(text)}</li>"
        for text, url in lines
    )
    return f'<ul style="padding-left: 20px; margin: 0 0 16px">\n{shown}\n</ul>'


def buttons(actions: Sequence[Action]) -> str:
    """Return links that look like buttons; "" without any."""
    if not actions:
        return ""
    links = "\n".join(
        f'<a href="{escape(action.url)}" style="{BUTTON}">{escape(action.label)}</a>'
        for action in actions
    )
    return f'<p style="margin: 0">\n{links}\n</p>'


def small(text: str) -> str:
    """Return what is said at the end."""
    return f'<p style="{SMALL}">{escape(text)}</p>'
