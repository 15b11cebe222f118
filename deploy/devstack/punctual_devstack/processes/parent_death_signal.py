"""Becomes the command it is given, and dies when the process that started it dies.

`python parent_death_signal.py PARENT SIGNAL ACCOUNT FOLDER COMMAND...`: when the thread that
started this in process PARENT ends, the kernel sends SIGNAL. ACCOUNT is `-` or `uid:gid` to run as.
Linux only; elsewhere the command runs untied.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Changes account, ties, takes off what a Python parent leaves on, and becomes the command."""
    parent, death_signal, account, folder, *command = sys.argv[1:]
    os.setsid()
    os.chdir(folder)
    if account != "-":
        uid, gid = map(int, account.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":  # after setuid, which unties
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != int(parent):
            sys.exit("the process that started this is gone")
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE):
        signal.signal(name, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
