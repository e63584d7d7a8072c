"""The Sync runs page in a real browser: Airflow's own API server in this process, Debian's Chromium in front of it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.sandbox.campaign_database import create_database
from campaign_cdp.sandbox.endpoints import campaign_connection
from tests.browser.history import write_history
from tests.browser.opener import PageOpener
from tests.browser.today import write_today
from tests.conftest import REPO
from tests.ops_page.conftest import airflow_metadata, feeds_folder, token_of  # noqa: F401  (fixtures)
from tests.ops_page.samples import Sample

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
SHOTS = REPO / "build" / "screenshots"
_QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Chromium of the operating system: a test downloads nothing."""
    if not CHROMIUM.exists():
        pytest.skip(f"needs {CHROMIUM}; on Debian: apt-get install chromium")
    return CHROMIUM


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """Not for longer: while it is open an event loop runs in this thread, and tests of other folders need their own."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=15_000)  # a page that is late is slow; only one test is about time
    with sync_playwright() as playwright:
        yield (opened := playwright.chromium.launch(executable_path=str(chromium), args=list(_QUIET)))
        opened.close()


@pytest.fixture(scope="session")
def ledger_dsn(chromium: Path, postgres_server) -> str:
    create_database(postgres_server.dsn(), "ledger_of_browser")
    upgrade(postgres_server.dsn("ledger_of_browser"))
    return postgres_server.dsn("ledger_of_browser")


@pytest.fixture(scope="session")
def sample(ledger_dsn: str) -> Sample:
    """A ledger with a month of runs, and a few of today that are written out in full."""
    with psycopg.connect(ledger_dsn) as conn:
        write_history(conn)
        return write_today(conn)


@pytest.fixture(scope="session")
def base_url(airflow_metadata, feeds_folder: Path, ledger_dsn: str, sample: Sample) -> Iterator[str]:  # noqa: F811
    """Address of Airflow's API server; it knows the ledger as ``campaign_db``."""
    import uvicorn
    from airflow.api_fastapi.app import create_app

    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(apps="core"), log_level="error", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(20)


@pytest.fixture(autouse=True)
def settings_of_the_page(feeds_folder: Path, ledger_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:  # noqa: F811
    """For these tests only: those of other folders run in the same process, with ledgers of their own."""
    monkeypatch.setenv("AIRFLOW_CONN_CAMPAIGN_DB", campaign_connection(ledger_dsn))
    monkeypatch.setenv("CDP_FEEDS_DIR", str(feeds_folder))
    _forget()  # a late request of the test before may have met no settings at all
    yield
    _forget()


def _forget() -> None:
    from campaign_cdp.ops_page import connections

    connections.ledgers.forget()
    connections.downloads.forget()


@pytest.fixture(scope="module")
def opener(browser: Browser, base_url: str) -> Iterator[PageOpener]:
    opened = PageOpener(browser, base_url, token_of)
    yield opened
    opened.close()


@pytest.fixture
def open_page(opener: PageOpener) -> Iterator[PageOpener]:
    """Open a path of the page as a user: ``open_page("runs/3", role="viewer")``.

    A test fails if the browser's console has a complaint in the end.
    """
    yield opener
    assert opener.close_pages() == []


@pytest.fixture
def shot() -> Callable[..., None]:
    """Keep a screenshot as build output, of all of a page or of what is in the window."""
    SHOTS.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str, *, whole: bool = True) -> None:
        size = page.viewport_size or {"width": 1400, "height": 850}
        bottom = (
            page.get_by_test_id("sync-runs").evaluate("part => part.getBoundingClientRect().bottom") if whole else 0
        )
        page.set_viewport_size({"width": size["width"], "height": max(size["height"], int(bottom) + 12)})
        page.screenshot(path=SHOTS / f"{name}.png", animations="disabled")
        page.set_viewport_size(size)

    return take
