"""One successful request to each endpoint that changes something."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

from flask import Flask
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from tests.integration.api.audit.walk_of_alert_pages import alert_page_steps
from tests.integration.api.audit.walk_of_alerts import alert_steps
from tests.integration.api.audit.walk_of_links import link_steps
from tests.integration.api.conftest import PASSWORD, Person, end_run, register, start_run
from tests.integration.api.pages.visitor import Visitor, visit

Step = tuple[str, Callable[[], TestResponse]]

NEW_PASSWORD = "another horse, another staple"
SECRET_VALUE = "gx7-Kq0_very-secret"


class Walk:
    """Sends one successful request to each endpoint that changes something."""

    def __init__(self, app: Flask, admin: Person, ann: Visitor, engine: Engine) -> None:
        self.admin, self.ann, self.engine = admin, ann, engine
        self.ben = register(app.test_client(), "ben")
        self.eve = visit(app.test_client())
        self.chief = visit(app.test_client())
        path = f"/users/{self.chief.person.username}/"
        assert admin.call("PATCH", path, json={"is_admin": True}).status_code == 200
        ann.person.post("/teams/", json={"slug": "ops", "name": "Operations"})

    def own(self, kind: str, body: dict[str, Any]) -> str:
        """A new calendar or limit."""
        answer = self.ann.person.post(f"/{kind}/", json={**body, "team": "ops"})
        assert answer.status_code == 201, answer.json
        found: str = answer.get_json()["id"]
        return found

    def task(self) -> str:
        """A new task."""
        found: str = self.ann.person.task(name=f"t{uuid.uuid4().hex}", team="ops")["id"]
        return found

    def run(self, *, ended: bool = False) -> str:
        """A new run, scheduled or ended."""
        run: str = self.ann.person.post(f"/tasks/{self.task()}/run/").get_json()["id"]
        if ended:
            start_run(self.engine, run)
            end_run(self.engine, run)
        return run

    def calendar(self) -> str:
        """A new calendar."""
        return self.own("calendars", {"name": f"c{uuid.uuid4().hex}"})

    def limit(self) -> str:
        """A new limit."""
        return self.own("concurrency", {"tag": f"l{uuid.uuid4().hex[:20]}", "max_concurrent": 1})

    def team(self) -> str:
        """A new team."""
        slug = f"t{uuid.uuid4().hex[:20]}"
        self.ann.person.post("/teams/", json={"slug": slug, "name": slug})
        return slug

    def member(self) -> str:
        """A new member, of a new team."""
        slug = self.team()
        body = {"username": "ben", "role": "viewer"}
        assert self.ann.person.post(f"/teams/{slug}/members/", json=body).status_code == 201
        return slug

    def source(self) -> str:
        """A new team with a task."""
        slug = self.team()
        self.ann.person.task(team=slug)
        return slug

    def calls(self) -> Iterator[Step]:
        """Each endpoint, and the request."""
        yield from self.work()
        yield from self.access()
        yield from self.shares()
        yield from self.secrets()
        yield from link_steps(self.ann, self.task())
        yield from alert_steps(self.ann.person, self.engine)
        yield from alert_page_steps(self.ann, self.chief, self.engine)
        yield from self.own_account()
        form, person = self.ann.post, self.ann.person
        yield "pages.logout", lambda: form("/logout/", of="/teams/")
        yield "pages.login", lambda: form("/login/", **_known(person.username))
        form("/logout/", of="/teams/")
        dora = {"username": "dora", "password": PASSWORD, "email": "dora@example.com"}
        yield "pages.register", lambda: form("/register/", **dora)
        yield "accounts.logout_by_api", lambda: person.post("/logout/")

    def own_account(self) -> Iterator[Step]:
        """What users do with their accounts: ben by the API, and eve on the pages."""
        ben, eve, page = self.ben, self.eve, "/account/"
        known = {"current_password": PASSWORD}
        email = {"email": "ben@example.org", **known}
        yield "account.change_account", lambda: ben.call("PATCH", page, json=email)
        session = f"{page}sessions/{self.login(ben)}/"
        yield "account.end_session", lambda: ben.call("DELETE", session)
        self.login(ben)
        yield "account.end_sessions", lambda: ben.call("DELETE", f"{page}sessions/")
        both = {"current": PASSWORD, "new": NEW_PASSWORD}
        yield "account.change_password", lambda: ben.post(f"{page}password/", json=both)
        address = {"email": "eve@example.org", **known}
        yield "pages.change_email", lambda: eve.post(page, **address)
        own = f"{page}sessions/{self.login(eve.person)}/end/"
        yield "pages.end_session", lambda: eve.post(own, of=page)
        self.login(eve.person)
        yield "pages.end_other_sessions", lambda: eve.post(f"{page}sessions/end/", of=page)
        yield "pages.change_password", lambda: eve.post(f"{page}password/", of=page, **both)

    def login(self, person: Person) -> str:
        """The id of a new login by the API."""
        assert person.post("/login/", json=_known(person.username)).status_code == 200
        found: str = person.items("/account/sessions/")[0]["id"]
        return found

    def secrets(self) -> Iterator[Step]:
        """The endpoints of secrets, with values that no event may have."""
        person, form, team = self.ann.person, self.ann.post, "/team/ops/secrets/"
        sent = {"name": "pg", "value": SECRET_VALUE, "team": "ops"}
        yield "secrets.create_secret", lambda: person.post("/secrets/", json=sent)
        value = {"value": f"{SECRET_VALUE}2"}
        path = "/secrets/pg/?team=ops"
        yield "secrets.replace_secret", lambda: person.call("PUT", path, json=value)
        yield "secrets.delete_secret", lambda: person.call("DELETE", path)
        yield "pages.create_secret", lambda: form(team, name="pg", value=SECRET_VALUE)
        yield "pages.replace_secret", lambda: form(f"{team}pg/", **value)
        yield "pages.delete_secret", lambda: form(f"{team}pg/delete/", of=f"{team}pg/")

    def access(self) -> Iterator[Step]:
        """Access tokens and invitations, of a user and of a team."""
        api, form, ops = self.ann.person.call, self.ann.post, "/team/ops/"
        name, of_team = {"name": "laptop", "role": "viewer"}, {"name": "deploy", "team": "ops"}
        yield "tokens.create_token", lambda: api("POST", "/tokens/", json=name)
        made = api("POST", "/tokens/", json=of_team).get_json()["id"]
        yield "tokens.end_token", lambda: api("DELETE", f"/tokens/{made}/")
        yield "tokens.end_tokens", lambda: api("DELETE", "/tokens/")
        typed = {"token_name": "phone", "token_days": "30"}
        yield "pages.create_token", lambda: form("/account/tokens/", of="/account/", **typed)
        machine = {"token_name": "deploy", "token_role": "editor", "token_days": ""}
        yield "pages.create_team_token", lambda: form(f"{ops}tokens/", of=ops, **machine)
        token = self.ann.person.items("/tokens/")[0]["id"]
        yield "pages.end_token", lambda: form(f"/token/{token}/end/", of="/account/")
        to_ops = {"team": "ops", "role": "viewer"}
        chief = self.chief.post
        yield "pages.invite_user", lambda: chief("/invites/", invite_email="")
        yield "pages.change_user", lambda: chief("/users/carl/disable/")
        yield "invites.create_invite", lambda: api("POST", "/invites/", json=to_ops)
        first = self.ann.person.items("/invites/?team=ops")[0]["id"]
        yield "invites.end_invite", lambda: api("DELETE", f"/invites/{first}/")
        invited = {"invite_role": "operator", "invite_email": ""}
        yield "pages.create_invite", lambda: form(f"{ops}invites/", of=ops, **invited)
        second = self.ann.person.items("/invites/?team=ops")[0]["id"]
        yield "pages.end_invite", lambda: form(f"/invite/{second}/end/", of=ops)
        code = api("POST", "/invites/", json=to_ops).get_json()["code"]
        self.eve.get(f"/invite/{code}/")
        yield "pages.accept_invitation", lambda: self.eve.post("/invite/")

    def shares(self) -> Iterator[Step]:
        """Queues and slots, which admins share out."""
        queue, chief = "/queues/gpu/", self.chief.post
        ops: dict[str, Any] = {"teams": ["ops"]}
        every: dict[str, Any] = {"teams": []}
        yield "queues.replace_queue", lambda: self.admin.call("PUT", queue, json=ops)
        yield "queues.change_queue", lambda: self.admin.call("PATCH", queue, json=every)
        yield "pages.show_queues", lambda: chief("/queues/", name="gpu", teams="ops")
        yield "pages.change_queue", lambda: chief(queue, teams="")
        slots = "/team/ops/slots/"
        yield "pages.change_slots", lambda: chief(slots, of="/team/ops/", max_slots="9")

    def work(self) -> Iterator[Step]:
        """Users, teams, tasks, runs, calendars and limits."""
        api, form = self.ann.person.call, self.ann.post
        task, hand = "/task/", {"command": "true", "kind": "hand", "team": "ops"}
        new = {"username": "carl", "password": PASSWORD, "email": "carl@example.com"}
        late = {"tag": "late", "max_concurrent": 1, "team": "ops"}
        crontab = {"crontab": "0 2 * * * true", "dry_run": False}
        changes: dict[str, Any] = {"is_admin": True}
        yield "accounts.register_by_api", lambda: api("POST", "/register/", json=new)
        yield "accounts.login_by_api", lambda: api("POST", "/login/", json=_known("carl"))
        yield "users.change_user", lambda: self.admin.call("PATCH", "/users/carl/", json=changes)
        yield "teams.create_team", lambda: api("POST", "/teams/", json={"slug": "qa", "name": "Q"})
        yield "teams.change_team", lambda: api("PATCH", "/teams/qa/", json={"name": "Quality"})
        yield "teams.delete_team", lambda: api("DELETE", "/teams/qa/")
        slug = self.member()
        yield "teams.leave_team", lambda: self.ben.post(f"/teams/{slug}/leave/")
        role = {"role": "editor"}
        ben = {"username": "ben", **role}
        yield "teams.add_team_member", lambda: api("POST", f"/teams/{slug}/members/", json=ben)
        path = f"/teams/{slug}/members/ben/"
        viewer = {"role": "viewer"}
        yield "teams.change_team_member", lambda: api("PATCH", path, json=viewer)
        yield "teams.remove_team_member", lambda: api("DELETE", path)
        yield "pages.create_team", lambda: form("/teams/", slug="web", name="Web")
        yield "pages.rename_team", lambda: form("/team/web/", name="Site")
        web = "/team/web/members/"
        yield "pages.add_member", lambda: form(web, of="/team/web/", username="ben", role="viewer")
        yield "pages.change_member", lambda: form(f"{web}ben/", of="/team/web/", role="owner")
        yield "pages.remove_member", lambda: form(f"{web}ben/remove/", of="/team/web/")
        form(web, of="/team/web/", username="ben", role="owner")
        yield "pages.leave_team", lambda: form("/team/web/leave/", of="/teams/")
        gone = self.team()
        yield "pages.delete_team", lambda: form(f"/team/{gone}/delete/", slug=gone)
        one = {"command": "true"}
        yield "tasks.create_task", lambda: api("POST", "/tasks/", json=one)
        many = {"items": [one]}
        yield "bulk.create_tasks_in_bulk", lambda: api("POST", "/tasks/bulk/", json=many)
        own = f"/tasks/{self.task()}/"
        yield "tasks.replace_task", lambda: api("PUT", own, json={"command": "date"})
        yield "tasks.patch_task", lambda: api("PATCH", own, json={"priority": 7})
        yield "task verbs.run_task", lambda: api("POST", f"{own}run/")
        yield "task verbs.pause_task", lambda: api("POST", f"{own}pause/")
        yield "task verbs.resume_task", lambda: api("POST", f"{own}resume/")
        snooze = {"until_ok": True}
        yield "task verbs.snooze_task", lambda: api("POST", f"{own}snooze/", json=snooze)
        span = {"from": "2026-11-28T00:00:00Z", "to": "2026-11-28T01:00:00Z", "dry_run": False}
        yield "backfill.backfill_task", lambda: api("POST", f"{own}backfill/", json=span)
        back = f"{own}versions/1/restore/"
        yield "task versions.restore_task", lambda: api("POST", back)
        path, to_ops = f"/teams/{self.source()}/handover/", {"team": "ops", "dry_run": False}
        yield "teams.hand_over_tasks", lambda: api("POST", path, json=to_ops)
        yield "tasks.delete_own_task", lambda: api("DELETE", own)
        yield "crontabs.import_crontab", lambda: api("POST", "/import/crontab/", json=crontab)
        yield "pages.create_task", lambda: form("/task/create/", **hand)
        shown = f"{task}{self.task()}/"
        edited: dict[str, Any] = {"name": "n", "version": "1", **hand}
        yield "pages.update_task", lambda: form(f"{shown}update/", **edited)
        yield "pages.run_task", lambda: form(f"{shown}run/", of=shown)
        yield "pages.pause_task", lambda: form(f"{shown}pause/", of=shown)
        yield "pages.resume_task", lambda: form(f"{shown}resume/", of=shown)
        ok: dict[str, Any] = {"for": "ok"}
        yield "pages.snooze_task", lambda: form(f"{shown}snooze/", of=shown, **ok)
        until = {"until": "2999-01-01T00:00", "until_zone": "UTC"}
        yield "pages.pause_until", lambda: form(f"{shown}pause-until/", of=shown, **until)
        due: dict[str, Any] = {"from": span["from"], "to": span["to"]}
        yield "pages.backfill_task", lambda: form(f"{shown}backfill/", of=shown, **due)
        first = f"{shown}versions/1/restore/"
        yield "pages.restore_version", lambda: form(first, of=shown)
        source = f"/team/{self.source()}/handover/"
        yield "pages.hand_over", lambda: form(source, team="ops", do="move")
        apart = f"{task}{self.ann.person.task()['id']}/move/"
        yield "pages.move_task", lambda: form(apart, team="ops")
        yield "pages.delete_task_page", lambda: form(f"{shown}delete/")
        lines = {"crontab": "0 3 * * * true", "do": "create"}
        yield "pages.import_crontab_form", lambda: form("/import/crontab/", **lines)
        run = self.run()
        yield "runs.cancel_own_run", lambda: api("POST", f"/runs/{run}/cancel/")
        other = self.run()
        teams = "/teams/"
        yield "pages.cancel_run", lambda: form(f"/run/{other}/cancel/", of=teams)
        ended = self.run(ended=True)
        yield "runs.retry_own_run", lambda: api("POST", f"/runs/{ended}/retry/")
        again = self.run(ended=True)
        yield "pages.retry_run", lambda: form(f"/run/{again}/retry/", of=teams)
        days = {"name": "days", "team": "ops", "timezone": "UTC"}
        yield "calendars.create_calendar", lambda: api("POST", "/calendars/", json=days)
        calendar = f"/calendars/{self.calendar()}/"
        renamed = {"name": "free", "timezone": "UTC"}
        yield "calendars.replace_calendar", lambda: api("PUT", calendar, json=renamed)
        yield "calendars.delete_calendar", lambda: api("DELETE", calendar)
        page = {"name": "shut", "timezone": "UTC", "team": "ops"}
        yield "pages.create_calendar", lambda: form("/calendar/create/", **page)
        stored = f"/calendar/{self.calendar()}/"
        yield "pages.update_calendar", lambda: form(stored, name="open", timezone="UTC")
        yield "pages.delete_calendar", lambda: form(f"{stored}delete/", of=stored)
        yield "concurrency.create_concurrency", lambda: api("POST", "/concurrency/", json=late)
        limit = f"/concurrency/{self.limit()}/"
        most = {"max_concurrent": 3}
        yield "concurrency.change_concurrency", lambda: api("PATCH", limit, json=most)
        yield "concurrency.delete_concurrency", lambda: api("DELETE", limit)
        at_once = {"tag": "x", "max_concurrent": "2", "team": "ops"}
        yield "pages.create_concurrency", lambda: form("/concurrency/", **at_once)
        second = f"/concurrency/{self.limit()}/"
        of = "/concurrency/"
        yield "pages.change_concurrency", lambda: form(second, of=of, max_concurrent="4")
        yield "pages.delete_concurrency", lambda: form(f"{second}delete/", of=of)


def _known(username: str) -> dict[str, str]:
    return {"username": username, "password": PASSWORD}
