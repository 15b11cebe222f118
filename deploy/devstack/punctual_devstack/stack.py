"""The local stack from its start to its end, in order: servers, tables, services, ready."""

import os
from collections.abc import Callable

from punctual_devstack.command_user import command_user
from punctual_devstack.data_dir import DataDir
from punctual_devstack.make_variables import similar_names
from punctual_devstack.ports import refusal, why_refused
from punctual_devstack.processes.leftovers import SERVERS, end_leftovers
from punctual_devstack.processes.supervisor import DEATHS_TO_COMPLAIN, Supervisor
from punctual_devstack.readiness import Readiness
from punctual_devstack.servers.embedded import embedded
from punctual_devstack.services import bind, migration, services, shared_environ
from punctual_devstack.settings import StackSettings, check_services
from punctual_devstack.terminal import Terminal

UP_SECONDS = 60


class CannotStart(Exception):
    """The stack did not come up; the message says what to look at."""


def run(settings: StackSettings) -> None:
    """Run the whole product until a stop signal.

    Raises CannotStart, or what says why on the way: InUse, InvalidSetting, Misplaced, Unusable.
    """
    drain_seconds = check_services(settings).drain_seconds
    data_dir = DataDir(settings.data_dir)
    try:
        data_dir.make()
        lock = data_dir.lock()
    except OSError as error:
        raise CannotStart(
            f"PUNCTUAL_DATA_DIR: {error.filename or data_dir.path}: {error.strerror}: "
            "choose a folder that can be written to"
        ) from None
    with lock:
        terminal = Terminal(data_dir.log("stack"))
        supervisor = Supervisor(data_dir, terminal)
        if ended := end_leftovers(supervisor.pids):
            terminal.show(f"ended what an earlier run left behind: {', '.join(ended)}")
        try:
            _start(settings, supervisor, drain_seconds)
            while not supervisor.stop_requests:
                supervisor.turn(at_most=1.0)
        finally:
            _stop(supervisor)


def _start(settings: StackSettings, supervisor: Supervisor, drain_seconds: float) -> None:
    data_dir, show = supervisor.data_dir, supervisor.terminal.show
    address = Readiness.of_bind(bind(settings))
    if settings.api and (error := refusal(address.host, address.port)):
        raise CannotStart(why_refused(address.host, address.port, error))
    commands = command_user(settings, euid=os.geteuid())
    own = embedded(settings, data_dir)
    environ = shared_environ(settings, own.secrets)
    if own.postgres and not own.postgres.folder.exists():
        show(f"making a database in {own.postgres.folder}")
    for server in own.servers:
        server.make()
        supervisor.keep([server.spec()])
    _until(supervisor, lambda: all(server.is_ready() for server in own.servers))
    if supervisor.stop_requests:
        return
    if own.postgres:
        own.postgres.create_database()
    if supervisor.call(migration(environ, own.own_secrets, cwd=data_dir.path)):
        raise CannotStart(f"the database cannot be migrated:\n{data_dir.log_tail('migrate', 20)}")
    if supervisor.stop_requests:
        return
    processes = list(services(settings, environ, own.own_secrets, commands, drain_seconds))
    if commands.notice and settings.workers:
        show(commands.notice)
    show(f"starting {', '.join(each.name for each in processes)}")
    supervisor.keep(processes)
    for warning in [*_without(settings), *similar_names(settings.environ)]:
        show(warning)
    if not settings.api:
        show("started, without an API")
        return
    _until(supervisor, lambda: _all_run(supervisor) and address.answers())
    if not supervisor.stop_requests:
        supervisor.terminal.ready(address.url)


def _without(settings: StackSettings) -> list[str]:
    """Return a sentence for each service that was left out, saying what does not work without."""
    missing = []
    if not settings.coordinators:
        missing.append("COORDINATORS=0: no run is planned until a coordinator is started")
    if not settings.workers:
        missing.append("WORKERS=0: no command runs until a worker is started")
    return missing


def _all_run(supervisor: Supervisor) -> bool:
    return all(each.pid is not None for each in supervisor.processes.values())


def _until(supervisor: Supervisor, condition: Callable[[], bool]) -> None:
    """Return when the condition holds or at a stop signal; else raise and name the cause."""

    def dying() -> list[str]:
        processes = supervisor.processes.values()
        return [each.spec.name for each in processes if each.deaths >= DEATHS_TO_COMPLAIN]

    if supervisor.wait(lambda: bool(dying()) or condition(), seconds=UP_SECONDS) and not dying():
        return
    if supervisor.stop_requests:
        return
    if dying():  # the supervisor has shown its log
        raise CannotStart(f"gave up: {' and '.join(dying())} cannot start")
    names = [name for name in supervisor.processes if name.startswith("api-")] or list(SERVERS)
    tails = [f"--- {name}\n{supervisor.data_dir.log_tail(name, 20)}" for name in names]
    raise CannotStart("\n".join([f"not ready within {UP_SECONDS} s; the logs end so:", *tails]))


def _stop(supervisor: Supervisor) -> None:
    """End the services first, then what they need; 15 s at most, and the drain of what runs."""
    if supervisor.processes:
        supervisor.terminal.show("stopping")
    supervisor.stop([name for name in supervisor.processes if name not in SERVERS])
    supervisor.stop(list(supervisor.processes))
    supervisor.kill_the_rest()
    supervisor.pids.clear()
