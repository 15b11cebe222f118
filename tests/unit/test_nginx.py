"""The proxy takes what the API takes, and no more."""

import re
from pathlib import Path

from punctual_api.body_limits import BULK, BULK_BYTES, KIB, KNOWN_BYTES, UNKNOWN_BYTES

CONF = Path(__file__).parents[2] / "deploy" / "nginx" / "nginx.conf"
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
    for path in ("/login/", "/api/login/", "/register/", "/api/register/"):
        assert limit_of(path) == UNKNOWN_BYTES, path
    bulk = ("/api/tasks/bulk/", "/api/import/crontab/", "/import/crontab/")
    assert len(bulk) == len(BULK)
    for path in bulk:
        assert limit_of(path) == BULK_BYTES, path
    for path in ("/api/tasks/", "/task/create/", "/", "/login/x/", "/api/tasks/bulk/x/"):
        assert limit_of(path) == KNOWN_BYTES, path
