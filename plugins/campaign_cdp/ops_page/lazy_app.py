"""Stands in for the page's app until somebody asks for it.

Every component of Airflow loads the plugin, but only the API server serves it; what the app imports takes seconds that
no worker, triggerer or Dag processor should pay.
"""

from __future__ import annotations

import importlib

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send


class LazyApp:
    """Imports :mod:`campaign_cdp.ops_page.app` at its first request, beside those that are being served."""

    def __init__(self) -> None:
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = await run_in_threadpool(_load) if self._app is None else self._app
        self._app = app
        await app(scope, receive, send)


def _load() -> ASGIApp:
    app: ASGIApp = importlib.import_module("campaign_cdp.ops_page.app").app
    return app
