"""The worker's program: `python -m punctual_worker`."""

import os
import sys

import structlog

from punctual.ops import config, gc_tuning, logs, telemetry, tracing
from punctual.ops.process_user import (
    ProcessUser,
    account_of,
    become,
    command_account,
    forbid_inspection,
    name_of,
)
from punctual.ops.slot_users import slot_users_of
from punctual.store.driver.engine import DATABASE_FAILURES, driver_message
from punctual_worker.agent.agent import Agent
from punctual_worker.agent.isolation import in_force, protections, report
from punctual_worker.agent.networks.packet_filter import remove_restriction, restrict_networks
from punctual_worker.agent.runner_link.client import RunnerClient, RunnerGoneError
from punctual_worker.agent.runner_link.stale_runners import end_stale_runners
from punctual_worker.agent.slot_users import claim_users
from punctual_worker.agent.stop_signals import StopSignals
from punctual_worker.agent.work_dir import make_folder, make_folder_of_slots
from punctual_worker.commands.http_program import http_program

RUNNER_SETTINGS = (
    *("work_dir", "user", "command_user", "slot_users", "slots", "command_networks"),
    *("on_lease_loss", "prestarted_shells", "direct_exec"),
)


def main() -> int:
    """Run one worker: 0 after SIGTERM or SIGINT, 1 when it broke, 2 when a setting is unusable."""
    forbid_inspection()
    signals = StopSignals()
    signal_thread = signals.install()
    try:
        # The runner is there before any credential is read: it never sees one of the worker's.
        place = config.load(only=RUNNER_SETTINGS)
        agent_account = account_of("USER", place.user, euid=os.geteuid())
        account = command_account(place.command_user, agent=agent_account, euid=os.geteuid())
        slot_users = slot_users_of(
            place.slot_users,
            slots=place.slots,
            command_user=place.command_user,
            agent=agent_account,
            euid=os.geteuid(),
        )
        lock = None
        if slot_users is None:
            make_folder(place.work_dir, account)
            end_stale_runners(place.work_dir, account)
        else:
            account = slot_users.runner
            make_folder_of_slots(place.work_dir, slot_users)
            end_stale_runners(place.work_dir, account)
            lock = claim_users(slot_users, place.work_dir)
        restricted = restrict_networks(slot_users, place.reach)
        runner = RunnerClient.launch(
            work_dir=place.work_dir,
            on_lease_loss=place.on_lease_loss,
            prestarted_shells=place.prestarted_shells,
            direct_exec=place.direct_exec,
            account=account,
            slot_users=slot_users,
            keep=lock,
        )
        program = http_program(account if slot_users is None else slot_users.command(0))
        become(agent_account)
        settings = config.load(needs=("database_url", "redis_url"))
    except config.InvalidSetting as error:
        print(f"worker: {error}", file=sys.stderr)
        return 2
    signal_thread.start()  # nothing is forked any more
    logs.configure(service="worker", name=settings.name, level=settings.log_level)
    log = structlog.get_logger()
    try:
        # Before anything is claimed that it could not run.
        separate = account is not None and account.uid != os.geteuid()
        isolation = in_force(runner.wait_up(), separate_user=separate, command_networks=restricted)
        commands = name_of(account or ProcessUser(os.geteuid(), os.getegid()))
        report(isolation, command_user=slot_users.name if slot_users is not None else commands)
        agent = Agent(
            settings,
            runner,
            tracing.start(service="worker", name=settings.name),
            isolation=protections(isolation),
            http_program=program,
        )
        telemetry.serve(settings.health_port, agent.trouble, {"isolation": isolation})
        gc_tuning.set_aside()
        return 0 if agent.run(signals.stop, signals.stop_now) else 1
    except RunnerGoneError as error:
        log.critical("runner not started", error=str(error))
        return 1
    except DATABASE_FAILURES as error:
        log.critical("database connection lost", error=driver_message(error))
        return 1
    finally:
        runner.close()
        if restricted and slot_users is not None and runner.clean:
            remove_restriction(slot_users)


if __name__ == "__main__":
    sys.exit(main())
