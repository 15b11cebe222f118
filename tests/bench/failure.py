"""A measurement that gave no figures, as a line of the table."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """Which measurement, and why there is nothing to show for it."""

    name: str
    failed: str

    @property
    def line(self) -> str:
        """As it is printed."""
        return f"{self.name:<44} FAILED: {self.failed}\n"

    def as_json(self) -> dict[str, object]:
        """As it is kept."""
        return asdict(self)


def in_one_line(error: BaseException) -> str:
    """An error in one line."""
    first = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
