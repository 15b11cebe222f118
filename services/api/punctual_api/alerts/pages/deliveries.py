"""The pages of deliveries: messages to channels, and what came of them."""

import uuid

from flask import Response, flash, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from punctual.store.alerts.channels import list_channels
from punctual.store.alerts.deliveries import list_deliveries
from punctual_api.alerts.pages.channels import team_ids_here
from punctual_api.alerts.pages.place import in_both, place_url, place_values
from punctual_api.audit.recorder import changed_nothing
from punctual_api.deliveries.endpoints import retry_own, shown
from punctual_api.http.context import session
from punctual_api.http.problems import Problem
from punctual_api.web.page_base import page

A_PAGE = 50


@in_both("deliveries/", "GET")
def show_deliveries() -> Response:
    """Messages, newest first, of one channel where the address names one."""
    channel, before = _id("channel"), _id("before")
    found = list_deliveries(
        session(),
        team_ids=team_ids_here(),
        channel_id=channel,
        state=None,
        before=before,
        limit=A_PAGE + 1,
    )
    own = place_url("show_deliveries", channel=channel)
    last = found[A_PAGE - 1].id if len(found) > A_PAGE else None
    older = place_url("show_deliveries", channel=channel, before=last) if last else None
    return page(
        "alerts/deliveries",
        deliveries=shown(found[:A_PAGE]),
        channels=list_channels(session(), team_ids=team_ids_here()),
        channel=channel,
        newest_url=own if before else None,
        older_url=older,
        **place_values(),
    )


@in_both("deliveries/<uuid:delivery>/retry/", "POST")
def retry_delivery(delivery: uuid.UUID) -> AnyResponse:
    """Send a message again now."""
    try:
        retry_own(delivery)
    except Problem as problem:
        if problem.code != 409:
            raise
        session().rollback()
        changed_nothing()
        flash(str(problem.description), "warn")
    else:
        flash("It is sent again now.")
    return redirect(place_url("show_deliveries"))


def _id(name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.args.get(name, ""))
    except ValueError:
        return None
