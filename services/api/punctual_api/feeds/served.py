"""Serve feeds to calendar programs, which ask for the same again and again."""

import hashlib
import threading
import uuid
from collections import OrderedDict
from datetime import datetime
from typing import NamedTuple

from flask import Blueprint, Response, request

from punctual.domain.links import LinkKind
from punctual.store.links.feeds import teams_of
from punctual.store.links.opened import OpenedLink
from punctual_api.feeds.contents import events_of
from punctual_api.feeds.icalendar_text import icalendar_of
from punctual_api.http.context import connection
from punctual_api.http.problems import not_found
from punctual_api.links.opening import opened
from punctual_api.web.own_address import own_url

blueprint = Blueprint("feed files", __name__)

FRESH_SECONDS = 300
MOST_CACHED = 32


class _Made(NamedTuple):
    turn: int
    body: bytes
    etag: str


_made: OrderedDict[tuple[object, ...], _Made] = OrderedDict()
_lock = threading.Lock()


@blueprint.get("/calendar/<token>.ics")
def feed(token: str) -> Response:
    """What the user of this feed sees: due, blocked and failed."""
    link = opened(LinkKind.FEED, token)
    teams = _teams(link)
    made = _cached(link, teams)
    response = Response(made.body, mimetype="text/calendar")
    response.set_etag(made.etag)
    response.headers["Cache-Control"] = f"private, max-age={FRESH_SECONDS}"
    response.headers["Content-Disposition"] = 'inline; filename="punctual.ics"'
    response.make_conditional(request)
    return response


def _teams(link: OpenedLink) -> list[uuid.UUID]:
    """Return the teams that a feed is about and its user is in; raises Problem 404."""
    assert link.user_id is not None  # noqa: S101 - for mypy: a constraint of the table
    teams = sorted(teams_of(connection(), link.user_id))
    if link.team_id is None:
        return teams
    if link.team_id not in teams:
        raise not_found("feed")
    return [link.team_id]


def _cached(link: OpenedLink, teams: list[uuid.UUID]) -> _Made:
    """Return the text of a feed, made at most every five minutes in this process."""
    turn = int(link.now.timestamp()) // FRESH_SECONDS
    key = (link.id, tuple(teams), own_url())
    with _lock:
        found = _made.get(key)
        if found is not None and found.turn == turn:
            return found
    now = datetime.fromtimestamp(turn * FRESH_SECONDS, tz=link.now.tzinfo)
    body = icalendar_of(events_of(teams, link.tag, now=now), name=link.name, own_url=own_url())
    made = _Made(turn, body, hashlib.sha256(body).hexdigest()[:32])
    with _lock:
        _made[key] = made
        _made.move_to_end(key)
        while len(_made) > MOST_CACHED:
            _made.popitem(last=False)
    return made
