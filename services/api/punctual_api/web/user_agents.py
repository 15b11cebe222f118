"""Browsers and programs by the names that people know them by."""

import re

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
"""Each one also names those after it, so the first that is found is the browser."""
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
PROGRAM = re.compile(r"[\w.+-]{1,40}")


def user_agent_words(user_agent: str | None) -> str:
    """Return what sent this header: "Firefox on Linux", or a program's own name."""
    if not user_agent:
        return "unknown"
    if not user_agent.startswith("Mozilla/"):
        found = PROGRAM.match(user_agent)
        return found[0] if found else "unknown"
    browser = next((name for sign, name in BROWSERS if f"{sign}/" in user_agent), "a browser")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), None)
    return browser if system is None else f"{browser} on {system}"
