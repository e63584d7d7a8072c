"""Whatever a request holds, in whichever place: it is refused or looked for, and the database stays as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.dependencies.utils import get_flat_dependant
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from campaign_cdp.ops_page.app import create_app
from tests.ops_page.samples import Sample
from tests.security.payloads import IMPOSSIBLE, LINE_ENDS, LONG, PAYLOADS, catalogue

ROUTES = {
    f"{method} {route.path}": route
    for route in create_app().routes
    if isinstance(route, APIRoute)
    for method in route.methods
}
#: Each is another way out of a place; the ledger's tests try all that the database could mind.
TRIED = ("quote", "always true", "quoted identifier", "dollar quotes", "placeholders", "braces", "template", "html")
TEXTS = [
    *(PAYLOADS[name] for name in TRIED),
    *LINE_ENDS.values(),
    *IMPOSSIBLE.values(),
    LONG,
    "../../../etc/passwd",
]
#: Airflow's answer to an address with a line end: such a one is not below the page's.
_NOT_OURS = '{"detail":"Not Found"}'
BODIES: dict[str, Any] = {
    "POST /api/feeds/{feed}/run": {"preview": True},
    "POST /api/feeds/{feed}/backfill": {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"},
    "POST /api/runs/{run_id}/replay": {"file": "rejects/loyalty_gold/replay/x.csv", "accept_stale": False},
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request with the text in one place."""

    path: str
    query: dict[str, str]
    body: dict[str, Any] | None


def attempts(name: str, text: str) -> Iterator[Attempt]:
    route = ROUTES[name]
    known = {"feed": "loyalty_gold", "run_id": "1", "window_id": "1", "code": "ACR-310"}
    dependant = get_flat_dependant(route.dependant)
    body = BODIES.get(name)
    coded = quote(text.encode(errors="surrogatepass"), safe="")
    for place in dependant.path_params:
        yield Attempt(filled(route.path, known | {place.name: coded}), {}, body)
    for place in dependant.query_params:
        yield Attempt(f"{filled(route.path, known)}?{place.alias}={coded}", {}, body)
    for place in body or {}:
        yield Attempt(filled(route.path, known), {}, {**(body or {}), place: text})
    if body:
        yield Attempt(filled(route.path, known), {}, {**body, text: text})


def filled(path: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", value)
    return path


@pytest.fixture(scope="module")
def before(page_database: str) -> set[tuple[Any, ...]]:
    return catalogue(page_database)


def test_the_attempts_cover_every_route() -> None:
    silent = [name for name in ROUTES if not list(attempts(name, "x"))]
    assert silent == ["GET /api/feeds"]
    assert len(ROUTES) >= 16


@pytest.mark.parametrize("name", [name for name in ROUTES if name != "GET /api/feeds"])
def test_no_request_breaks_out_of_its_place(
    name: str, admin: TestClient, sample: Sample, before: set[Any], page_database: str
) -> None:
    for text in TEXTS:
        for attempt in attempts(name, text):
            answer = admin.request(
                name.partition(" ")[0],
                f"/campaign-cdp{attempt.path}",
                content=None if attempt.body is None else _json(attempt.body),
                headers={"Content-Type": "application/json", "X-Requested-With": "campaign-cdp"},
            )
            assert answer.status_code < 500, (attempt, answer.text)
            assert answer.headers["content-type"].startswith(("application/json", "text/csv")), attempt
            if answer.text != _NOT_OURS:
                assert answer.headers["x-content-type-options"] == "nosniff", attempt
            assert "set-cookie" not in answer.headers
            assert not any(word in answer.text for word in ("Traceback", "psycopg", "SELECT ", "SQLSTATE")), (
                attempt,
                answer.text,
            )
    assert catalogue(page_database) == before


def test_a_nul_is_refused_before_a_database_is_asked(admin: TestClient) -> None:
    for path in ("/feeds/a%00b/runs", "/feeds/loyalty_gold/runs?state=%00", "/feeds/loyalty_gold/runs?x%00=1"):
        answer = admin.get(f"/campaign-cdp/api{path}")
        assert answer.status_code == 400
        assert "NUL" in answer.json()["message"]


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()
