"""SECURITY.md can be read, and what it names as proof is there."""

from __future__ import annotations

import re

import pytest

from tests.conftest import REPO

TEXT = (REPO / "SECURITY.md").read_text()
PROOFS = sorted(set(re.findall(r"`(tests/[\w/.]+)`", TEXT)))


@pytest.mark.parametrize("proof", PROOFS)
def test_a_proof_is_there(proof: str) -> None:
    path = REPO / proof
    assert path.exists()
    files = [path] if path.is_file() else list(path.rglob("test_*.py"))
    assert any("def test_" in file.read_text() for file in files) or proof.endswith("audit.py")


def test_it_is_short_enough_to_be_read() -> None:
    assert len(TEXT.splitlines()) <= 200
    assert len(PROOFS) > 25


def test_every_threat_has_four_cells() -> None:
    section = TEXT.partition("## Threats")[2].partition("## What a deployment")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    assert len(rows) > 30
    assert {line.count("|") for line in rows} == {5}
