"""A badge as SVG: small, without scripts, and readable by screen readers."""

from markupsafe import Markup

from punctual.domain.names import visible_name
from punctual.domain.runs.health import Health

COLOURS = {
    Health.OK: "#1a7f37",
    Health.FAILING: "#cf222e",
    Health.MISSED: "#cf222e",
    Health.LATE: "#9a6700",
    Health.SUSPICIOUS: "#9a6700",
    Health.UNKNOWN: "#57606a",
    Health.PAUSED: "#57606a",
}
"""White text on each has a contrast of 4.5 or more, as WCAG AA wants it."""
LABEL = "#24292f"
LETTER, EDGE = 6.7, 7
"""Of a line of 11 pixels: the width that a letter is given, and what is left free on both sides."""

SVG = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img"'
    ' aria-label="{name}: {message}"><title>{name}: {message}</title>'
    '<clipPath id="r"><rect width="{width}" height="20" rx="3"/></clipPath>'
    '<g clip-path="url(#r)"><rect width="{left}" height="20" fill="{label}"/>'
    '<rect x="{left}" width="{right}" height="20" fill="{colour}"/></g>'
    '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11"'
    ' text-anchor="middle" aria-hidden="true">'
    '<text x="{first}" y="14" textLength="{name_width}">{name}</text>'
    '<text x="{second}" y="14" textLength="{message_width}">{message}</text></g></svg>\n'
)


def badge_svg(name: str, message: str, health: Health) -> str:
    """Return the picture."""
    name = visible_name(name)
    name_width, message_width = (round(LETTER * len(text)) for text in (name, message))
    left, right = name_width + 2 * EDGE, message_width + 2 * EDGE
    return SVG.format(
        name=name,
        message=message,
        label=LABEL,
        colour=COLOURS[health],
        width=left + right,
        left=left,
        right=right,
        first=left / 2,
        second=left + right / 2,
        name_width=name_width,
        message_width=message_width,
    )
