"""The actor that messages name: it claims and returns, and the intake does the waiting."""

from collections.abc import Sequence

import dramatiq

from punctual.messaging.broker import Broker
from punctual.messaging.messages import ACTOR, decode, redis_queue
from punctual_worker.claimer import Claimer


def declare_actors(broker: Broker, claimer: Claimer, *, queues: Sequence[str]) -> None:
    """Have this process's Dramatiq worker hand the messages of its queues to the claimer."""
    first, *others = map(redis_queue, queues)

    @dramatiq.actor(broker=broker, actor_name=ACTOR, queue_name=first)
    def claim_runs(pairs: object) -> None:
        claimer.on_message(decode(pairs))

    for queue in others:
        broker.declare_queue(queue)
