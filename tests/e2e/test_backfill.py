"""A backfill on the whole product: every due time that was left out is run, one after the other."""

import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta

from tests.support.eventually import eventually
from tests.support.product import Product


def test_due_times_that_were_left_out_run_one_after_the_other(product: Product) -> None:
    end = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=2)
    params = {"from": (end - timedelta(minutes=2)).isoformat(), "to": end.isoformat()}
    with closing(product.user(f"ann-{uuid.uuid4().hex[:8]}")) as ann:
        task = ann.post(
            "/api/tasks/",
            json={"command": "echo $PUNCTUAL_SCHEDULED_FOR", "schedule": {"cron": "* * * * *"}},
        ).json()
        path = f"/api/tasks/{task['id']}"
        ann.post(f"{path}/pause/").raise_for_status()
        made = ann.post(f"{path}/backfill/", json={**params, "dry_run": False}).json()
        assert len(made["runs"]) == len(made["due"]) == 3

        def states() -> set[str]:
            return {ann.get(f"/api/runs/{run}/").json()["state"] for run in made["runs"]}

        eventually(lambda: states() == {"succeeded"}, within=30)
        first = ann.get(f"/api/runs/{made['runs'][0]}/output/").text.strip()
        assert datetime.fromisoformat(first) == datetime.fromisoformat(made["due"][0])
