"""The servers that this stack brings itself, and the secrets of it that the services read."""

from dataclasses import dataclass, field
from pathlib import Path

from punctual.ops.sealing import new_pair, public_of
from punctual.store.schema.rights import ROLES
from punctual_devstack.data_dir import DataDir
from punctual_devstack.ports import free_port
from punctual_devstack.processes.leftovers import drop_stale_lock
from punctual_devstack.servers.database_location import database_folder
from punctual_devstack.servers.postgres import Postgres
from punctual_devstack.servers.postgres_user import server_account
from punctual_devstack.servers.valkey import Valkey
from punctual_devstack.settings import StackSettings


@dataclass(slots=True)
class Embedded:
    """None for a server that the user has already, by setting its URL.

    `secrets` are files by the name of the setting they hold, for what the user did not set;
    `own_secrets` are those that only one service gets.
    """

    postgres: Postgres | None = None
    valkey: Valkey | None = None
    secrets: dict[str, Path] = field(default_factory=dict)
    own_secrets: dict[str, dict[str, Path]] = field(default_factory=dict)

    @property
    def servers(self) -> list[Valkey | Postgres]:
        """Those to start, the quicker one first."""
        return [server for server in (self.valkey, self.postgres) if server is not None]


def embedded(settings: StackSettings, data_dir: DataDir) -> Embedded:
    """Chooses ports, makes secrets that are missing, and writes them to files for the services."""
    found = Embedded()
    if not settings.given("SECRET_KEY"):
        data_dir.secret("secret_key")
        found.secrets["SECRET_KEY"] = data_dir.path / "secrets" / "secret_key"
    if not (settings.given("SECRETS_PUBLIC_KEY") or settings.given("SECRETS_PRIVATE_KEY")):
        _make_secret_keys(found, data_dir)
    if not settings.given("REDIS_URL"):
        password = data_dir.secret("valkey_password")
        found.valkey = Valkey(data_dir.path / "valkey", free_port(), password)
        found.secrets["REDIS_URL"] = data_dir.write_secret("redis_url", found.valkey.url())
    if not settings.given("DATABASE_URL"):
        folder = database_folder(data_dir.path, server_account())
        drop_stale_lock(folder)
        found.postgres = Postgres(folder, free_port(), data_dir.secret("postgres_password"))
        found.secrets["DATABASE_URL"] = data_dir.write_secret("database_url", found.postgres.url())
        _make_roles(found, found.postgres, data_dir)
    return found


def _make_secret_keys(found: Embedded, data_dir: DataDir) -> None:
    """Have workers open secrets by the keys of a file, and the API seal them for the first."""
    private = data_dir.secret("secrets_private_key", made=lambda: new_pair()[1])
    public = data_dir.write_secret("secrets_public_key", public_of(private))
    found.own_secrets["api"] = {"SECRETS_PUBLIC_KEY": public}
    opener = {"SECRETS_PRIVATE_KEY": data_dir.path / "secrets" / "secrets_private_key"}
    found.own_secrets["worker"], found.own_secrets["notifier"] = dict(opener), dict(opener)


def _make_roles(found: Embedded, postgres: Postgres, data_dir: DataDir) -> None:
    """Have each service log in under a role of its own, which the migration makes."""
    passwords = found.own_secrets["migrate"] = {}
    for service, role in ROLES.items():
        password = data_dir.secret(f"{service}_role_password")
        passwords[f"{service.upper()}_ROLE_PASSWORD"] = (
            data_dir.path / "secrets" / f"{service}_role_password"
        )
        url = postgres.url(user=role, password=password)
        file = data_dir.write_secret(f"{service}_database_url", url)
        found.own_secrets.setdefault(service, {})["DATABASE_URL"] = file
