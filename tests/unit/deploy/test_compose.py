"""What the compose file promises without being started."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from punctual_devstack.servers.postgres import SETTINGS

HIDING = (
    "log_min_error_statement",
    "log_error_verbosity",
    "log_parameter_max_length",
    "log_parameter_max_length_on_error",
)
FILE = Path(__file__).parents[3] / "docker-compose.yml"
SERVICES: dict[str, Any] = yaml.safe_load(FILE.read_text())["services"]


def test_every_port_is_published_to_this_machine_alone_by_default() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert len(ports) >= 3
    for port in ports:
        by_default = re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", port)
        assert by_default.startswith("127.0.0.1:"), port


@pytest.mark.parametrize(
    ("file", "network"), [("single-sign-on.yml", "provider"), ("mail.yml", "mail")]
)
def test_the_network_to_a_provider_or_a_mail_server_is_the_apis_alone(
    file: str, network: str
) -> None:
    overlay = FILE.parent / "deploy" / "compose" / file
    added: dict[str, Any] = yaml.safe_load(overlay.read_text())
    assert added == {"services": {"api": {"networks": [network]}}, "networks": {network: None}}
    assert all(network not in service.get("networks", ()) for service in SERVICES.values())


def test_no_command_reaches_an_api_but_through_the_proxy() -> None:
    worker, api = set(SERVICES["worker"]["networks"]), set(SERVICES["api"]["networks"])
    assert not worker & api
    on_edge = [name for name, service in SERVICES.items() if "edge" in service.get("networks", ())]
    assert sorted(on_edge) == ["api", "proxy"]


def test_commands_reach_the_internet_alone_unless_an_operator_says_otherwise() -> None:
    worker = SERVICES["worker"]
    default = "${PUNCTUAL_COMMAND_NETWORKS:-internet}"
    assert worker["environment"]["PUNCTUAL_COMMAND_NETWORKS"] == default
    assert "NET_ADMIN" in worker["cap_add"]


def test_the_log_of_postgres_has_no_statement_and_no_value_as_with_make_run() -> None:
    command = SERVICES["postgres"]["command"]
    chosen = dict(each.split("=", 1) for each in command if "=" in each)
    hiding = {name: value for name, value in SETTINGS.items() if name in HIDING}
    assert len(hiding) == len(HIDING)
    assert hiding.items() <= chosen.items()
