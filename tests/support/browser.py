"""A real browser for the pages: the system's Chromium, installed when it is missing."""

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support.debian_package import install_debian_package
from tests.support.product import Product

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


def chromium() -> str | None:
    """The path of the system's Chromium, or None to use the one that Playwright brings."""
    if found := _installed():
        return found
    # In the .venv, not in /tmp: there it could be another user's.
    with (Path(sys.prefix) / "chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _installed():
            install_debian_package("chromium")
        found = _installed()
        if found is None:
            subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)
        return found


def _installed() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium for the whole session."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser, product: Product) -> Iterator[BrowserContext]:
    """A browser window without history, whose addresses start at the product's."""
    made = browser.new_context(base_url=product.url)
    made.set_default_timeout(10_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """An empty page; the test fails when a script on it fails or a browser's rule is broken."""
    complaints: list[str] = []
    made = context.new_page()
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    yield made
    assert not complaints


@pytest.fixture
def without_scripts(browser: Browser, product: Product) -> Iterator[Page]:
    """An empty page of a browser that runs no scripts."""
    context = browser.new_context(base_url=product.url, java_script_enabled=False)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def pixels_too_wide(page: Page) -> int:
    """By how much the page that is shown is wider than its window."""
    beyond: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return beyond
