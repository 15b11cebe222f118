"""Start the process of an attempt: own session, own pipes, an environment and nothing else.

posix_spawn was chosen on figures (starts of `sh -c :` on one busy core, 3.11): posix_spawn 1,530/s,
_posixsubprocess.fork_exec 1,510/s, Popen 1,400/s. It has no working directory and no umask of its
own, but in a single-threaded loop the runner can lend its own: changing the directory first also
distinguishes a missing one from a missing shell.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import resource
import signal
import time

from punctual_worker.runner.attempts.attempt import RunnerAttempt
from punctual_worker.runner.io.poller import STDERR, STDOUT, Poller
from punctual_worker.runner.launch.strategy import launch_error
from punctual_worker.runner.limits.oom_score import OomScore
from punctual_worker.runner.supervise.process_tag import ProcessTag

TYPE_CHECKING = False
if TYPE_CHECKING:
    Argv = tuple[str, ...] | list[str]

SHELL = "/bin/sh"
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DEFAULT_LANG = "C.UTF-8"
# Python ignores two of them, and a command expects `yes | head` to end. For each signal that is not
# named glibc reads the disposition and then sets it all the same: twice as many system calls.
DEFAULTS = tuple(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP})


class Spawner:
    """Turns attempts into processes, marked so that all of their descendants can be found."""

    def __init__(
        self,
        process_tag: ProcessTag,
        poller: Poller,
        *,
        path: str,
        lang: str,
        soft_nofile: int,
        uid: int,
    ) -> None:
        self._process_tag = process_tag
        self._poller = poller
        user = name_of(uid)
        self._defaults = {
            "PATH": path or DEFAULT_PATH,
            "LANG": lang or DEFAULT_LANG,
            "USER": user,
            "LOGNAME": user,
            "SHELL": SHELL,
            # What Python has printed is there when it hangs and is killed.
            "PYTHONUNBUFFERED": "1",
        }
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        self._our_files = (hard, hard)
        self._their_files = (soft_nofile, hard)
        self._oom_score = OomScore()

    def path_of(self, attempt: RunnerAttempt) -> str:
        """Return the PATH that a command gets."""
        return attempt.env.get("PATH", self._defaults["PATH"])

    def spawn(
        self,
        attempt: RunnerAttempt,
        program: str,
        argv: Argv,
        *,
        waits: bool = False,
        sets_pwd: bool = False,
    ) -> int:
        """Start it now; return the instant posix_spawn returned, when exec has succeeded.

        `waits`: the command has not started by that, so its pipes are not watched yet. `sets_pwd`:
        PWD is set, as a shell does. Raises LaunchFailedError when nothing was started.
        """
        try:
            return self._spawn(attempt, program, argv, waits=waits, sets_pwd=sets_pwd)
        except (OSError, ValueError) as error:
            raise launch_error(error) from None

    def _spawn(
        self,
        attempt: RunnerAttempt,
        program: str,
        argv: Argv,
        *,
        waits: bool,
        sets_pwd: bool,
    ) -> int:
        env = self._environment(attempt)
        pipes = Pipes()
        try:
            _enter(attempt)
            if sets_pwd:
                env["PWD"] = os.getcwd()
            fcntl.fcntl(pipes.out_read, fcntl.F_SETFL, os.O_NONBLOCK)
            fcntl.fcntl(pipes.err_read, fcntl.F_SETFL, os.O_NONBLOCK)
            if not waits:
                # Before anything is written: of what is ready when it is added, nothing says which
                # of the streams was written to first.
                self._poller.add(pipes.out_read, attempt, STDOUT)
                self._poller.add(pipes.err_read, attempt, STDERR)
            # Whatever may fail is done before this: an error means that nothing was started.
            attempt.pid = self._exec(attempt, program, argv, env, pipes)
            started_ns = time.monotonic_ns()
            self._limit(attempt)
        except BaseException:
            self._poller.close(pipes.out_read)
            self._poller.close(pipes.err_read)
            raise
        finally:
            os.chdir("/")
            pipes.close_theirs()
        attempt.pipes = {pipes.out_read: STDOUT, pipes.err_read: STDERR}
        return started_ns

    def _environment(self, attempt: RunnerAttempt) -> dict[str, str]:
        env = {**self._defaults, **attempt.env}
        home = attempt.launch.home
        if home is not None:
            env.setdefault("HOME", home)
            env.setdefault("TMPDIR", home)
        return env

    def _limit(self, attempt: RunnerAttempt) -> None:
        attempt.limits.put_on(attempt.pid)

    def _exec(
        self,
        attempt: RunnerAttempt,
        program: str,
        argv: Argv,
        env: dict[str, str],
        pipes: Pipes,
    ) -> int:
        self._process_tag.put_on_next(attempt.serial)
        # A raised soft limit is ours alone: programs still exist which walk all possible
        # descriptors, or give theirs to select().
        if self._their_files != self._our_files:
            resource.setrlimit(resource.RLIMIT_NOFILE, self._their_files)
        attempt.limits.put_on_next()
        self._oom_score.put_on_next()
        try:
            return os.posix_spawn(
                program,
                argv,
                env,
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, pipes.out_write, 1),
                    (os.POSIX_SPAWN_DUP2, pipes.err_write, 2),
                ],
                setsid=True,
                setsigmask=(),
                setsigdef=DEFAULTS,
            )
        except OSError as error:
            raise OSError(error.errno, f"cannot start: {error.strerror}") from None
        finally:
            self._oom_score.take_off_next()
            attempt.limits.take_off_next()
            if self._their_files != self._our_files:
                resource.setrlimit(resource.RLIMIT_NOFILE, self._our_files)


class Pipes:
    """Two pipes, closed on exec: descriptor 0 is the runner's own /dev/null."""

    __slots__ = ("err_read", "err_write", "out_read", "out_write")

    def __init__(self) -> None:
        self.out_read, self.out_write = os.pipe()
        try:
            self.err_read, self.err_write = os.pipe()
        except OSError:
            os.close(self.out_read)
            os.close(self.out_write)
            raise

    def close_theirs(self) -> None:
        os.close(self.out_write)
        os.close(self.err_write)


def name_of(uid: int) -> str:
    """Return the name of a user, or its number where it has no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _enter(attempt: RunnerAttempt) -> None:
    directory = attempt.cwd if attempt.cwd is not None else attempt.launch.home
    assert directory is not None
    try:
        os.chdir(directory)
    except OSError as error:
        text = f"working directory {directory!r}: {error.strerror}"
        raise OSError(error.errno, text) from None
