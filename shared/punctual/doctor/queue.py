"""Redis or Valkey: its version, and whether it could lose messages."""

from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from punctual.doctor.clock import measure
from punctual.doctor.finding import Finding, error, ok, warning
from punctual.doctor.room import queue_write_finding
from punctual.messaging.socket_limits import with_socket_limits

ANSWER_SECONDS = 3


def queue_findings(redis_url: str, namespace: str) -> list[Finding]:
    """Return findings on the queue's server."""
    client = redis.Redis.from_url(
        with_socket_limits(redis_url, seconds=ANSWER_SECONDS), retry=Retry(NoBackoff(), 0)
    )
    try:
        info: Any = client.info()
        offset = measure(lambda: _seconds(client.time()))
        writes = queue_write_finding(client, namespace)
    except (redis.RedisError, OSError) as failure:
        return [error("queue", f"does not answer: {failure}")]
    finally:
        client.close()
    kind = "Valkey" if "valkey_version" in info else "Redis"
    version = info.get("valkey_version") or info.get("redis_version", "of unknown version")
    policy = info.get("maxmemory_policy", "unknown")
    return [
        ok("queue", f"{kind} {version}"),
        writes,
        ok("queue policy", "noeviction")
        if policy == "noeviction"
        else warning("queue policy", f"{policy}: it may drop messages; set noeviction"),
        ok("queue durability", "an append-only file is kept")
        if info.get("aof_enabled")
        else warning(
            "queue durability", "no append-only file: a restart delays queued runs by up to 15 s"
        ),
        (warning if offset.too_far else ok)("queue clock", f"this machine is {offset} from it"),
    ]


def _seconds(time_reply: Any) -> float:
    seconds, microseconds = time_reply
    return float(seconds) + float(microseconds) / 1_000_000
