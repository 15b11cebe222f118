"""The keys of `make run`: made once, and rotated as docs/operate/secrets.md says."""

import subprocess
import sys
from contextlib import closing
from typing import Any

import httpx

from punctual.ops.sealing import new_pair, public_of
from tests.support.eventually import eventually
from tests.support.product import Product, running_product

VALUE = "gx7-Kq0_very-secret"


def state_of_a_run(client: httpx.Client) -> str:
    """How a run of a task ends that looks at the value of the secret."""
    task = {"command": f'test "$A" = {VALUE}', "env": {"A": {"secret": "pg"}}, "max_retries": 0}
    made = client.post("/api/tasks/", json=task).raise_for_status().json()["id"]
    client.post(f"/api/tasks/{made}/run/").raise_for_status()

    def probe() -> Any:
        last = client.get(f"/api/tasks/{made}/").json()["last_run"]
        return last["state"] if last and last["finished_at"] else None

    return str(eventually(probe, within=20))


def rotate(product: Product) -> str:
    secrets = product.data_dir / "secrets"
    environ = {
        "PATH": product.environ["PATH"],
        "PUNCTUAL_DATABASE_URL_FILE": str(secrets / "database_url"),
        "PUNCTUAL_SECRETS_PRIVATE_KEY_FILE": str(secrets / "secrets_private_key"),
    }
    command = [sys.executable, "-m", "punctual", "secrets", "rotate"]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout


def test_keys_stay_over_a_restart_and_are_rotated_as_the_page_says() -> None:
    with running_product() as product, closing(product.user("ann")) as ann:
        ann.post("/api/secrets/", json={"name": "pg", "value": VALUE}).raise_for_status()
        old = product.secret("secrets_private_key")
        file = product.data_dir / "secrets" / "secrets_private_key"
        assert file.stat().st_mode & 0o777 == 0o600
        product.stop()
        new = new_pair()[1]
        file.write_text(f"{new},{old}\n")
        product.start()
        assert product.secret("secrets_public_key") == public_of(new)
        assert state_of_a_run(ann) == "succeeded"
        assert rotate(product).startswith("sealed 1 secret(s) anew for key ")
        assert rotate(product).startswith("sealed 0 secret(s) anew for key ")
        assert state_of_a_run(ann) == "succeeded"
        product.stop()
        file.write_text(f"{new}\n")
        product.start()
        assert state_of_a_run(ann) == "succeeded"
