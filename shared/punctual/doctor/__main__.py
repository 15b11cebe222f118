"""`punctual doctor [--json]`: check a running product; exit with 0 when no error is found."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from punctual import DISTRIBUTION
from punctual.doctor.examine import examine
from punctual.doctor.finding import Finding, error
from punctual.ops import config
from punctual.ops.config import Settings

MARKS = {"ok": "ok     ", "unseen": "unseen ", "warning": "WARNING", "error": "ERROR  "}


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 without errors (warnings are none), 1 with errors, 2 for invalid arguments."""
    parser = argparse.ArgumentParser(prog="punctual doctor", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument(
        "--folder", action="append", type=Path, default=[], help="where this machine needs room"
    )
    options = parser.parse_args(arguments)
    settings = None
    try:
        settings = config.load(needs=("database_url", "redis_url"))
        findings = examine(settings, folders=options.folder)
    except config.InvalidSetting as wrong:
        findings = [error("settings", str(wrong))]
    healthy = all(finding.level != "error" for finding in findings)
    shown = config.masked(settings) if settings else {}
    render = _document if options.json else _page
    sys.stdout.write(render(findings, shown, settings, healthy=healthy))
    return 0 if healthy else 1


def _document(
    findings: Sequence[Finding], shown: dict[str, str], _: Settings | None, *, healthy: bool
) -> str:
    document = {
        "healthy": healthy,
        "version": version(DISTRIBUTION),
        "findings": [asdict(finding) for finding in findings],
        "settings": shown,
    }
    return json.dumps(document, indent=2) + "\n"


def _page(
    findings: Sequence[Finding],
    shown: dict[str, str],
    settings: Settings | None,
    *,
    healthy: bool,
) -> str:
    wide = max(len(finding.check) for finding in findings)
    lines = [f"Punctual {version(DISTRIBUTION)}", ""]
    lines += [f"{MARKS[each.level]}  {each.check:<{wide}}  {each.detail}" for each in findings]
    if settings:
        plain = config.masked(Settings())
        changed = [f"  {name}={text}" for name, text in shown.items() if text != plain[name]]
        lines += ["", "Settings that differ from their defaults, secrets masked:", *changed]
    warnings = sum(finding.level == "warning" for finding in findings)
    errors = sum(finding.level == "error" for finding in findings)
    verdict = "Healthy" if healthy else "Not healthy"
    lines += ["", f"{verdict}: {errors} error(s), {warnings} warning(s)."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
