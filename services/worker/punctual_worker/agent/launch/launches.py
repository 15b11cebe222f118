"""Make the launches of started attempts, and refuse those whose command cannot be started here."""

from collections.abc import Sequence
from typing import Protocol

import structlog

from punctual.domain.errors import InvalidParams
from punctual.domain.runs.reasons import CodedReason
from punctual.ops.config import Settings
from punctual.store.lifecycle.start import StartedAttempt
from punctual.store.secrets.of_runs import SealedSecret
from punctual_worker.agent.attempts.active_attempts import ActiveAttempt
from punctual_worker.agent.attempts.outcome import could_not_start
from punctual_worker.agent.clock import DatabaseClock
from punctual_worker.agent.launch.interpreters import Interpreters, NoInterpreterError
from punctual_worker.agent.launch.launch_spec import launch_of
from punctual_worker.agent.launch.limits import default_limits
from punctual_worker.agent.launch.secret_values import SecretError, SecretOpener
from punctual_worker.agent.runner_link.messages import Launch

log = structlog.get_logger()


class Refuse(Protocol):
    """Takes an attempt whose command cannot be started here, and why."""

    def __call__(
        self, attempt: ActiveAttempt, reason: CodedReason, *, same_again: bool = True
    ) -> None: ...


class LaunchMaker:
    """Makes launches by this worker's settings, interpreters and secrets."""

    def __init__(
        self,
        clock: DatabaseClock,
        *,
        settings: Settings,
        http_program: tuple[str, ...],
        interpreters: Interpreters,
        secrets: SecretOpener,
        refuse: Refuse,
    ) -> None:
        self._clock = clock
        self._settings = settings
        self._http_program = http_program
        self._interpreters = interpreters
        self._secrets = secrets
        self._refuse = refuse
        self._limits = default_limits(settings)

    def make(
        self, run: StartedAttempt, attempt: ActiveAttempt, sealed: Sequence[SealedSecret]
    ) -> Launch | None:
        """Return the launch of an attempt; None for one that was refused."""
        try:
            return launch_of(
                run,
                attempt.key,
                at_ns=self._clock.monotonic_ns(run.due_at),
                settings=self._settings,
                interpreters=self._interpreters,
                http_program=self._http_program,
                limits=self._limits,
                secrets=self._secrets.of_run(run.spec, sealed),
            )
        except NoInterpreterError as error:
            self._refuse(attempt, could_not_start(str(error)))
        except InvalidParams as error:
            name = error.pointer.removeprefix("/")
            self._refuse(attempt, could_not_start(f"parameter {name}: {error.detail}"))
        except SecretError as error:
            self._refuse(attempt, error.reason, same_again=error.same_again)
            log.warning("secret not usable", run_id=str(run.run_id), reason_code=error.reason.code)
        except Exception as error:
            # Given back, such a run would end one worker after the other.
            what = f"its command cannot be made of what is stored: {error!r}"
            self._refuse(attempt, could_not_start(what))
            log.exception("launch failed", run_id=str(run.run_id))
        return None
