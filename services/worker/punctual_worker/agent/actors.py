"""The actor that messages name: it claims and returns; claimed runs wait in the run queue."""

import threading

import dramatiq

from punctual.domain.runs.queue import parse_queues
from punctual.messaging.broker import Broker
from punctual.messaging.hints import ACTOR, decode, redis_queue
from punctual.ops.progress import Progress
from punctual_worker.agent.claimer import Claimer

CONSUMER = "consumer"
THREADS = 2
STOP_SECONDS = 2.0


def declare_actors(broker: Broker, claimer: Claimer, progress: Progress, *, queues: str) -> None:
    """Have this process's Dramatiq worker hand the messages of its queues to the claimer."""
    names = [redis_queue(queue) for queue in parse_queues(queues)]
    first, *others = names

    @dramatiq.actor(broker=broker, actor_name=ACTOR, queue_name=first)
    def claim_runs(pairs: object) -> None:
        claimer.on_message(decode(pairs))

    for queue in others:
        broker.declare_queue(queue)
    loops = {name: progress.loop(f"{CONSUMER} {name}") for name in names}
    broker.fetched = lambda name: loops[name].mark()


def make_consumer(broker: Broker) -> dramatiq.Worker:
    """Return what reads the queues, not started yet; each message costs it one statement."""
    return dramatiq.Worker(broker, worker_threads=THREADS, worker_timeout=500)


def stop_consuming(consumer: dramatiq.Worker, broker: Broker) -> None:
    """Leave messages to the other workers; what was fetched already goes back to the queue.

    Before anything is released: otherwise this worker could be the one to take the message
    that offers it to the others, and they would only find it at their next heartbeat.
    """
    timeout_ms = int(STOP_SECONDS * 1000)
    stopping = threading.Thread(target=consumer.stop, args=(timeout_ms,), daemon=True)
    stopping.start()
    broker.pushed.set()
    stopping.join(STOP_SECONDS)
