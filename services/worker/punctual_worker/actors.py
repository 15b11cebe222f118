"""The actor that messages name: it claims and returns, and the intake does the waiting."""

import dramatiq

from punctual.messaging.broker import Broker
from punctual.messaging.messages import ACTOR, QUEUE, decode
from punctual_worker.claimer import Claimer


def declare_actors(broker: Broker, claimer: Claimer) -> None:
    """Have this process's Dramatiq worker hand its messages to the claimer."""

    @dramatiq.actor(broker=broker, actor_name=ACTOR, queue_name=QUEUE)
    def claim_runs(pairs: object) -> None:
        claimer.on_message(decode(pairs))
