from __future__ import annotations

from click.testing import CliRunner

from tests.security import audit
from tests.security.audit import Report

WEAK = {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}
GOOD = {"name": "b", "version": "1", "vulns": []}
UNKNOWN = {"name": "c", "skip_reason": "not found"}


def answering(monkeypatch, canary, others, tmp_path):
    monkeypatch.setattr(audit, "_ask", lambda pins, *_: (canary if pins == audit._CANARY else others, "no route"))
    monkeypatch.setattr(audit, "REPO", tmp_path)
    monkeypatch.setattr(audit, "requirements", lambda _: [])
    return CliRunner().invoke(audit.main)


def test_a_source_that_does_not_answer_skips_with_the_reason(monkeypatch, tmp_path) -> None:
    result = answering(monkeypatch, [], [], tmp_path)
    assert (result.exit_code, "no route" in result.output, result.output[:8]) == (0, True, "Skipped:")


def test_a_source_without_advisories_is_not_believed(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(audit, "_ask", lambda *_: ([GOOD], ""))
    assert "no advisories" in (audit.audit("pypi", 1).skipped or "")


def test_a_known_weakness_fails_and_names_the_release_that_mends_it(monkeypatch, tmp_path) -> None:
    result = answering(monkeypatch, [WEAK], [WEAK, GOOD, UNKNOWN], tmp_path)
    assert result.exit_code == 1
    assert "a 1: PYSEC-1, fixed in 2" in result.output
    assert "unknown to it: c" in result.output
    assert (tmp_path / "build" / "audit.json").exists()


def test_what_was_looked_at_does_not_fail(monkeypatch, tmp_path) -> None:
    monkeypatch.setitem(audit.ACCEPTED, "PYSEC-1", "never called")
    assert answering(monkeypatch, [WEAK], [WEAK], tmp_path).exit_code == 0
    assert Report("pypi").open == []
