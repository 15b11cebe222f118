"""Garbage-collector settings for long-lived processes."""

import gc

GC_THRESHOLD = 10_000
"""New objects that start a collection; one batch makes 700."""


def set_aside() -> None:
    """Take what is there now, and stays, out of the collector's sight, and have it look less often.

    For the end of a start: SQLAlchemy alone is a hundred thousand objects, which were gone through
    in the midst of a request or of a burst.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, *gc.get_threshold()[1:])
