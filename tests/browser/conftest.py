"""The Sync runs page in a real browser: Airflow's own API server in this process, Debian's Chromium in front of it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.sandbox.campaign_database import create_database
from campaign_cdp.sandbox.endpoints import campaign_connection
from tests.browser.history import write_history
from tests.conftest import REPO
from tests.ops_page.conftest import airflow_metadata, feeds_folder, feeds_of_the_page, token_of  # noqa: F401  (fixtures)
from tests.ops_page.samples import Sample, write_sample

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
SHOTS = REPO / "build" / "screenshots"
_QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")


@pytest.fixture(scope="module")
def ledger(postgres_server) -> tuple[str, Sample]:
    """A ledger with a month of runs, and a few that are written out in full."""
    create_database(postgres_server.dsn(), "ledger_of_browser")
    dsn = postgres_server.dsn("ledger_of_browser")
    upgrade(dsn)
    with psycopg.connect(dsn) as conn:
        write_history(conn)
        return dsn, write_sample(conn)


@pytest.fixture(scope="module")
def base_url(airflow_metadata, feeds_folder, ledger: tuple[str, Sample]) -> Iterator[str]:  # noqa: F811
    """Address of Airflow's API server; it knows the ledger as ``campaign_db``."""
    import uvicorn
    from airflow.api_fastapi.app import create_app

    from campaign_cdp.ops_page import connections

    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(apps="core"), log_level="error", lifespan="on"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_CAMPAIGN_DB", campaign_connection(ledger[0]))
        patch.setenv("CDP_FEEDS_DIR", str(feeds_folder))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(20)
        connections.ledgers.forget()
        connections.downloads.forget()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"needs {CHROMIUM}; on Debian: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield (opened := playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(_QUIET)))
        opened.close()


@pytest.fixture
def open_page(browser: Browser, base_url: str) -> Iterator[Callable[..., Page]]:
    """Open a path of the page as a user: ``open_page("runs/3", role="viewer", scheme="dark")``."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def opened(path: str = "", *, role: str = "admin", scheme: str = "light", to: str | None = None) -> Page:
        context = browser.new_context(viewport={"width": 1400, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        context.add_cookies([{"name": "_token", "value": token_of("ann", role, ["imports", "exports"]), "url": base_url}])
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{base_url}{to or f'/plugin/sync-runs/{path}'}".rstrip("/"))
        return page

    opened.complaints = complaints  # type: ignore[attr-defined]
    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def shot() -> Callable[[Page, str], None]:
    """Keep a screenshot as build output."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    return lambda page, name: page.screenshot(path=SHOTS / f"{name}.png", full_page=True) and None
