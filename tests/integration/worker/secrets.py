"""Teams with secrets, their tasks and runs, for tests of whole workers."""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, text

from punctual.ops.sealing import SealingKey, new_pair
from punctual.store.secrets.use import names_used
from tests.support.rows import dispatch_all, new_run, new_task

PUBLIC, PRIVATE = new_pair()
VALUE = "gx7-Kq0_very-secret"
MASK = "••••"


@dataclass(frozen=True)
class Secrets:
    """A team with secrets, and its tasks."""

    engine: Engine
    team: uuid.UUID

    def save(self, name: str, value: str, *, public: str = PUBLIC) -> None:
        """Create or replace a secret, as the API does."""
        key = SealingKey(public)
        self.put(name, key.seal(value, team_id=self.team, name=name), key.id)

    def put(self, name: str, sealed: bytes, key: str) -> None:
        """Write a row as it is given."""
        statement = text(
            "INSERT INTO secrets (id, team_id, name, sealed, key)"
            " VALUES (gen_random_uuid(), :team, :name, :sealed, :key)"
            " ON CONFLICT (team_id, name)"
            " DO UPDATE SET sealed = excluded.sealed, key = excluded.key"
        )
        params = {"team": self.team, "name": name, "sealed": sealed, "key": key}
        with self.engine.begin() as connection:
            connection.execute(statement, params)

    def run(self, command: str, env: dict[str, Any], **values: Any) -> uuid.UUID:
        """A run of a new task that is due at once."""
        return self.runs(command, env, **values)[1]

    def runs(self, command: str, env: dict[str, Any], **values: Any) -> tuple[uuid.UUID, uuid.UUID]:
        """A new task, and a run of it that is due at once."""
        names = names_used({"env": env, "http": values.get("http")})
        task = new_task(
            self.engine, team_id=self.team, command=command, env=env, secrets=names, **values
        )
        run = new_run(self.engine, task)
        dispatch_all(self.engine)
        return task, run
