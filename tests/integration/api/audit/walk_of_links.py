"""The endpoints of hooks and feeds, with a change each that succeeds."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from werkzeug.test import TestResponse

from tests.integration.api.pages.visitor import Visitor


def link_steps(ann: Visitor, task: str) -> Iterator[tuple[str, Callable[[], TestResponse]]]:
    """Hooks, and a call of one; feeds."""
    api, form = ann.person.call, ann.post
    own, page = f"/tasks/{task}/hooks/", f"/task/{task}/hooks/"

    def newest_feed() -> str:
        found: str = ann.person.items("/feeds/")[0]["id"]
        return found

    yield "hooks.create_hook", lambda: api("POST", own, json={"name": "ci"})
    made = api("POST", own, json={"name": "ci"}).get_json()
    path = urlsplit(made["url"]).path
    yield "hook calls.run_by_hook", lambda: ann.person.client.post(path)
    yield "hooks.end_hook", lambda: api("DELETE", f"{own}{made['id']}/")
    yield "pages.create_hook", lambda: form(page, name="ci")
    shown = ann.person.items(own)[0]["id"]
    badge = {"name": "b", "team": "ops"}
    yield "badges.create_badge", lambda: api("POST", "/badges/", json=badge)
    one, two = (api("POST", "/badges/", json=badge).get_json()["id"] for _ in range(2))
    yield "badges.end_badge", lambda: api("DELETE", f"/badges/{one}/")
    badges = "/team/ops/badges/"
    yield "pages.create_badge", lambda: form(badges, name="b")
    yield "pages.end_badge", lambda: form(f"/badges/{two}/end/", of=badges)
    feed = {"name": "mine"}
    yield "feeds.create_feed", lambda: api("POST", "/feeds/", json=feed)
    yield "feeds.end_feed", lambda: api("DELETE", f"/feeds/{newest_feed()}/")
    yield "pages.create_feed", lambda: form("/feeds/", **feed)
    yield "pages.end_feed", lambda: form(f"/feeds/{newest_feed()}/end/", of="/feeds/")
    yield "pages.end_hook", lambda: form(f"{page}{shown}/end/", of=page)
