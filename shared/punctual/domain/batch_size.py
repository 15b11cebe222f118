"""Adaptive batch size: smaller after a failure, larger again after successes."""


class BatchSize:
    """Half as many after each failure, twice as many again after each success."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.now = most

    def failed(self, tried: int) -> None:
        """Halve the size: a batch of `tried` failed, and its size may be the reason."""
        self.now = max(tried // 2, 1)

    def went_well(self) -> None:
        """Double the size after a success, up to the maximum."""
        self.now = min(2 * self.now, self._most)
