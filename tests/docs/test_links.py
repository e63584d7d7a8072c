from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, ROOT, anchors, links


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    assert list(_broken(page)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_the_site_stay_in_it(page: Path) -> None:
    """What lies above ``docs`` is on GitHub, but not on the site."""
    if page.is_relative_to(DOCS):
        inner = [target.split("#")[0] for target in links(page) if not re.match(r"https?:|mailto:|#", target)]
        assert [target for target in inner if not (page.parent / target).resolve().is_relative_to(DOCS)] == []


@pytest.mark.parametrize(
    "link", ["[a](missing.md)", "[a](#no-such-heading)", "[a](there.md#no-such-heading)", "![a](missing.png)"]
)
def test_a_broken_link_is_found(tmp_path: Path, link: str) -> None:
    (tmp_path / "there.md").write_text("# There\n")
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n[good](there.md#there) [good](#page) {link}\n\n```\n[code](is-no-link.md)\n```\n")

    assert len(list(_broken(page))) == 1


def test_every_page_of_the_code_is_there() -> None:
    """Messages, comments and Dags name pages as ``docs/...md``."""
    sources = [
        path for folder in ("plugins", "dags", "include") for path in (ROOT / folder).rglob("*") if _is_text(path)
    ]
    named = {name for path in sources for name in re.findall(r"\bdocs/[\w/-]+\.md", path.read_text(encoding="utf-8"))}
    named.discard("docs/errors/ACR-nnn.md")

    assert named
    assert sorted(name for name in named if not (ROOT / name).is_file()) == []


def _broken(page: Path) -> list[str]:
    broken = []
    for target in links(page):
        if re.match(r"https?:|mailto:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    return broken


def _is_text(path: Path) -> bool:
    return path.suffix in {".py", ".sql", ".yaml", ".js", ".json"} and "node_modules" not in path.parts
