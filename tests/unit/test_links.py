"""Every relative link in the project's Markdown files leads to a file, and to a heading in it."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    page
    for page in (path.relative_to(ROOT) for path in ROOT.rglob("*.md"))
    if not any(part.startswith(".") or part == "build" for part in page.parts)
)
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!\\)\]\(\s*<?([^)\s>]+)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)


def anchors(page: str) -> Iterator[str]:
    """Yield the anchor of each heading as GitHub and the site make it."""
    seen: Counter[str] = Counter()
    for heading in HEADING.findall(FENCE.sub("", page)):
        text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        yield f"{slug}-{seen[slug]}" if seen[slug] else slug
        seen[slug] += 1


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    text = (ROOT / page).read_text()
    broken = []
    for match in LINK.finditer(FENCE.sub("", text)):
        link = match[1] or match[2]
        if re.match(r"[a-z]+:|/", link):
            continue
        path, _, anchor = link.partition("#")
        target = ROOT / page.parent / path if path else ROOT / page
        if not target.exists() or (anchor and anchor not in set(anchors(target.read_text()))):
            broken.append(link)
    assert broken == []


def test_pages_are_found() -> None:
    assert {Path("README.md"), Path("docs/internals/architecture.md")} <= set(PAGES)
