"""Moving window: counts in Redis or in memory, of which one can be given back."""

from typing import cast

from limits import RateLimitItem
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis import Redis


class MovingWindow(MovingWindowRateLimiter):
    """The limiter of the library, which has no way to give back what came to nothing."""

    def __init__(self, storage: RedisStorage | MemoryStorage) -> None:
        super().__init__(storage)
        self._own = storage

    def give_back(self, item: RateLimitItem, *keys: str) -> None:
        """Take the newest count away; both storages have it at the head of a list."""
        key = item.key_for(*keys)
        if isinstance(self._own, RedisStorage):
            client = cast("Redis", self._own.get_connection())
            client.lpop(self._own.prefixed_key(key))
            return
        with self._own.locks[key]:
            if counts := self._own.events.get(key):
                del counts[0]
