from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT

#: Attributes whose address a browser fetches by itself.
_FETCHED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}


class _Fetched(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in _FETCHED and given.get("rel") != "canonical":
            self.addresses.append(given.get(_FETCHED[tag]) or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as ``make docs`` does; the proxy makes every attempt to fetch something an error."""
    folder = tmp_path_factory.mktemp("site")
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env=os.environ | nowhere | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_it_builds_without_warnings_and_has_every_page(site: Path) -> None:
    pages = [path.relative_to(DOCS).with_suffix("") for path in DOCS.rglob("*.md")]
    folders = [page.parent if page.name in {"README", "index"} else page for page in pages]

    assert [str(page) for page in folders if not (site / page / "index.html").is_file()] == []


def test_error_pages_have_the_address_that_messages_link_to(site: Path) -> None:
    assert "ACR-310: Too many lines" in (site / "errors" / "ACR-310" / "index.html").read_text()


def test_readers_fetch_nothing_from_elsewhere(site: Path) -> None:
    fetched = _Fetched()
    for page in site.rglob("*.html"):
        fetched.feed(page.read_text(encoding="utf-8"))

    assert fetched.addresses
    assert sorted({address for address in fetched.addresses if re.match(r"(https?:)?//", address)}) == []


def test_words_of_pages_can_be_searched(site: Path) -> None:
    assert "reconciliation_key" in (site / "search" / "search_index.json").read_text()


def test_generators_are_no_part_of_it(site: Path) -> None:
    assert not (site / "generators").exists()
