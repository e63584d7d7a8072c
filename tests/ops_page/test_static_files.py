"""How long browsers may keep the page's code."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from campaign_cdp.ops_page import static_version

STATIC = "/campaign-cdp/static"


def test_the_present_code_may_be_kept_for_good(server: TestClient) -> None:
    answer = server.get(f"{STATIC}/{static_version.version()}/components/Gauge.js")

    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("folder", ["", "/v-000000000000"])
def test_code_of_another_version_is_served_but_not_kept(server: TestClient, folder: str) -> None:
    answer = server.get(f"{STATIC}{folder}/app.js")

    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    "path", ["v-1/../../app.py", "v-1/%2e%2e/app.py", "v-1/..%2f..%2fapp.py", "v-1", "nonesuch.js"]
)
def test_nothing_else_is_served(server: TestClient, path: str) -> None:
    assert server.get(f"{STATIC}/{path}").status_code == 404


def test_a_change_of_any_file_makes_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static_version, "STATIC", tmp_path)
    names = set()
    for name, text in (("a.js", "1"), ("a.js", "2"), ("b.js", "2")):
        (tmp_path / name).write_text(text)
        names.add(static_version.version.__wrapped__())

    assert len(names) == 3
