"""The profile `observability`: Prometheus finds every replica and takes the alerts."""

from collections.abc import Iterator

import httpx
import pytest

from punctual_devstack.ports import free_port
from tests.containers.composition import SERVICES, Composition
from tests.support.eventually import eventually

LAID = "prom/prometheus:latest"
PROFILE = ("--profile", "observability")


@pytest.fixture
def prometheus(composition: Composition) -> Iterator[httpx.Client]:
    """A Prometheus next to the product, started as the profile does."""
    port = str(free_port())
    composition.set(PROMETHEUS_PORT=port)
    if LAID in composition.docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split():
        # A machine without a registry has the images that an operator loaded.
        composition.set(PROMETHEUS_VERSION="latest")
    composition.compose(*PROFILE, "up", "--detach", "--no-deps", "prometheus")
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            eventually(lambda: client.get("/-/ready").is_success, within=60)
            yield client
    finally:
        composition.compose(*PROFILE, "rm", "--force", "--stop", "prometheus")


def test_prometheus_scrapes_every_replica_and_watches_the_alerts(prometheus: httpx.Client) -> None:
    expected = {f"punctual-{service}": number for service, number in SERVICES.items()}

    def up() -> dict[str, int]:
        targets = prometheus.get("/api/v1/targets").json()["data"]["activeTargets"]
        jobs = [each["labels"]["job"] for each in targets if each["health"] == "up"]
        return {job: jobs.count(job) for job in set(jobs)}

    eventually(lambda: up() == expected, within=60)
    groups = prometheus.get("/api/v1/rules").json()["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) > 15
    params = {"query": "max(punctual_workers)"}
    [answer] = prometheus.get("/api/v1/query", params=params).json()["data"]["result"]
    assert float(answer["value"][1]) == SERVICES["worker"]
    eventually(lambda: _all_evaluated(prometheus), within=60)
    [weak] = (rule for rule in rules if rule["name"] == "PunctualIsolationWeak")
    strong = weak["query"].replace("== 0", "== 1")
    found = prometheus.get("/api/v1/query", params={"query": strong}).json()["data"]["result"]
    protections = [each["metric"]["what"] for each in found]
    assert sorted(protections) == sorted(["separate_user", "unprivileged"] * SERVICES["worker"])


def _all_evaluated(prometheus: httpx.Client) -> bool:
    groups = prometheus.get("/api/v1/rules").json()["data"]["groups"]
    health = {rule["health"] for group in groups for rule in group["rules"]}
    assert "err" not in health
    return health == {"ok"}
