"""The page of all outages, with what became of the viewer's due times."""

from flask import Response, url_for

from punctual.store.outages.outages import list_outages
from punctual.store.outages.tasks import harm_of
from punctual_api.http.context import session, team_ids
from punctual_api.outages.schemas import outage_document
from punctual_api.web.page_base import page, pages
from punctual_api.web.paging import instant_before, microseconds
from punctual_api.web.team_choice import chosen_team

OUTAGES_A_PAGE = 25
TASKS_SHOWN = 3


@pages.get("/outages/")
def show_outages() -> Response:
    """The outages, newest first."""
    connection, teams, before = session().connection(), team_ids(), instant_before()
    found = list_outages(connection, team_ids=teams, page_size=OUTAGES_A_PAGE + 1, before=before)
    shown = found[:OUTAGES_A_PAGE]
    gaps = [outage.gap for outage in shown]
    older = None
    if len(found) > OUTAGES_A_PAGE:
        older = url_for(
            "pages.show_outages", team=chosen_team(), before=microseconds(gaps[-1].from_at)
        )
    return page(
        "outages/outages",
        outages=[outage_document(outage) for outage in shown],
        harm=harm_of(connection, gaps, team_ids=teams, most=TASKS_SHOWN),
        newest_url=url_for("pages.show_outages", team=chosen_team()) if before else None,
        older_url=older,
    )
