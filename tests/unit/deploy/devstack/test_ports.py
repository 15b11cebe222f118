"""Why the port that was chosen cannot be had, in a sentence."""

import errno
import os
import socket

from punctual.ops.process_user import unprivileged
from punctual_devstack.ports import free_port, refusal, why_refused


def test_a_free_port_is_not_refused() -> None:
    assert refusal("127.0.0.1", free_port()) is None
    assert refusal("::1", free_port()) is None


def test_a_port_in_use_differs_from_one_that_is_for_root() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        error = refusal("127.0.0.1", port)
        assert error is not None
        assert why_refused("127.0.0.1", port, error) == (
            f"port {port} is in use: choose another, as in PORT=8001"
        )
    error = OSError(errno.EACCES, "Permission denied")
    assert why_refused("127.0.0.1", 80, error) == (
        "port 80 is for root alone: choose one from 1024 on, as in PORT=8000"
    )


def test_a_low_port_is_refused_to_an_ordinary_user_as_the_kernel_does() -> None:
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setuid(unprivileged().uid)
            error = refusal("127.0.0.1", 1)
            os._exit(error.errno if error and error.errno else 0)
        finally:
            os._exit(255)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == errno.EACCES


def test_an_address_of_another_machine_is_named() -> None:
    error = refusal("192.0.2.1", 8000)
    assert error is not None
    reason = why_refused("192.0.2.1", 8000, error)
    assert reason.startswith("PUNCTUAL_BIND: 192.0.2.1 is no address of this machine")
