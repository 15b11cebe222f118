"""What a worker that ends gives back, also where the database does not take it at once."""

from sqlalchemy import Engine, text

from punctual.store.driver.engine import make_engine
from punctual_worker.agent.attempts.abandon import UnlaunchedRuns
from tests.support.rows import new_run, new_task, run_row
from tests.support.servers import as_service
from tests.support.steps import claim_run, new_worker


def test_what_could_not_be_given_back_is_with_the_next(engine: Engine, database_url: str) -> None:
    worker = new_worker(engine)
    first, second = (new_run(engine, new_task(engine)) for _ in range(2))
    pairs = [claim_run(engine, run, worker)[:2] for run in (first, second)]
    hurried = make_engine(
        as_service(database_url, "worker"), service="worker", statement_timeout_ms=200
    )
    unlaunched = UnlaunchedRuns(hurried, worker_id=worker)
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE"))
        assert not unlaunched.give_back(pairs[:1])
    assert unlaunched.give_back(pairs[1:])
    hurried.dispose()
    assert [run_row(engine, run).state for run in (first, second)] == ["scheduled"] * 2
