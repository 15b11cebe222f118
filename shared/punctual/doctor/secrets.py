"""Secrets: which keys they are sealed for, and whether every worker can open them."""

from collections import defaultdict

from sqlalchemy import Connection, text

from punctual.doctor.finding import Finding, error, ok, warning
from punctual.ops.config import Settings
from punctual.ops.sealing import SealingKey

MOST_NAMED = 5

BY_KEY = text("""
SELECT key, count(*) AS secrets,
       (array_agg(s.name || ' of ' || t.slug ORDER BY s.name))[1 : :most] AS named
FROM secrets AS s JOIN teams AS t ON t.id = s.team_id GROUP BY key ORDER BY key
""")

WORKERS = text("""
SELECT DISTINCT name, secret_keys FROM workers  -- an earlier life may not be buried yet
WHERE state <> 'gone' ORDER BY name
""")


def secret_findings(connection: Connection, settings: Settings) -> list[Finding]:
    """Report each key that secrets are sealed for, and the workers that do not have it."""
    sealed = connection.execute(BY_KEY, {"most": MOST_NAMED}).all()
    workers = connection.execute(WORKERS).all()
    own = SealingKey(settings.secrets_public_key).id if settings.secrets_public_key else None
    lacking = defaultdict(list)
    for key in dict.fromkeys([*(row.key for row in sealed), *([own] if own else [])]):
        lacking[key] = [row.name for row in workers if key not in (row.secret_keys or ())]
    found = [_of_key(row.key, row.secrets, row.named, lacking[row.key], own) for row in sealed]
    if own and lacking[own] and own not in {row.key for row in sealed}:
        found.append(
            error(
                "secrets",
                f"the API seals for key {own}, which {', '.join(lacking[own])} do not have: set"
                " PUNCTUAL_SECRETS_PRIVATE_KEY for every worker",
            )
        )
    return found


def _of_key(key: str, count: int, named: list[str], lacking: list[str], own: str | None) -> Finding:
    more = ", …" if count > len(named) else ""
    what = f"{count} sealed for key {key} ({', '.join(named)}{more})"
    if lacking:
        return error(
            "secrets", f"{what}: {', '.join(lacking)} cannot open them: give these workers the key"
        )
    if own and own != key:
        return warning(
            "secrets", f"{what}, and the API seals for {own}: run `punctual secrets rotate`"
        )
    return ok("secrets", f"{what}; every worker opens them")
