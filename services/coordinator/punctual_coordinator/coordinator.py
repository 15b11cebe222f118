"""The coordinator, put together: read this first."""

import threading
from collections.abc import Callable
from datetime import timedelta

import structlog
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from punctual.messaging.broker import Broker
from punctual.ops import telemetry, tracing
from punctual.ops.config import Settings
from punctual.ops.progress import Progress, WatchedLoop
from punctual.store.driver.engine import make_engine
from punctual_coordinator.duties.alerter import Alerter
from punctual_coordinator.duties.anomaly_judge import AnomalyJudge
from punctual_coordinator.duties.catch_up import CatchUpDuty
from punctual_coordinator.duties.dispatcher import Dispatcher
from punctual_coordinator.duties.follower import Follower
from punctual_coordinator.duties.health_watch import HealthWatch
from punctual_coordinator.duties.outage_detector import OutageDetector
from punctual_coordinator.duties.planner import Planner
from punctual_coordinator.duties.pruner import Pruner
from punctual_coordinator.duties.punctuality_rollup import PunctualityRollup
from punctual_coordinator.duties.redispatcher import Redispatcher
from punctual_coordinator.duties.replanner import Replanner
from punctual_coordinator.duties.rescuer import Rescuer
from punctual_coordinator.duties.resumer import Resumer
from punctual_coordinator.duties.scheduling_pass import SchedulingPass
from punctual_coordinator.duties.slot_shares import SlotShares
from punctual_coordinator.duties.zone_changes import ZoneWatch
from punctual_coordinator.duty_runner import DutyRunner, mark_turn
from punctual_coordinator.liveness.database_contact import DatabaseContact
from punctual_coordinator.liveness.database_silence import SilenceRecorder
from punctual_coordinator.liveness.health import CoordinatorHealth
from punctual_coordinator.liveness.registration import Registration
from punctual_coordinator.liveness.watchdog import SILENT_SECONDS, Watchdog
from punctual_coordinator.notify_listener import wake_on_notice
from punctual_coordinator.scheduler import keep_ticking

log = structlog.get_logger()

ALERT_SECONDS = 1.0
FOLD_SECONDS = 30.0
HEALTH_SECONDS = 15.0
JUDGE_SECONDS = 5.0
PRUNE_SECONDS = 600.0


class CoordinatorService:
    """Plans, dispatches and repairs; any number of equal coordinators share the work.

    Each duty is a few short transactions that skip what another coordinator has locked.
    """

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._settings = settings
        self._stop = stop
        self._engine = make_engine(settings.database_url, service="coordinator")
        self._broker = Broker(settings.redis_url, namespace=settings.namespace)
        self._contact = DatabaseContact()
        event.listen(self._engine, "commit", lambda _connection: self._contact.made())
        event.listen(self._engine, "commit", lambda _connection: mark_turn())
        self._progress = Progress()
        self._duty_runner = DutyRunner(self._contact, stop)
        # Longer than a cycle by a sweep: what is due just after the window is not late, even when
        # the next cycle begins late.
        window = timedelta(seconds=settings.window_seconds + settings.sweep_seconds)
        self._planner = Planner(
            self._engine, window=window, max_unfinished=settings.max_unfinished_runs
        )
        self._dispatcher = Dispatcher(self._engine, self._broker, window=window)
        self._redispatcher = Redispatcher(self._dispatcher)
        self._replanner = Replanner(self._engine)
        self._follower = Follower(self._engine)
        self._zones = ZoneWatch(self._engine)
        lease = timedelta(seconds=settings.lease_seconds)
        self._watchdog = Watchdog(self._progress, cycle_seconds=settings.cycle_seconds)
        self._silences = SilenceRecorder(
            self._engine,
            self._contact.silence,
            lease=lease,
            take=self._duty_runner.take,
            predecessor=self._watchdog.predecessor(settings.name),
        )
        self._outages = OutageDetector(
            self._engine, sweep_seconds=settings.sweep_seconds, lease=lease
        )
        self._due = SchedulingPass(
            self._planner, self._dispatcher, stop, progressed=self._outages.mark_pass
        )
        self._catcher = CatchUpDuty(self._engine, lease=lease)
        traces = tracing.start(service="coordinator", name=settings.name)
        self._rescuer = Rescuer(
            self._engine, self._contact, lease=lease, tracing=traces, silences=self._silences
        )
        keep = timedelta(days=settings.retention_days)
        self._slots = SlotShares(self._engine, most=settings.max_team_slots)
        self._resumer = Resumer(self._engine, window=window)
        keep_audit = timedelta(days=settings.audit_retention_days)
        self._pruner = Pruner(self._engine, stop, keep=keep, keep_audit=keep_audit)
        self._alerter = Alerter(self._engine, self._broker, idle_seconds=settings.sweep_seconds)
        self._rollup = PunctualityRollup(self._engine)
        self._health_watch = HealthWatch(self._engine)
        self._judge = AnomalyJudge(self._engine, stop)
        self._registration = Registration(self._engine, name=settings.name, lease=lease)

    def serve_health(self) -> None:
        """Answer probes on the health port, if there is one. Raises OSError when it is taken."""
        health = CoordinatorHealth(self._engine, self._watchdog, self._progress)
        telemetry.serve(self._settings.health_port, health.trouble)

    def run(self) -> None:
        """Run duties until `stop` is set, finish those under way, and deregister."""
        for name, work in (("watchdog", self._guard), ("wake-ups", self._listen)):
            threading.Thread(
                target=self._watchdog.end_with, args=(work, self._stop), name=name, daemon=True
            ).start()
        log.info("coordinator started")
        duties: dict[str, tuple[Callable[[], object], float]] = {
            "beat": (self._registration.run_once, self._registration.every_seconds),
            "cycle": (self.cycle, self._settings.cycle_seconds),
            "sweep": (self.sweep, self._settings.sweep_seconds),
            "alert": (self._alerter.turn, ALERT_SECONDS),
            "fold": (self._rollup.run_once, FOLD_SECONDS),
            "health": (self._health_watch.run_once, HEALTH_SECONDS),
            "judge": (self._judge.run_once, JUDGE_SECONDS),
            "prune": (self.prune, PRUNE_SECONDS),
        }
        keep_ticking(
            {
                self._duty_runner.of(name, duty, self._loop(name, seconds)): seconds
                for name, (duty, seconds) in duties.items()
            },
            self._stop,
        )
        self._leave()

    def cycle(self) -> None:
        """Plan and dispatch what is due within the window."""
        if not self._duty_runner.take("slots", self._slots.run_once):
            return
        with telemetry.CYCLE_SECONDS.time():
            self._pass()
            self._registration.beat(cycled=True)
        self._watchdog.beat()

    def sweep(self) -> None:
        """Plan due times without a notification, and repair what is stuck."""
        steps: dict[str, Callable[[], object]] = {
            "rescue": self._rescuer.run_once,
            "resume": self._resumer.run_once,
            "replan": self._replanner.run_once,
            "limits": self._planner.note_full_teams,
            "dispatch": self._pass,
            "catch up": self.catch_up,
            "re-dispatch": self._redispatcher.run_once,
        }
        for name, step in steps.items():
            if not self._duty_runner.take(name, step):
                return

    def _pass(self) -> None:
        self.wake()
        self._outages.mark_pass()

    def catch_up(self) -> None:
        """Settle the runs that a stop left behind, and dispatch those that still run."""
        if self._catcher.run_once().caught_up:
            self._due.run_once()

    def wake(self) -> None:
        """Plan and dispatch what became due since the last pass."""
        self._outages.run_once()  # first: nothing that a stop left behind may be dispatched
        if not self._silences.run_once():
            return
        self._duty_runner.take("zones", self._zones.run_once)
        # A follower that fails does not keep anything from being planned or dispatched.
        if not self._duty_runner.take("follow", self._follower.run_once):
            return
        if not self._silences.run_once():  # of the duties before, one may have waited long
            return
        done = self._due.run_once()
        if done.planned or done.queued:
            log.info(
                "runs dispatched",
                planned=done.planned,
                missed=done.missed,
                queued=done.queued,
                published=done.published,
            )

    def prune(self) -> None:
        """Delete history past its retention."""
        pruned = self._pruner.run_once()
        if any(pruned.counts.values()):
            log.info("history pruned", **pruned.counts)

    def _listen(self) -> None:
        loop = self._loop("wake-ups")
        wake = self._duty_runner.of("wake-up", self.wake, loop)
        wake_on_notice(self._settings.database_url, wake, self._stop, turned=loop.mark)

    def _loop(self, name: str, every_seconds: float = 0) -> WatchedLoop:
        return self._progress.loop(name, within_seconds=every_seconds + SILENT_SECONDS)

    def _guard(self) -> None:
        self._watchdog.guard(self._stop, awake=self._contact.silence.awake)

    def _leave(self) -> None:
        self._due.finish()
        try:
            self._registration.leave()
        except SQLAlchemyError as error:
            log.warning("coordinator deregistration failed", error=type(error).__name__)
        self._broker.close()
        self._engine.dispose()
        log.info("coordinator stopped")
