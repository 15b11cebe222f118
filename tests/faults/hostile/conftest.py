"""Real workers for hostile commands, in three ways of starting them."""

from tests.integration.worker.conftest import start_worker

__all__ = ["start_worker"]
