"""Drain: repeat a short transaction until nothing more is left to do."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TypeVar

Opened = TypeVar("Opened")
Batch = TypeVar("Batch")


def drain(
    begin: Callable[[], AbstractContextManager[Opened]],
    work: Callable[[Opened], Batch],
    *,
    more: Callable[[Batch], bool],
) -> Iterator[Batch]:
    """Yield what each transaction of `work` came to, committed, until there is no `more`.

    `begin` opens a transaction that commits at its end: an engine's, or a sessionmaker's.
    """
    while True:
        with begin() as opened:
            batch = work(opened)
        yield batch
        if not more(batch):
            return
