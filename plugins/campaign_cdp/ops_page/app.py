"""The page's app, mounted by Airflow's API server at ``/campaign-cdp``.

Airflow does not authenticate the apps of plugins. Access checks stand on the app, not on each route, so that a route
added tomorrow is closed; generated documentation would stand outside of them, so there is none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Depends, FastAPI, Request, Response

from campaign_cdp.ops_page import actions, routes_feeds, routes_limits, routes_runs, routes_windows
from campaign_cdp.ops_page.access import may_read_dag_runs, refuse_nul, refuse_other_sites
from campaign_cdp.ops_page.errors import add_handlers
from campaign_cdp.ops_page.static_files import VersionedFiles
from campaign_cdp.ops_page.static_version import STATIC


def create_app() -> FastAPI:
    app = FastAPI(
        title="Campaign CDP",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(may_read_dag_runs), Depends(refuse_other_sites), Depends(refuse_nul)],
    )
    for module in (routes_feeds, routes_runs, routes_windows, routes_limits, actions):
        app.include_router(module.router, prefix="/api")
    add_handlers(app)
    app.middleware("http")(_protect)
    # Code without data: Airflow's UI imports it as a module, which must not depend on how the user logged in.
    app.mount("/static", VersionedFiles(directory=STATIC, check_dir=False), name="static")
    return app


async def _protect(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Keep data out of caches, and browsers from guessing what it is; the code says for itself how long it may stay."""
    answer = await call_next(request)
    answer.headers.setdefault("Cache-Control", "no-store")
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    return answer


app = create_app()
