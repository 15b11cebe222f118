"""Releases of the registered processes, and how their commands are isolated."""

from collections import defaultdict
from collections.abc import Collection
from importlib.metadata import version

from sqlalchemy import Connection, text

from punctual import DISTRIBUTION
from punctual.doctor.finding import Finding, ok, warning
from punctual.ops.config import Settings

PROTECTIONS = (
    *("separate_user", "unprivileged", "user_per_slot", "no_new_privileges"),
    "command_networks",
    *("own_process_view", "own_process_namespace", "seccomp", "read_only_root", "cgroup_limits"),
)
"""What docs/operate/isolation.md explains, the most important first."""

RELEASES = text("""
SELECT version FROM workers WHERE state <> 'gone'
UNION SELECT version FROM coordinators WHERE heartbeat_at > now() - make_interval(secs => :lease)
""")

ISOLATION = text("""
SELECT DISTINCT name, isolation FROM workers  -- an earlier life may not be buried yet
WHERE state <> 'gone' AND isolation IS NOT NULL ORDER BY name
""")


def release_findings(connection: Connection, settings: Settings) -> list[Finding]:
    """Return whether coordinators and workers are of the doctor's release."""
    params = {"lease": settings.lease_seconds}
    rows = connection.execute(RELEASES, params)
    releases = {row.version or "an unknown release" for row in rows}
    others = sorted(releases - {version(DISTRIBUTION)})
    if others:
        return [
            warning(
                "releases",
                f"this is {version(DISTRIBUTION)}; at work are also processes of"
                f" {', '.join(others)}: finish the upgrade",
            )
        ]
    return [ok("releases", f"all at work are {version(DISTRIBUTION)}")] if releases else []


def isolation_findings(connection: Connection, _: Settings) -> list[Finding]:
    """Report what protects others from the workers' commands, a sentence for workers alike."""
    alike = defaultdict(list)
    for row in connection.execute(ISOLATION):
        alike[tuple(each for each in PROTECTIONS if each in row.isolation)].append(row.name)
    return [_isolation(", ".join(names), there) for there, names in sorted(alike.items())]


def _isolation(names: str, there: Collection[str]) -> Finding:
    lacking = [each for each in PROTECTIONS if each not in there]
    summary = f"of {names} are isolated by {', '.join(there) or 'nothing'}"
    summary += f"; not in force: {', '.join(lacking)}" if lacking else ""
    if "unprivileged" not in there:
        return warning("commands", f"{summary}: they are root, and can read the worker's secrets")
    if "separate_user" not in there:
        return warning(
            "commands", f"{summary}: they are the worker's own user (docs/operate/isolation.md)"
        )
    return ok("commands", summary)
