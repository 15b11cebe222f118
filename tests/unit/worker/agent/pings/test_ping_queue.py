"""Pings wait in order for each task, and no host has all senders."""

import threading
import uuid

from punctual_worker.agent.pings.ping_queue import Ping, PingQueue


def ping(task: int, event: str = "start", host: str = "a") -> Ping:
    return Ping(uuid.UUID(int=task), uuid.UUID(int=1), event, f"http://{host}/", host)


def test_pings_of_a_task_are_sent_one_after_another() -> None:
    queue = PingQueue()
    first, second, other = ping(1), ping(1, "success"), ping(2)
    for one in (first, second, other):
        assert queue.put(one)
    assert queue.take() == first
    assert queue.take() == other
    queue.done(first)
    assert queue.take() == second


def test_a_host_has_two_senders_at_most() -> None:
    queue = PingQueue()
    for task in range(4):
        queue.put(ping(task))
    queue.put(ping(9, host="b"))
    taken = [queue.take() for _ in range(3)]
    assert [one and one.host for one in taken] == ["a", "a", "b"]
    waiting = threading.Thread(target=lambda: taken.append(queue.take()))
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive()
    queue.done(ping(0))
    waiting.join(5)
    assert taken[3] == ping(2)


def test_a_ping_too_many_is_refused_at_once() -> None:
    queue = PingQueue(most_waiting=2)
    assert [queue.put(ping(task)) for task in range(3)] == [True, True, False]


def test_the_end_says_how_many_were_not_sent() -> None:
    queue = PingQueue()
    queue.put(ping(1))
    queue.put(ping(2))
    queue.take()
    assert queue.close(0.01) == 2
    assert queue.take() is None
    assert not queue.put(ping(3))
