"""Opens pages as one user or another, and listens to what the browser's console says about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_SIZE = {"width": 1400, "height": 850}
_TEAMS = ["imports", "exports"]


class PageOpener:
    """All users share a browser profile, so that Airflow's own files are loaded once.

    :param token_of: returns the login of a name, a role and teams.
    """

    def __init__(self, browser: Browser, base_url: str, token_of: Callable[..., str]) -> None:
        self.base_url = base_url
        self.complaints: list[str] = []
        self._token_of = token_of
        self._profile = browser.new_context(viewport=_SIZE, color_scheme="light")
        self._pages: list[Page] = []

    def __call__(self, path: str = "", *, role: str = "admin", to: str | None = None) -> Page:
        """Open a path of the Sync runs page, or with ``to`` one of Airflow."""
        page = self.blank(role=role)
        page.goto(self.url(path) if to is None else f"{self.base_url}{to}")
        return page

    def url(self, path: str = "") -> str:
        return f"{self.base_url}/plugin/sync-runs/{path}".rstrip("/")

    def blank(self, *, role: str = "admin") -> Page:
        """Open no page yet, for tests that prepare something before."""
        token = self._token_of("ann", role, _TEAMS)
        self._profile.add_cookies([{"name": "_token", "value": token, "url": self.base_url}])
        page = self._profile.new_page()
        page.set_default_timeout(15_000)
        page.set_viewport_size(_SIZE)
        page.on("console", lambda said: self._heard(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: self._heard(str(error)))
        self._pages.append(page)
        return page

    def close_pages(self) -> list[str]:
        """Close what a test opened; returns what the console complained about."""
        for page in self._pages:
            page.close()
        found, self.complaints = self.complaints, []
        self._pages.clear()
        return found

    def close(self) -> None:
        self._profile.close()

    def _heard(self, text: str) -> None:
        self.complaints.append(text)
