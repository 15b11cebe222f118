"""What a command tries to reach by network: a program for the Python of the machine.

Arguments are `tcp HOST PORT`, `udp HOST PORT` or `own HOST`, which serves itself. It prints
`reached`, `refused` where the kernel refused it, or `failed` and why.
"""

import errno
import select
import socket
import sys
import time

# What a connection fails with that a rule of the packet filter refuses.
REFUSED = (errno.EHOSTUNREACH, errno.EACCES, errno.EPERM)
SECONDS = 15


def _made(kind: int, host: str) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    made.settimeout(SECONDS)
    return made


def _tcp(host: str, port: int) -> None:
    with _made(socket.SOCK_STREAM, host) as client:
        client.connect((host, port))


def _udp(host: str, port: int) -> None:
    with _made(socket.SOCK_DGRAM, host) as client:
        client.connect((host, port))
        for _ in range(3):  # what is refused comes with the next call
            client.send(b"x")
            time.sleep(0.1)


def _own(host: str) -> None:
    with _made(socket.SOCK_STREAM, host) as server:
        server.bind((host, 0))
        server.listen()
        with _made(socket.SOCK_STREAM, host) as client:
            client.connect(server.getsockname()[:2])
            there, _ = server.accept()
            client.sendall(b"hello")
            assert there.recv(5) == b"hello"
            there.sendall(bytes(1_000_000))
            there.close()
            received = 0
            while select.select([client], [], [], SECONDS)[0] and (data := client.recv(65536)):
                received += len(data)
            assert received == 1_000_000, received


def main() -> None:
    """Try one way and print what came of it."""
    way, host, *port = sys.argv[1:]
    try:
        if way == "own":
            _own(host)
        else:
            (_tcp if way == "tcp" else _udp)(host, int(port[0]))
    except OSError as error:
        print("refused" if error.errno in REFUSED else f"failed {error!r}")
    except AssertionError as error:
        print("failed", repr(error))
    else:
        print("reached")


main()
