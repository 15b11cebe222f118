"""What something cost the database: bytes of WAL, and processor time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, text

from tests.bench.processes import cpu_seconds, tree

WRITTEN = text("""
SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn, pg_backend_pid()
""")


@dataclass(slots=True)
class Cost:
    """What the database did during a measurement."""

    wal_bytes: float = 0.0
    seconds: float = 0.0


@contextmanager
def cost(engine: Engine) -> Iterator[Cost]:
    """Fills in what is spent inside; connections opened before stay open until after it."""
    look = _looker(engine)
    before, found = look(), Cost()
    yield found
    after = look()
    found.wal_bytes, found.seconds = (
        late - early for late, early in zip(after, before, strict=True)
    )


def _looker(engine: Engine) -> Callable[[], tuple[float, float]]:
    def look() -> tuple[float, float]:
        with engine.connect() as connection:
            wal, backend = connection.execute(WRITTEN).one()
        server = _parent(backend)
        return float(wal), sum(cpu_seconds(pid) for pid in tree(server))

    return look


def _parent(pid: int) -> int:
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    return int(after_name.split()[1])
