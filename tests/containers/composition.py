"""The product as `docker compose up` starts it, in a project and on a port of its own."""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx

from punctual_devstack.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
# Of this checkout: two may be tested side by side.
PROJECT = f"punctual-test-{hashlib.sha256(bytes(ROOT)).hexdigest()[:6]}"
PASSWORD = "correct horse battery staple"
UP_SECONDS = 300
SERVICES = {"api": 2, "coordinator": 1, "worker": 2}
# A dead worker is buried sooner than by default, or a test would wait as long as a user may.
SETTINGS = {
    "PUNCTUAL_HEARTBEAT_SECONDS": "2",
    "PUNCTUAL_SELF_FENCE_SECONDS": "6",
    "PUNCTUAL_LEASE_SECONDS": "10",
    "PUNCTUAL_REGISTRATION": "open",
}


class Composition:
    """All containers of the compose file; knows no secret and edits nothing."""

    def __init__(self) -> None:
        self.port = free_port()
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("PUNCTUAL_")}
        self._environ = {**inherited, **SETTINGS, "PORT": str(self.port)}
        self._environ["COMPOSE_PROJECT_NAME"] = PROJECT

    def set(self, **environ: str) -> None:
        """Has later commands find these variables, as if they were set in the shell."""
        self._environ.update(environ)

    def compose(self, *arguments: str) -> str:
        """What one `docker compose` command printed; fails with its complaints."""
        return self._run("docker", "compose", "--ansi", "never", "-p", PROJECT, *arguments)

    def script(self, name: str, *arguments: str) -> str:
        """What a script of deploy/compose printed; fails with its complaints."""
        return self._run(str(ROOT / "deploy" / "compose" / name), *arguments)

    def docker(self, *arguments: str) -> str:
        """What one `docker` command printed; fails with its complaints."""
        return self._run("docker", *arguments)

    def up(self, *options: str) -> None:
        """Starts what is missing, in the usual numbers, and returns when everything is healthy."""
        numbers = [f"--scale={service}={number}" for service, number in SERVICES.items()]
        wait_timeout = f"--wait-timeout={UP_SECONDS}"
        self.compose("up", "--detach", "--wait", wait_timeout, *numbers, *options)

    @contextmanager
    def settings(self, **more: str) -> Iterator[None]:
        """Has the compose file read these variables too, in a block."""
        before = self._environ
        self._environ = before | more
        try:
            yield
        finally:
            self._environ = before

    def down(self, *options: str) -> None:
        """Stops and removes the containers; volumes stay unless `--volumes` is given."""
        self.compose("down", "--remove-orphans", *options)

    def containers(self, *services: str) -> list[str]:
        """The ids of the containers of these services, of all without one; ended ones too."""
        return self.compose("ps", "--all", "--quiet", *services).split()

    def log(self, container: str) -> str:
        """What a container wrote so far, over all its starts."""
        return self._run("sh", "-c", 'docker logs "$1" 2>&1', "sh", container)

    def inspect(self, container: str) -> dict[str, Any]:
        """What the engine knows of a container."""
        found: list[dict[str, Any]] = json.loads(self.docker("inspect", container))
        return found[0]

    def service(self, container: str) -> str:
        """Which service of the compose file a container belongs to."""
        name: str = self.inspect(container)["Config"]["Labels"]["com.docker.compose.service"]
        return name

    def run_in(self, service: str, *command: str) -> str:
        """What a command printed that was run in a new container of a service, and nothing else."""
        return self.compose("run", "--rm", "--no-deps", "--no-TTY", service, *command)

    def visitor(self) -> httpx.Client:
        """A client without an account; its caller closes it."""
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)

    def user(self, username: str) -> httpx.Client:
        """A newly registered user's client; its caller closes it."""
        who = {"username": username, "password": PASSWORD}
        registration = {**who, "email": f"{username}@example.com"}
        with closing(self.visitor()) as visitor:
            visitor.post("/api/register/", json=registration).raise_for_status()
            token = visitor.post("/api/login/", json=who).raise_for_status().json()["token"]
        client = self.visitor()
        client.headers["Authorization"] = f"Token {token}"
        return client

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            command, check=False, cwd=ROOT, env=self._environ, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}\n{done.stderr}"
        return done.stdout


def missing() -> str | None:
    """Why no container can be started here, or None when one can."""
    for command in (["docker", "version"], ["docker", "compose", "version"]):
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True)
        except FileNotFoundError:
            return "there is no `docker` command"
        if done.returncode:
            return done.stderr.strip()
    return None
