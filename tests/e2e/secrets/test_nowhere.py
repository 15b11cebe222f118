"""A secret's value reaches a command and a server, and is found nowhere else in the product."""

import base64
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from redis import Redis
from sqlalchemy import create_engine, make_url, text

from punctual_devstack.servers.database_location import database_folder
from punctual_devstack.servers.database_session import program as database_program
from punctual_devstack.servers.postgres_user import server_account
from tests.support.eventually import eventually
from tests.support.product import Product, running_product

VALUE = "gx7-Kq0_very-secret-Zw4"
TYPED = "typed-Xk2_into-a-terminal-91"
QUICK = {"PUNCTUAL_HTTP_ALLOW_PRIVATE": "true", "PUNCTUAL_HEARTBEAT_SECONDS": "0.5"}


class Echo(BaseHTTPRequestHandler):
    """Answers with the token that it was sent, as a failure."""

    tokens: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        self.tokens.append(self.headers["Authorization"])
        self.send_response(403, f"{self.headers['Authorization']} is refused")
        self.end_headers()
        self.wfile.write(f"{self.headers['Authorization']} is refused".encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Echo.tokens.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}/"
        made.shutdown()
        thread.join()


def needles(value: str) -> list[bytes]:
    """The value, and what is certain of its encodings wherever it stands."""
    raw = value.encode()
    cores = [base64.b64encode(bytes(k) + raw)[4 if k else 0 :][:-4] for k in range(3)]
    return [raw, raw.hex().encode(), raw.hex().upper().encode(), *cores]


def ended(client: httpx.Client, task: str) -> dict[str, Any]:
    def probe() -> dict[str, Any] | None:
        last: dict[str, Any] | None = client.get(f"/api/tasks/{task}/").json()["last_run"]
        return last if last and last["finished_at"] else None

    found = eventually(probe, within=20)
    assert found is not None
    return found


def run(client: httpx.Client, **task: Any) -> dict[str, Any]:
    made = client.post("/api/tasks/", json={"max_retries": 0, **task})
    made.raise_for_status()
    client.post(f"/api/tasks/{made.json()['id']}/run/").raise_for_status()
    return made.json()  # type: ignore[no-any-return]


def tables(product: Product) -> Iterator[tuple[str, bytes]]:
    engine = create_engine(make_url(product.secret("database_url")))
    names = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    with engine.connect() as connection:
        for table in list(connection.execute(names).scalars()):
            rows = connection.execute(text(f"SELECT t::text FROM {table} AS t")).scalars()
            yield f"table {table}", "\n".join(rows).encode()
    engine.dispose()


def redis_keys(product: Product) -> Iterator[tuple[str, bytes]]:
    with closing(Redis.from_url(product.secret("redis_url"))) as redis:
        for key in redis.scan_iter():
            yield f"key {key!r}", key + (redis.dump(key) or b"")


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in filter(Path.is_file, folder.rglob("*")):
        yield str(path), path.read_bytes()


def backup(product: Product) -> Iterator[tuple[str, bytes]]:
    done = subprocess.run(
        [sys.executable, "-m", "punctual_devstack.backup"],
        env=product.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    file = done.stdout.strip()
    restored = subprocess.run(
        [database_program("pg_restore"), "-f", "-", file], capture_output=True, check=True
    )
    assert b"night dump" in restored.stdout
    yield "backup", restored.stdout


def everything(product: Product) -> Iterator[tuple[str, bytes]]:
    yield from tables(product)
    yield from redis_keys(product)
    yield from backup(product)
    # With logs, what PostgreSQL and Valkey write to disk, and what workers do.
    yield from files(product.data_dir)
    if not (folder := database_folder(product.data_dir, server_account())).is_relative_to(
        product.data_dir
    ):
        yield from files(folder)


def set_from_standard_input(product: Product, team: str, name: str, value: str) -> None:
    secrets = product.data_dir / "secrets"
    environ = {
        "PATH": product.environ["PATH"],
        "PUNCTUAL_DATABASE_URL_FILE": str(secrets / "api_database_url"),
        "PUNCTUAL_SECRETS_PUBLIC_KEY_FILE": str(secrets / "secrets_public_key"),
    }
    command = [sys.executable, "-m", "punctual", "secrets", "set", team, name]
    done = subprocess.run(
        command, env=environ, input=f"{value}\n".encode(), capture_output=True, check=True
    )
    assert done.stdout.startswith(f"created {name} of {team}, sealed for key ".encode())


def test_a_value_is_in_no_table_no_key_no_log_no_file_and_no_backup(server: str) -> None:
    with running_product(QUICK) as product, closing(product.user("ann")) as ann:
        sent = {"name": "pg", "value": VALUE}
        ann.post("/api/secrets/", json=sent).raise_for_status()
        ann.post("/api/secrets/", json={**sent, "value": f"{VALUE}\0"})  # refused, and logged
        ann.post("/api/secrets/", json={"name": VALUE[:5], "valeu": VALUE})
        set_from_standard_input(product, "ann", "typed", TYPED)
        env = {"PGPASSWORD": {"secret": "pg"}, "TYPED": {"secret": "typed"}}
        loud = (
            'test "${#PGPASSWORD}${#TYPED}" = 2328 || exit 9; set -x; echo "$PGPASSWORD $TYPED";'
            ' echo "$PGPASSWORD" | base64 >&2; printf %s "$TYPED" | od -An -tx1 | tr -d " \\n";'
            ' printf "x%s" "$PGPASSWORD" | base64; sleep 2; exit 3'
        )
        task = run(ann, name="night dump", command=loud, env=env)
        http = {"url": server, "headers": {"Authorization": "Bearer ${secret:pg}"}}
        request = run(ann, name="hook", http=http)

        def seen_live() -> bool:
            last = ann.get(f"/api/tasks/{task['id']}/").json()["last_run"]
            return bool(last) and "•" in ann.get(f"/api/runs/{last['id']}/output/").text

        eventually(seen_live, within=20)
        assert ended(ann, task["id"])["exit_code"] == 3
        failed = ended(ann, request["id"])
        assert Echo.tokens == [f"Bearer {VALUE}"]
        assert "•••• is refused" in failed["reason"]
        ann.put("/api/secrets/pg/", json={"value": VALUE + "2"}).raise_for_status()
        found = [
            (place, needle)
            for place, content in everything(product)
            for value in (VALUE, TYPED)
            for needle in needles(value)
            if needle in content
        ]
        assert found == []
        # That the search finds what is there.
        named = [place for place, content in everything(product) if b"night dump" in content]
        assert {"table tasks", "table runs", "backup"} <= set(named)
        places = [place for place, _ in everything(product)]
        assert "table secrets" in places
        assert any(place.endswith("worker-1.log") for place in places)
        private = product.data_dir / "secrets" / "secrets_private_key"
        assert private.stat().st_mode & 0o777 == 0o600
