"""Target 4: a page of tasks and a page of runs, with a thousand rows and with a million."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from punctual.store.accounts.users import issue_token, user_named
from tests.bench.environment import BenchEnv, engine
from tests.bench.filling import FULL_DATABASE, TEAM, fill_runs, fill_tasks, spread_health
from tests.bench.load import latencies, prepared
from tests.bench.row import OURS, Figures, Row, percentile

FEW = 1_000
ROUNDS, COUNT = 10, 20
"""Pages of each database in turn, so that what else the machine does meets both."""

PAGES = {
    "list of tasks": "/api/tasks/?limit=50",
    "tasks, worst first": "/api/tasks/?limit=50&sort=health",
    "failing or late tasks": "/api/tasks/?limit=50&health=failing&health=late",
    "list of runs": "/api/runs/?limit=50",
}
AS_FAST = 1.2
"""A page counts as equally fast up to this factor: repeats of one page differ by as much."""


def by_size(env: BenchEnv) -> Iterator[Row]:
    """Latency of one page after another, on one process each; the databases take turns."""
    many = env.size.many
    took: dict[str, Figures] = {name: {OURS: [], f"{FEW:,} rows": []} for name in PAGES}
    tokens = {"pages_few": _filled(env, "pages_few", FEW), FULL_DATABASE: ""}
    tokens[FULL_DATABASE] = _filled(env, FULL_DATABASE, many)
    with (
        env.product("pages_few", COORDINATORS="0", WORKERS="0") as small,
        env.product(FULL_DATABASE, COORDINATORS="0", WORKERS="0") as large,
    ):
        sides = ((f"{FEW:,} rows", small, "pages_few"), (OURS, large, FULL_DATABASE))
        for repeat in range(env.size.repeats + 1):
            for name, path in PAGES.items():
                found: dict[str, list[float]] = {side: [] for side, _, _ in sides}
                for side, product, database in sides * ROUNDS:
                    headers = {"Authorization": f"Token {tokens[database]}"}
                    request = prepared("GET", path, headers)
                    found[side] += latencies(product.port, request, count=COUNT)
                for side, samples in found.items() if repeat else ():  # the first one warms up
                    took[name][side].append(percentile(samples, 0.99))
    for name, figures in took.items():
        few = f"{FEW:,} rows"
        title = f"{name}, {many:,} rows: p99"
        yield Row(title, "ms", {OURS: figures[OURS]}, "4: under 30 ms", 30.0)
        target = f"4: as fast as {FEW:,} (≤ {AS_FAST} x)"
        yield Row(title, "ms", figures, target, AS_FAST, against=few)


def _filled(env: BenchEnv, database: str, count: int) -> str:
    """Fills a database with one user's tasks and runs; answers a token of the user."""
    opened = engine(env.database(database))
    fill_tasks(opened, count)
    fill_runs(opened, count)
    spread_health(opened)
    with Session(opened) as session, session.begin():
        team = user_named(session, TEAM)
        assert team is not None
        token = issue_token(session, team.id).token
    opened.dispose()
    return token
