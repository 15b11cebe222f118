"""Start the process of an attempt as the user of its slot."""

from __future__ import annotations

import os
import resource

from punctual_worker.runner.launch.spawn import Spawner, name_of
from punctual_worker.runner.launch.user_spawn import UserSpawn
from punctual_worker.runner.limits.resource_limits import hard_limit, lower

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from punctual_worker.runner.attempts.attempt import RunnerAttempt
    from punctual_worker.runner.launch.spawn import Argv, Pipes

RLIMIT_MSGQUEUE = 12  # absent from the resource module; the same number on every architecture
MESSAGE_QUEUES = "/dev/mqueue"
# In the order in which _limits_of() has them.
LIMITS = (
    resource.RLIMIT_NOFILE,
    resource.RLIMIT_FSIZE,
    resource.RLIMIT_DATA,
    resource.RLIMIT_NPROC,
    RLIMIT_MSGQUEUE,
    resource.RLIMIT_CORE,
)
NAMES_OF_USER = ("USER", "LOGNAME")
# The number of the namespace in which the kernel starts; containers have others.
HOST_PID_NAMESPACE = 0xEFFFFFFC


class SlotSpawner(Spawner):
    """Turns attempts into processes of the users that they have."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """OSError where this machine has no way to do it."""
        super().__init__(*args, **options)
        self._user_spawn = UserSpawn(LIMITS)
        self._own = {number: resource.getrlimit(number) for number in LIMITS[3:]}
        # Queues that cannot be listed could not be removed.
        if not os.path.isdir(MESSAGE_QUEUES):
            self._own[RLIMIT_MSGQUEUE] = (0, 0)
        # The kernel counts a user's processes in all containers of a machine together.
        self._limits_users = os.stat("/proc/self/ns/pid").st_ino == HOST_PID_NAMESPACE
        self._names: dict[int, str] = {}

    def _environment(self, attempt: RunnerAttempt) -> dict[str, str]:
        user = attempt.launch.user
        assert user is not None
        if user.uid not in self._names:
            self._names[user.uid] = name_of(user.uid)
        env = super()._environment(attempt)
        for variable in NAMES_OF_USER:
            if variable not in attempt.env:
                env[variable] = self._names[user.uid]
        return env

    def _limit(self, attempt: RunnerAttempt) -> None:
        """Do nothing: the child has set its limits."""

    def _exec(
        self,
        attempt: RunnerAttempt,
        program: str,
        argv: Argv,
        env: dict[str, str],
        pipes: Pipes,
    ) -> int:
        user = attempt.launch.user
        assert user is not None
        self._oom_score.put_on_next()
        try:
            return self._user_spawn.spawn(
                program,
                argv,
                env,
                uid=user.uid,
                streams=(pipes.out_write, pipes.err_write),
                limits=self._limits_of(attempt),
            )
        except OSError as error:
            raise OSError(error.errno, f"cannot start: {error.strerror}") from None
        finally:
            self._oom_score.take_off_next()

    def _limits_of(self, attempt: RunnerAttempt) -> list[tuple[int, int]]:
        limits = attempt.limits
        size = lower(limits.file_bytes, hard_limit(resource.RLIMIT_FSIZE))
        data = lower(limits.memory_bytes, hard_limit(resource.RLIMIT_DATA))
        processes = self._own[resource.RLIMIT_NPROC]
        if limits.processes and self._limits_users:
            # More than it may have: the monitor finds it over its limit, and ends it. This is how
            # far it gets before that.
            most = lower(2 * limits.processes, processes[1])
            processes = (most, most)
        return [
            self._their_files,
            (size, size),
            (data, data),
            processes,
            self._own[RLIMIT_MSGQUEUE],
            self._own[resource.RLIMIT_CORE] if limits.core_dumps else (0, 0),
        ]
