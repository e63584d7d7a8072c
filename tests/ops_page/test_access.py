"""Nobody sees or does what Airflow's auth manager does not allow; the tests walk all routes that there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.routing import Mount

from tests.ops_page.conftest import token_of
from tests.ops_page.samples import Sample

AsUser = Callable[..., TestClient]
PREFIX = "/campaign-cdp"
#: Routes that answer everybody who may read any Dag run, each with a test of its own for what it tells whom.
FOR_ALL_READERS = {"/api/feeds", "/api/limits", "/api/errors/{code}"}


def routes() -> list[tuple[str, str]]:
    """Return method and path of every route of the app, whoever added it."""
    from campaign_cdp.ops_page.app import app

    return sorted(set(_below(app.routes, "")))


def _below(found: Any, prefix: str) -> Iterator[tuple[str, str]]:
    for route in found:
        if isinstance(route, Mount):
            assert route.path == "/static", "only the shell may be open"
        elif isinstance(route, APIRoute):
            yield from ((method, prefix + route.path) for method in route.methods)
        elif hasattr(route, "original_router"):  # newer FastAPI includes routers as they are
            yield from _below(route.original_router.routes, prefix + route.include_context.prefix)
        else:
            raise AssertionError(f"{route!r} is outside of what the access checks stand on")


def url_of(path: str, sample: Sample) -> str:
    """Fill a route's path with things that exist: an import's, or a window for the routes of windows."""
    feed = "delivery_events" if "windows" in path or "watermarks" in path or "backfill" in path else "loyalty_gold"
    names = {"feed": feed, "run_id": sample.applied, "window_id": sample.window, "code": "ACR-310"}
    return PREFIX + path.format(**names)


def status(client: TestClient, method: str, url: str) -> int:
    headers = {"X-Requested-With": "campaign-cdp"}
    return client.request(method, url, headers=headers, json={} if method == "POST" else None).status_code


@pytest.fixture
def walk(campaign: str, sample: Sample) -> Callable[[TestClient], dict[tuple[str, str], int]]:
    def walked(client: TestClient) -> dict[tuple[str, str], int]:
        return {(method, path): status(client, method, url_of(path, sample)) for method, path in routes()}

    return walked


def test_there_are_routes_of_both_kinds() -> None:
    found = routes()

    assert ("GET", "/api/feeds") in found
    assert ("POST", "/api/feeds/{feed}/run") in found
    assert {method for method, _ in found} == {"GET", "POST"}


def test_nobody_gets_in_without_a_token(server: TestClient, walk: Any) -> None:
    assert set(walk(server).values()) == {401}


def test_a_bad_token_opens_nothing(server: TestClient, walk: Any) -> None:
    forged = TestClient(server.app, headers={"Authorization": "Bearer no.such.token"})

    assert set(walk(forged).values()) == {403}


def test_a_user_without_a_role_sees_nothing(as_user: AsUser, walk: Any) -> None:
    assert set(walk(as_user(None)).values()) == {403}


def test_a_viewer_may_look_but_not_act(as_user: AsUser, walk: Any) -> None:
    found = walk(as_user("viewer", "imports", "exports"))

    assert {route: code for route, code in found.items() if route[0] == "GET" and code != 200} == {}
    assert {route: code for route, code in found.items() if route[0] != "GET" and code != 403} == {}


@pytest.mark.parametrize("role", ["viewer", "user", "op"])
def test_what_belongs_to_another_team_does_not_exist(as_user: AsUser, walk: Any, role: str) -> None:
    found = walk(as_user(role, "somebody else"))

    assert {path for (_, path), code in found.items() if code == 200} == FOR_ALL_READERS
    assert {code for (_, path), code in found.items() if path not in FOR_ALL_READERS} == {404}


def test_an_editor_may_do_everything(as_user: AsUser, walk: Any) -> None:
    assert not {401, 403, 404, 500} & set(walk(as_user("user", "imports", "exports")).values())


def test_lists_hold_only_what_the_user_may_read(as_user: AsUser, campaign: str, sample: Sample) -> None:
    exporter, stranger = as_user("viewer", "exports"), as_user("viewer", "somebody else")

    assert [feed["feed"] for feed in exporter.get(f"{PREFIX}/api/feeds").json()["feeds"]] == ["delivery_events"]
    assert stranger.get(f"{PREFIX}/api/feeds").json()["feeds"] == []
    assert {limit["scope"] for limit in exporter.get(f"{PREFIX}/api/limits").json()["limits"]} == {
        "campaign_db",
        "delivery_events",
    }
    importer = as_user("viewer", "imports").get(f"{PREFIX}/api/limits").json()["limits"]
    assert {limit["scope"] for limit in importer} == {"campaign_db"}
    assert stranger.get(f"{PREFIX}/api/limits").json() == {"limits": [], "problems": {}}


def test_a_run_of_another_team_is_not_found_by_its_number(as_user: AsUser, campaign: str, sample: Sample) -> None:
    exporter = as_user("op", "exports")

    for suffix in ("", "/rejects", "/rejects.csv", "?feed=loyalty_gold", "?feed=delivery_events"):
        assert exporter.get(f"{PREFIX}/api/runs/{sample.applied}{suffix}").status_code == 404, suffix


def test_the_login_cookie_is_enough_to_look(server: TestClient, campaign: str, sample: Sample) -> None:
    browser = TestClient(server.app, cookies={"_token": token_of("ann", "viewer", ["imports"])})

    assert browser.get(f"{PREFIX}/api/feeds").status_code == 200


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data", ""])
def test_what_a_form_of_another_site_can_send_is_refused(
    server: TestClient, campaign: str, sample: Sample, content_type: str
) -> None:
    browser = TestClient(server.app, cookies={"_token": token_of("ann", "op", ["imports"])})

    answer = browser.post(
        f"{PREFIX}/api/feeds/loyalty_gold/run", content='{"preview": true}', headers={"Content-Type": content_type}
    )

    assert answer.status_code == 403
    assert "X-Requested-With" in answer.json()["message"]


def test_the_shell_is_open_and_the_schema_is_not(server: TestClient) -> None:
    shell = server.get(f"{PREFIX}/static/app.js")
    assert (shell.status_code, shell.headers["Cache-Control"]) == (200, "no-cache")
    for path in ("/docs", "/redoc", "/openapi.json", "/", "/api", "/static/../app.py"):
        assert server.get(PREFIX + path).status_code == 404, path


def test_the_app_closes_a_route_that_somebody_adds(server: TestClient, campaign: str) -> None:
    from campaign_cdp.ops_page.app import create_app

    app = create_app()
    app.get("/api/forgotten")(lambda: {"secret": True})

    assert TestClient(app).get("/api/forgotten").status_code == 401
