"""The proxy takes what the API takes, and no more."""

import json
import re
from http import HTTPStatus
from pathlib import Path

import pytest

from punctual_api.http.body_limits import BULK, BULK_BYTES, KIB, KNOWN_BYTES, UNKNOWN_BYTES
from punctual_api.http.problem_kinds import kind_of
from punctual_api.http.problem_schemas import ProblemSchema
from punctual_api.http.request_hooks import CAREFUL

CONF = Path(__file__).parents[3] / "deploy" / "nginx" / "nginx.conf"
PROBLEMS = CONF.with_name("problems.conf")
UNITS = {"k": KIB, "m": KIB * KIB}
SIZE = re.compile(r"client_max_body_size\s+(\d+)([km]);")


def limit_of(path: str) -> int:
    """The size that nginx takes for a path: of a location with a pattern, or of the server."""
    text = CONF.read_text()
    for pattern, block in re.findall(r"location ~ (\S+) \{([^}]*)\}", text):
        if re.search(pattern, path) and (found := SIZE.search(block)):
            return int(found[1]) * UNITS[found[2]]
    found = SIZE.search(text)
    assert found
    return int(found[1]) * UNITS[found[2]]


def test_nginx_has_the_limits_of_the_api() -> None:
    resets = ("/forgot/", "/reset/", "/api/account/reset/", "/api/account/reset/password/")
    for path in ("/login/", "/api/login/", "/register/", "/api/register/", *resets):
        assert limit_of(path) == UNKNOWN_BYTES, path
    bulk = ("/api/tasks/bulk/", "/api/import/crontab/", "/import/crontab/")
    assert len(bulk) == len(BULK)
    for path in bulk:
        assert limit_of(path) == BULK_BYTES, path
    for path in ("/api/tasks/", "/task/create/", "/", "/login/x/", "/api/tasks/bulk/x/"):
        assert limit_of(path) == KNOWN_BYTES, path


@pytest.mark.parametrize("kind", ["invite", "reset"])
def test_nginx_logs_no_code_of_an_invitation_or_a_link(kind: str) -> None:
    [paths] = re.findall(r"map \$request_uri \$wanted_path \{(.*?)\n    \}", CONF.read_text(), re.S)
    logged = dict(re.findall(r'"~(\S+)"\s+([^;]+);', paths))
    for sent in (f"/{kind}/secret-code/", f"/{kind}/secret-code", f"/{kind}/secret-code/?next=/x"):
        first = next(shown for pattern, shown in logged.items() if re.search(pattern, sent))
        assert first == f"/{kind}/<code>/"


def test_nginx_answers_its_own_errors_as_the_api_does() -> None:
    text = PROBLEMS.read_text()
    assert "include /etc/nginx/problems.conf;" in CONF.read_text()
    assert "problems.conf" in CONF.with_name("Dockerfile").read_text()
    added = dict(re.findall(r'add_header (\S+) "?(.*?)"? always;', text))
    assert CAREFUL.items() <= added.items()
    answers = re.findall(r"location = (\S+) \{\s+internal;\s+return (\d+) '(.*)';", text)
    assert {int(status) for _, status, _ in answers} >= {400, 404, 405, 413, 414, 429, 431, 503}
    for path, status, body in answers:
        problem = json.loads(body)
        assert path == f"/.problem/{status}"
        assert problem["status"] == int(status)
        assert problem["type"] == kind_of(int(status)).type
        assert set(problem) == set(ProblemSchema().fields)
        if int(status) not in {413, 414}:  # RFC 9110 renamed them after Python 3.11
            assert problem["title"] == HTTPStatus(int(status)).phrase
        assert re.search(rf"error_page [\d ]+(=\d+ )?{path};", text)
