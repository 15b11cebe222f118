"""One successful request to each endpoint of alerts that changes something."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Engine
from werkzeug.test import TestResponse

from tests.integration.api.conftest import Person, waiting_delivery

URL = "https://hooks.example.com/gx7-Kq0_very-secret"


def alert_steps(person: Person, engine: Engine) -> Iterator[tuple[str, Callable[[], TestResponse]]]:
    """Channels, rules and deliveries, with an address that no event may have."""
    api = person.call
    hook: dict[str, Any] = {"name": "hook", "kind": "webhook", "url": URL, "team": "ops"}
    yield "channels.create_channel", lambda: api("POST", "/channels/", json=hook)
    made = api("POST", "/channels/", json={**hook, "name": "other"}).get_json()["id"]
    one, new = f"/channels/{made}/", {"name": "pager", "new_secret": True}
    yield "channels.change_channel", lambda: api("PATCH", one, json=new)
    yield "channels.test_channel", lambda: api("POST", f"{one}test/")
    rule: dict[str, Any] = {"channel": made, "on": ["failed"], "team": "ops"}
    yield "alerts.create_alert", lambda: api("POST", "/alerts/", json=rule)
    path = f"/alerts/{api('POST', '/alerts/', json=rule).get_json()['id']}/"
    yield "alerts.change_alert", lambda: api("PATCH", path, json={"enabled": False})
    yield "alerts.delete_alert", lambda: api("DELETE", path)
    again = f"/deliveries/{waiting_delivery(engine, made)}/retry/"
    yield "deliveries.retry_delivery", lambda: api("POST", again)
    yield "channels.delete_channel", lambda: api("DELETE", one)
