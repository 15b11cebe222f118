"""Teams, secrets, workers, and who may not."""

import json
import uuid

import httpx

from punctual_devstack.ports import free_port
from tests.e2e.command_line.program import CommandLine
from tests.support.product import Product


def test_a_team_has_members_and_tasks(punctual: CommandLine, product: Product) -> None:
    slug, other = f"team-{uuid.uuid4().hex[:8]}", f"bob-{uuid.uuid4().hex[:8]}"
    product.user(other).close()
    punctual.done("teams", "add", slug, "Our team")
    assert slug in punctual.done("teams", "ls", "-q").split()
    assert (
        punctual.done("teams", "grant", slug, other, "viewer") == f"{other} is viewer of {slug}.\n"
    )
    punctual.done("teams", "grant", slug, other, "editor")
    rows = [row.split("\t")[:2] for row in punctual.done("teams", "members", slug).splitlines()]
    assert [other, "editor"] in rows
    punctual.done("teams", "revoke", slug, other, "-y")
    assert other not in punctual.done("teams", "members", slug, "-q").split()
    task = json.loads(punctual.done("add", "x", "--team", slug, "-o", "json", "--", "true"))
    assert task["team"] == slug
    assert punctual.done("ls", "-q", "--team", slug) == f"{task['id']}\n"
    punctual.done("rm", "x", "--team", slug, "-y")
    punctual.done("teams", "rm", slug, "-y")
    assert slug not in punctual.done("teams", "ls", "-q").split()


def test_secrets_are_put_from_standard_input_and_never_shown(
    punctual: CommandLine, api: httpx.Client
) -> None:
    value = "correct-horse"
    assert punctual.done("secrets", "put", "pg", typed=f"{value}\n").startswith("Created pg of ")
    assert punctual.done("secrets", "put", "pg", typed="other\n").startswith("Replaced pg of ")
    listed = punctual.done("secrets", "ls", "-o", "json")
    assert [secret["name"] for secret in json.loads(listed)] == ["pg"]
    assert value not in listed
    done = punctual.on_terminal("secrets", "put", "two", typed=[value])
    assert (done.code, value in done.output) == (0, False)
    env = {"PGPASSWORD": {"secret": "pg"}}
    made = api.post("/api/tasks/", json={"name": "x", "command": "true", "env": env})
    made.raise_for_status()
    assert punctual("secrets", "rm", "pg", "-y").code == 5
    assert punctual("secrets", "rm", "pg", "-y", "--force").code == 0
    assert punctual("secrets", "rm", "pg", "-y").code == 3
    assert punctual("secrets", "put", "none", typed="").code == 2


def test_workers_are_for_admins(punctual: CommandLine, api: httpx.Client) -> None:
    code, output, complaint = punctual("workers")
    if api.get("/api/account/").json()["is_admin"]:  # the first user of this product
        assert (code, output) == (0, "worker-1\tdefault\n")
    else:
        assert (code, output, bool(complaint)) == (4, "", True)


def test_each_refusal_has_its_exit_code(punctual: CommandLine, product: Product) -> None:
    assert punctual("ls", PUNCTUAL_TOKEN="unknown").code == 4
    assert punctual("show", "none").code == 3
    code, _, complaint = punctual("ls", PUNCTUAL_URL=f"http://127.0.0.1:{free_port()}")
    assert (code, "cannot be reached" in complaint) == (6, True)
    assert punctual("ls", PUNCTUAL_URL="127.0.0.1").code == 2
    assert punctual().code == 2
    assert punctual("--help").code == 0
