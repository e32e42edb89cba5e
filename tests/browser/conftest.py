"""Chromium, started once for all tests that look at pages, and what it says of each page."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
WIDE, NARROW = 1200, 360
Scheme = Literal["light", "dark"]


@dataclass
class Looked:
    """A page in a browser, what it complained of, and what it asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def is_quiet(self) -> bool:
        """Whether nothing was complained of, and nothing asked for but the page and what stands in it."""
        asked = [address for address in self.requests if not address.startswith("data:")]
        assert (self.complaints, asked) == ([], [self.page.url])
        return True

    def is_accessible(self) -> bool:
        """Whether axe finds nothing."""
        found = Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()
        return True

    def scrolls_sideways(self) -> bool:
        """Whether the page as a whole is wider than the window."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser without a window; the tests are skipped where there is none."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield browser
        browser.close()


class Eyes:
    """Opens pages, and closes them at the end of the test."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    def __call__(self, address: str, *, scheme: Scheme = "light", width: int = WIDE) -> Looked:
        context = self.browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
        looked = Looked(context.new_page())
        looked.page.on("console", lambda message: looked.complaints.append(message.text))
        looked.page.on("pageerror", lambda error: looked.complaints.append(str(error)))
        looked.page.on("request", lambda request: looked.requests.append(request.url))
        looked.page.goto(address)
        return looked


@pytest.fixture
def look(chromium: Browser) -> Iterator[Eyes]:
    """Open an address."""
    yield Eyes(chromium)
    for context in chromium.contexts:
        context.close()
