"""Values of the secrets that an attempt uses: opened in memory at its launch, and nowhere else."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from punctual.domain.runs.reasons import CodedReason, ReasonCode, coded
from punctual.domain.secrets.names import KIB, MOST_BYTES
from punctual.domain.secrets.references import (
    Kind,
    Reference,
    read_env,
    reference_of,
    references_in,
)
from punctual.ops.sealing import CannotOpenError, OpeningKeys
from punctual.store.schema.models.model import Document
from punctual.store.secrets.of_runs import SealedSecret
from punctual_worker.agent.launch.secret_files import UnreadableError, read_secret_file

MOST_BYTES_OF_A_RUN = 2 * MOST_BYTES
"""Of all places where its secrets are put: what an environment can hold, and a runner mask."""


class SecretError(Exception):
    """An attempt cannot have a secret that it uses; `reason` says why, without any value.

    `same_again`: so would every other attempt, on whatever worker.
    """

    def __init__(self, reason: CodedReason, *, same_again: bool) -> None:
        super().__init__(reason.code)
        self.reason = reason
        self.same_again = same_again


class SecretValues:
    """The values of one attempt, by reference; nothing prints them."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[Reference, str]) -> None:
        self._values = values

    def __repr__(self) -> str:
        return f"SecretValues({len(self._values)})"

    def fill_env(self, stored: object) -> dict[str, str]:
        """Return a stored environment with values in place of references."""
        return {
            name: value if isinstance(value, str) else self._values[_known(value)]
            for name, value in read_env(stored).items()
        }

    def by_placeholder(self) -> dict[str, str]:
        """Return the values by what stands for them in a request."""
        return {reference.placeholder: value for reference, value in self._values.items()}

    def to_mask(self) -> tuple[str, ...]:
        """Return the values, each once."""
        return tuple(dict.fromkeys(self._values.values()))


class SecretOpener:
    """Opens what runs name, by the private keys and the folder of files of this worker."""

    def __init__(self, private_keys: str, folder: str) -> None:
        """Take the settings SECRETS_PRIVATE_KEY and SECRET_FILES, either of which may be empty."""
        self._keys = OpeningKeys(private_keys)
        self._folder = Path(folder) if folder else None

    @property
    def key_ids(self) -> list[str]:
        """Return the ids of the keys, the present one first."""
        return self._keys.ids

    def of_run(self, spec: Document, sealed: Sequence[SealedSecret]) -> SecretValues | None:
        """Return the values of a run's references, None without any; raises SecretError."""
        uses = spec.get("secrets")
        if not uses:
            return None
        boxes = {secret.name: secret for secret in sealed}
        places = Counter(each for each, _ in references_in(read_env(uses["env"]), spec.get("http")))
        values: dict[Reference, str] = {}
        size = 0
        for reference, times in sorted(places.items()):
            values[reference] = value = self._value(reference, boxes)
            size += times * len(value.encode())
            if size > MOST_BYTES_OF_A_RUN:  # before anything is made of so much
                most = MOST_BYTES_OF_A_RUN // KIB
                error = f"what a task's secrets are put into may get {most} KiB of them"
                raise unusable(reference, error, same_again=True)
        return SecretValues(values)

    def _value(self, reference: Reference, boxes: Mapping[str, SealedSecret]) -> str:
        if reference.kind == Kind.FILE:
            try:
                return read_secret_file(self._folder, reference.name)
            except UnreadableError as error:
                raise unusable(reference, str(error), same_again=False) from None
        box = boxes.get(reference.name)
        if box is None or box.sealed is None or box.key is None:
            missing = coded(ReasonCode.SECRET_MISSING, secret=reference.name)
            raise SecretError(missing, same_again=True)
        try:
            return self._keys.open(box.sealed, key=box.key, team_id=box.team_id, name=box.name)
        except CannotOpenError:
            reason = coded(ReasonCode.SECRET_NOT_OPENED, secret=reference.name)
            raise SecretError(reason, same_again=False) from None


def unusable(reference: Reference, error: str, *, same_again: bool) -> SecretError:
    """Return why a secret cannot be used as the task asks."""
    kind = "secret" if reference.kind == Kind.STORED else "secret file"
    named = f"{kind} {reference.name}"
    reason = coded(ReasonCode.SECRET_UNUSABLE, secret=named, error=error)
    return SecretError(reason, same_again=same_again)


def _known(value: object) -> Reference:
    found = reference_of(value)
    if found is None:  # stored so, though no API saves it
        raise TypeError("a value that is neither a text nor a secret")
    return found
