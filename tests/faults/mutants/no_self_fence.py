"""A product whose runner never kills what it runs, however long its agent is silent."""

from punctual_worker.agent.runner_link.client import RunnerClient

A_DAY_NS = 86_400 * 10**9
extend = RunnerClient.extend_lease


def extend_without_end(runner: RunnerClient, until_ns: int | None) -> None:
    """Extends the lease, but far beyond what the heartbeat has earned."""
    extend(runner, None if until_ns is None else until_ns + A_DAY_NS)


RunnerClient.extend_lease = extend_without_end  # type: ignore[method-assign,assignment]
