"""Amounts as people read them: durations and sizes, short."""

_SHORT = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_BYTES = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def span_words(seconds: float) -> str:
    """Return a duration, short: "12 ms", "4.2 s", "3 min 5 s", "2 h", "4 d 6 h"."""
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 60:
        return f"{min(seconds, 59.9):.1f} s".replace(".0 ", " ")
    for place, (size, name) in enumerate(_SHORT):
        if seconds >= size:
            smaller, small_name = _SHORT[place + 1]
            rest = int(seconds % size // smaller)
            whole = f"{int(seconds // size)} {name}"
            return f"{whole} {rest} {small_name}" if rest else whole
    return "0 s"


def bytes_words(size: int) -> str:
    """Return a size, short: "312 B", "1.5 MiB"."""
    for unit, name in _BYTES:
        if size >= unit:
            return f"{size / unit:.1f} {name}".replace(".0 ", " ")
    return f"{size} B"
