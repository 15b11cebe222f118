"""Keys of secrets as settings: a mistake stops the start by name, and shows no private key."""

import pytest

from punctual.ops import config
from punctual.ops.config import InvalidSetting
from punctual.ops.sealing import new_pair

PUBLIC, PRIVATE = new_pair()


@pytest.mark.parametrize(
    ("setting", "text", "why"),
    [
        ("SECRETS_PUBLIC_KEY", PRIVATE, "is a private key: it must begin with pctpub_"),
        ("SECRETS_PRIVATE_KEY", PUBLIC, "is a public key: it must begin with pctkey_"),
        ("SECRETS_PUBLIC_KEY", "secret", "must be pctpub_ and 43 characters"),
        ("SECRETS_PUBLIC_KEY", PUBLIC[:-1], "must be pctpub_ and 43 characters"),
        ("SECRETS_PUBLIC_KEY", PUBLIC.removeprefix("pctpub_"), "must be pctpub_"),
        ("SECRETS_PRIVATE_KEY", f"{PRIVATE},", "must be pctkey_ and 43 characters"),
        ("SECRETS_PRIVATE_KEY", f"{PRIVATE} {PRIVATE}", "must be pctkey_ and 43 characters"),
        ("SECRET_FILES", "secrets", "must be an absolute path"),
    ],
    ids=[
        "a private key",
        "a public key",
        "no key",
        "cut off",
        "no prefix",
        "an empty one",
        "no comma",
        "a relative path",
    ],
)
def test_a_mistaken_key_is_refused_by_name(setting: str, text: str, why: str) -> None:
    with pytest.raises(InvalidSetting, match=f"^PUNCTUAL_{setting} {why}") as refused:
        config.load(environ={f"PUNCTUAL_{setting}": text})
    assert PRIVATE[10:30] not in str(refused.value)


def test_old_keys_come_after_a_comma_and_none_is_shown() -> None:
    old = new_pair()[1]
    settings = config.load(environ={"PUNCTUAL_SECRETS_PRIVATE_KEY": f"{PRIVATE}, {old}"})
    assert PRIVATE not in repr(settings)
    shown = config.masked(settings)
    assert shown["PUNCTUAL_SECRETS_PRIVATE_KEY"] not in ("", settings.secrets_private_key)
    assert "pctkey" not in "".join(shown.values())
