"""The page for users says of every case that it names what really becomes of it."""

from __future__ import annotations

import re

import pytest

from tests.conftest import REPO
from tests.corpus.cases import Case, cases

_PAGE = (REPO / "docs/reference/bad-input.md").read_text(encoding="utf-8")
_ROWS = re.findall(r"^\| .+ \| (\w+) \| ([\w-]*) ?\| `([^`]+)` \|$", _PAGE, re.MULTILINE)
_CASES = {case.name: case for case in cases()}


def _said(case: Case) -> tuple[str, str]:
    expected = case.expected
    code = expected.detail.split(":")[0] if expected.outcome != "waits" else ""
    return expected.outcome, code


@pytest.mark.parametrize(("outcome", "code", "name"), _ROWS, ids=lambda value: value if "/" in value else "")
def test_a_row_is_what_becomes_of_its_case(outcome: str, code: str, name: str) -> None:
    assert (outcome, code) == _said(_CASES[name])


def test_every_theme_is_there_and_every_row_was_read() -> None:
    assert {name.split("/")[0] for *_, name in _ROWS} == {case.theme for case in cases()}
    assert len(_ROWS) == _PAGE.count("` |\n")
