"""One form of each page of alerts that changes something, of a team and of the installation."""

from collections.abc import Callable, Iterator

from sqlalchemy import Engine
from werkzeug.test import TestResponse

from tests.integration.api.conftest import waiting_delivery
from tests.integration.api.pages.visitor import Visitor

Steps = Iterator[tuple[str, Callable[[], TestResponse]]]

OF_TEAM = ("/team/ops/alerts/", "team=ops", "failed", "")
OF_INSTALLATION = ("/system/alerts/", "installation=true", "database_full", "_of_installation")


def alert_page_steps(ann: Visitor, chief: Visitor, engine: Engine) -> Steps:
    """The forms of both places; a test of a channel, which waits for a notifier, of one alone."""
    for visitor, (home, listed, event, suffix) in ((ann, OF_TEAM), (chief, OF_INSTALLATION)):
        yield from _steps(visitor, engine, home, listed, event, suffix)


def _steps(
    visitor: Visitor, engine: Engine, home: str, listed: str, event: str, suffix: str
) -> Steps:
    form, person = visitor.post, visitor.person
    sent = {"kind": "email", "name": "pages", "to": "ops@example.com", "enabled": "1"}
    new, rules = f"{home}channels/new/", f"{home}rules/new/"
    yield f"pages.create_channel{suffix}", lambda: form(new, **sent)
    [channel] = [
        one["id"] for one in person.items(f"/channels/?{listed}") if one["name"] == "pages"
    ]
    own = f"{home}channels/{channel}/"
    yield f"pages.change_channel{suffix}", lambda: form(own, **{**sent, "name": "other"})
    if not suffix:
        yield "pages.test_channel", lambda: form(f"{own}test/", of=own)
    yield f"pages.create_rule{suffix}", lambda: form(rules, channel=channel, on=event)
    [rule] = [one["id"] for one in person.items(f"/alerts/?{listed}") if one["channel"] == channel]
    path = f"{home}rules/{rule}/"
    yield f"pages.change_rule{suffix}", lambda: form(path, channel=channel, on=event, enabled="1")
    yield f"pages.delete_rule{suffix}", lambda: form(f"{path}delete/", of=path)
    again = f"{home}deliveries/{waiting_delivery(engine, channel)}/retry/"
    yield f"pages.retry_delivery{suffix}", lambda: form(again, of=f"{home}deliveries/")
    yield f"pages.delete_channel{suffix}", lambda: form(f"{own}delete/", of=own)
