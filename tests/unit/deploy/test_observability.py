"""Metrics, their page, the alerts and the dashboard name the same things."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import REGISTRY

from punctual.ops import telemetry

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "deploy" / "observability"
PAGE = (ROOT / "docs" / "operate" / "metrics.md").read_text()
NAME = re.compile(r"\bpunctual_[a-z0-9_]+")
SUFFIXES = {"histogram": ("_bucket", "_count", "_sum"), "counter": (), "gauge": ()}


def metrics() -> dict[str, tuple[str, ...]]:
    """Every metric as Prometheus names it, with its labels."""
    found = {figure.name: figure.labels for figure in telemetry.FIGURES}
    for metric in vars(telemetry).values():
        if hasattr(metric, "_labelnames") and hasattr(metric, "_type"):
            suffix = "_total" if metric._type == "counter" else ""
            found[f"{metric._name}{suffix}"] = tuple(metric._labelnames)
    return found


def series() -> set[str]:
    """Every name an expression may use: a histogram has its parts."""
    ours = {each.name for each in REGISTRY.collect() if each.type == "histogram"}
    whole = set(metrics())
    return whole - ours | {f"{name}{part}" for name in ours for part in SUFFIXES["histogram"]}


def table() -> dict[str, tuple[tuple[str, ...], set[str]]]:
    """The page's table: labels and alerts by metric."""
    rows = re.findall(r"^\| `(punctual_\w+)` \| (.*?) \| .*? \| .* \| (.*?) \|$", PAGE, re.M)
    return {
        name: (tuple(re.findall(r"`(\w+)`", labels)), set(re.findall(r"\w+", alerts)))
        for name, labels, alerts in rows
    }


def alerts() -> dict[str, dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in alerts().values())
    dashboard = json.loads((FOLDER / "grafana" / "punctual.json").read_text())
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def test_the_page_lists_every_metric_with_its_labels() -> None:
    assert {name: labels for name, (labels, _) in table().items()} == metrics()


def test_alerts_and_dashboard_ask_for_metrics_that_there_are() -> None:
    queried = {name for expression in expressions() for name in NAME.findall(expression)}
    assert len(queried) > 20
    assert queried <= series()


def test_the_page_names_the_alerts_that_watch_a_metric() -> None:
    parts = re.compile("(_bucket|_count|_sum)$")
    watched: dict[str, set[str]] = {name: set() for name in table()}
    for alert, rule in alerts().items():
        for name in set(NAME.findall(rule["expr"])):
            watched[parts.sub("", name)].add(alert)
    assert {name: alert for name, (_, alert) in table().items()} == watched
    assert "PunctualReplicaDown" in PAGE


def test_every_alert_says_how_bad_it_is_what_it_means_and_where_to_look() -> None:
    for rule in alerts().values():
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert set(rule["annotations"]) == {"summary", "action"}


def test_prometheus_scrapes_every_service_under_the_name_that_alerts_use() -> None:
    scraped = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
    assert {job["job_name"] for job in scraped} == {
        f"punctual-{service}" for service in ("api", "coordinator", "worker")
    }
    named = set(re.findall(r'job="([\w-]+)"', " ".join(expressions())))
    assert named <= {job["job_name"] for job in scraped}


def test_prometheus_and_grafana_are_named_by_version() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    for service in ("prometheus", "grafana"):
        variable = f"{service.upper()}_VERSION"
        assert re.fullmatch(
            rf"[a-z]+/{service}:\$\{{{variable}:-v?\d+\.\d+\.\d+}}", services[service]["image"]
        )
