"""Names are a storage's own matter, so some cases about them run on an object store; ``make corpus`` runs all there."""

from __future__ import annotations

import pytest

from tests.corpus.cases import Case, cases
from tests.corpus.desk import Desk, is_as_expected
from tests.corpus.recipes import why_not


@pytest.fixture(scope="module")
def desk(new_desk, s3_server) -> Desk:
    return new_desk("s3", s3_server)


@pytest.mark.parametrize("case", [case for case in cases() if case.theme == "names"][::3], ids=lambda case: case.name)
def test_case(desk: Desk, case: Case) -> None:
    if reason := why_not(case, "s3"):
        pytest.skip(reason)

    outcome, wrong = desk.run(case)

    assert is_as_expected(case, outcome), f"expected {case.expected}, became {outcome}"
    assert not wrong
