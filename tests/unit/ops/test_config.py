"""Settings: read once, checked, and named when they cannot be used."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from punctual.ops import config
from punctual.ops.config import InvalidSetting, Settings

DOCS = Path(__file__).parents[3] / "docs" / "reference" / "settings.md"
GOOD_KEY = "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"


def test_every_setting_is_documented_with_its_default() -> None:
    rows = {
        cells[1].strip(" `"): cells[2].strip()
        for line in DOCS.read_text().splitlines()
        if line.startswith("| `") and (cells := line.split("|"))
    }
    for item in fields(Settings):
        documented = rows.pop(f"PUNCTUAL_{item.name.upper()}")
        known = {"": "none", "None": "a share", "True": "1", "False": "0"}
        default = known.get(str(item.default), str(item.default))
        assert documented == ("host name" if item.name == "name" else default), item.name
    assert not rows


def test_defaults_hold_where_nothing_is_set() -> None:
    settings = config.load(environ={})
    assert (settings.cycle_seconds, settings.slots, settings.on_lease_loss) == (30, 16, "kill")


def test_a_switch_is_0_or_1_and_is_shown_so() -> None:
    off = config.load(environ={"PUNCTUAL_DIRECT_EXEC": "0", "PUNCTUAL_PRESTARTED_SHELLS": "1"})
    assert (off.direct_exec, off.prestarted_shells) == (False, True)
    shown = config.masked(off)
    assert (shown["PUNCTUAL_DIRECT_EXEC"], shown["PUNCTUAL_PRESTARTED_SHELLS"]) == ("0", "1")


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{GOOD_KEY}\n")
    environ = {"PUNCTUAL_SECRET_KEY_FILE": str(file)}
    assert config.load(needs=["secret_key"], environ=environ).secret_key == GOOD_KEY


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, "PUNCTUAL_SECRET_KEY is not set"),
        ({"PUNCTUAL_SECRET_KEY": GOOD_KEY, "PUNCTUAL_END_GRACE_SECONDS": "61"}, "at most 60"),
        ({"PUNCTUAL_SECRET_KEY": "short"}, "PUNCTUAL_SECRET_KEY must be 32"),
        ({"PUNCTUAL_SECRET_KEY": "a" * 40}, "PUNCTUAL_SECRET_KEY is too easy"),
        ({"PUNCTUAL_SECRET_KEY": "change-me-" * 4}, "PUNCTUAL_SECRET_KEY is too easy"),
        ({"PUNCTUAL_SECRET_KEY": "0123456789abcdef" * 2}, "PUNCTUAL_SECRET_KEY is too easy"),
        ({"PUNCTUAL_SECRET_KEY": "my-secret-" * 4}, "PUNCTUAL_SECRET_KEY is too easy"),
        ({"PUNCTUAL_SECRET_KEY_FILE": "/no/such/file"}, "PUNCTUAL_SECRET_KEY_FILE"),
        (
            {"PUNCTUAL_SECRET_KEY": GOOD_KEY, "PUNCTUAL_SECRET_KEY_FILE": "/x"},
            "PUNCTUAL_SECRET_KEY and PUNCTUAL_SECRET_KEY_FILE are both set",
        ),
        ({"PUNCTUAL_SECRET_KEY": GOOD_KEY, "PUNCTUAL_SLOTS": "0"}, "PUNCTUAL_SLOTS"),
        (
            {"PUNCTUAL_SECRET_KEY": GOOD_KEY, "PUNCTUAL_AUDIT_RETENTION_DAYS": "29"},
            "PUNCTUAL_AUDIT_RETENTION_DAYS",
        ),
        ({"PUNCTUAL_SECRET_KEY": GOOD_KEY, "PUNCTUAL_SLOTS": "1.5"}, "PUNCTUAL_SLOTS"),
        ({"PUNCTUAL_SECRET_KEY": GOOD_KEY, "PUNCTUAL_SWEEP_SECONDS": "nan"}, "PUNCTUAL_SWEEP"),
        ({"PUNCTUAL_SECRET_KEY": GOOD_KEY, "PUNCTUAL_SWEEP_SECONDS": "0"}, "PUNCTUAL_SWEEP"),
        ({"PUNCTUAL_SECRET_KEY": GOOD_KEY, "PUNCTUAL_WINDOW_SECONDS": "9"}, "PUNCTUAL_WINDOW"),
        (
            {"PUNCTUAL_SECRET_KEY": GOOD_KEY, "PUNCTUAL_LEASE_SECONDS": "15"},
            "PUNCTUAL_SELF_FENCE_SECONDS",
        ),
        (
            {"PUNCTUAL_SECRET_KEY": GOOD_KEY, "PUNCTUAL_HEARTBEAT_SECONDS": "11"},
            "PUNCTUAL_SELF_FENCE_SECONDS must be at least two heartbeats",
        ),
        ({"PUNCTUAL_SECRET_KEY": GOOD_KEY, "PUNCTUAL_ON_LEASE_LOSS": "run"}, "ON_LEASE_LOSS"),
        (
            {"PUNCTUAL_SECRET_KEY": GOOD_KEY, "PUNCTUAL_DIRECT_EXEC": "no"},
            "DIRECT_EXEC must be 0 or 1",
        ),
        ({"PUNCTUAL_SECRET_KEY": GOOD_KEY, "PUNCTUAL_LOG_LEVEL": "loud"}, "PUNCTUAL_LOG_LEVEL"),
        ({"PUNCTUAL_SECRET_KEY": GOOD_KEY, "PUNCTUAL_BIND": "127.0.0.1"}, "PUNCTUAL_BIND must be"),
        ({"PUNCTUAL_SECRET_KEY": GOOD_KEY, "PUNCTUAL_BIND": "::1:99999"}, "PUNCTUAL_BIND must be"),
        ({"PUNCTUAL_SECRET_KEY": GOOD_KEY, "PUNCTUAL_BIND": ":70000"}, "PUNCTUAL_BIND must be"),
        ({"PUNCTUAL_SECRET_KEY": GOOD_KEY, "PUNCTUAL_REGISTRATION": "yes"}, "REGISTRATION must be"),
        (
            {"PUNCTUAL_SECRET_KEY": GOOD_KEY, "PUNCTUAL_ALLOWED_HOSTS": "a:80"},
            "ALLOWED_HOSTS.*a:80",
        ),
        ({"PUNCTUAL_SECRET_KEY": GOOD_KEY, "PUNCTUAL_PUBLIC_URL": "cron"}, "PUBLIC_URL.*scheme"),
        *(
            (
                {"PUNCTUAL_SECRET_KEY": GOOD_KEY, "PUNCTUAL_DATABASE_URL": url},
                "^PUNCTUAL_DATABASE_URL is not the URL",
            )
            for url in ("nowhere", "mysql://ann@db/punctual", "postgresql://ann@db:port/punctual")
        ),
        *(
            (
                {"PUNCTUAL_SECRET_KEY": GOOD_KEY, "PUNCTUAL_REDIS_URL": url},
                "^PUNCTUAL_REDIS_URL",
            )
            for url in ("nowhere", "http://queue/0", "redis://queue:port/0", "redis://[queue/0")
        ),
    ],
)
def test_a_bad_setting_is_named(environ: dict[str, str], named: str) -> None:
    with pytest.raises(InvalidSetting, match=named):
        config.load(needs=["secret_key"], environ=environ)


@pytest.mark.parametrize(
    "url",
    ["postgres://ann@db/x", "postgresql://ann@db:5432/x", "postgresql+psycopg2:///x?host=/run"],
)
def test_every_spelling_of_a_database_url_is_taken(url: str) -> None:
    assert config.load(environ={"PUNCTUAL_DATABASE_URL": url}).database_url == url


@pytest.mark.parametrize("password", ["hun#ter2", "hun/ter2", "hun?ter2", "hun[ter2", "hun@ter2"])
def test_a_password_with_any_character_is_masked(password: str) -> None:
    settings = Settings(database_url=f"postgresql://ann:{password}@db:5432/x?password=hun@ter2")
    shown = config.masked(settings)["PUNCTUAL_DATABASE_URL"]
    assert shown == "postgresql://ann:********@db:5432/x?password=********"


def test_secrets_are_masked_wherever_settings_are_shown() -> None:
    environ = {
        "PUNCTUAL_DATABASE_URL": "postgresql://ann:hunter2@db/punctual?sslmode=require&password=hunter2&sslpassword=hunter2",
        "PUNCTUAL_REDIS_URL": "redis://:hunter2@queue/0",
        "PUNCTUAL_SECRET_KEY": GOOD_KEY,
    }
    settings = config.load(environ=environ)
    shown = config.masked(settings)
    for text in (str(shown), repr(settings)):
        assert "hunter2" not in text
        assert GOOD_KEY not in text
    assert shown["PUNCTUAL_DATABASE_URL"] == (
        "postgresql://ann:********@db/punctual"
        "?sslmode=require&password=********&sslpassword=********"
    )


def test_printing_settings_names_a_bad_one_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PUNCTUAL_SLOTS", "many")
    assert config.main() == 2
    output = capsys.readouterr()
    assert (output.out, output.err) == (
        "",
        "config: PUNCTUAL_SLOTS must be a number of 0 or more, not 'many'\n",
    )
    monkeypatch.setenv("PUNCTUAL_SLOTS", "3")
    assert config.main() == 0
    assert "PUNCTUAL_SLOTS=3\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"PUNCTUAL_SLOT": "3"}, "PUNCTUAL_SLOT is no setting: PUNCTUAL_SLOTS is."),
        ({"PUNCTUAL_slots": "3"}, "PUNCTUAL_slots is no setting: PUNCTUAL_SLOTS is."),
        (
            {"PUNCTUAL_SECRETKEY_FILE": "/x"},
            "PUNCTUAL_SECRETKEY_FILE is no setting: PUNCTUAL_SECRET_KEY_FILE is.",
        ),
        ({"PUNCTUAL_NOTHING_LIKE_IT": "1"}, "PUNCTUAL_NOTHING_LIKE_IT is no setting."),
        (
            {"PUNCTUAL_HEALT_PORT": "9100"},
            "PUNCTUAL_HEALT_PORT is no setting: PUNCTUAL_HEALTH_PORT",
        ),
        (
            {"PUNCTUAL_SLOT": "3", "PUNCTUAL_QUEUE": "gpu"},
            "PUNCTUAL_QUEUES is; PUNCTUAL_SLOT is no setting: PUNCTUAL_SLOTS is.",
        ),
    ],
)
def test_a_name_that_nothing_reads_stops_the_start_and_the_right_one_is_named(
    environ: dict[str, str], message: str
) -> None:
    with pytest.raises(InvalidSetting, match=re.escape(message)):
        config.load(environ=environ)


@pytest.mark.parametrize(
    "environ",
    [
        {"PUNCTUAL_URL": "https://cron.example.com", "PUNCTUAL_TOKEN": "t"},
        {"PUNCTUAL_TASK_ID": "1", "PUNCTUAL_RUN_ID": "2", "PUNCTUAL_UPSTREAM_STATE": "succeeded"},
        {"PUNCTUAL_DATA_DIR": "/srv/punctual", "PUNCTUAL_VERSION": "1", "PUNCTUAL_REVISION": "a"},
        {"PUNCTUAL_SLOT": "", "PUNCTUALLY": "yes", "slots": "3"},
        # What Kubernetes sets for Services named punctual-api and punctual.
        {
            "PUNCTUAL_API_SERVICE_HOST": "10.0.0.1",
            "PUNCTUAL_API_SERVICE_PORT": "80",
            "PUNCTUAL_API_SERVICE_PORT_HTTP": "80",
            "PUNCTUAL_API_PORT": "tcp://10.0.0.1:80",
            "PUNCTUAL_API_PORT_80_TCP": "tcp://10.0.0.1:80",
            "PUNCTUAL_API_PORT_80_TCP_PROTO": "tcp",
            "PUNCTUAL_API_PORT_80_TCP_PORT": "80",
            "PUNCTUAL_API_PORT_80_TCP_ADDR": "10.0.0.1",
            "PUNCTUAL_SERVICE_HOST": "10.0.0.2",
            "PUNCTUAL_PORT": "tcp://10.0.0.2:80",
        },
    ],
)
def test_names_that_others_read_are_no_mistakes(environ: dict[str, str]) -> None:
    config.load(environ=environ)
