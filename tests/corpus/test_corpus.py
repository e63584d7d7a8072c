"""Every case of the corpus ends as ``outcomes.csv`` says, and leaves nothing behind."""

from __future__ import annotations

import pytest

from campaign_cdp.sandbox.local_folder import LocalFolder
from tests.corpus.build import corpus, stored
from tests.corpus.cases import OUTCOMES, Case, cases
from tests.corpus.desk import PERSONAL, Desk, is_as_expected
from tests.corpus.recipes import why_not


@pytest.fixture(scope="module")
def desk(new_desk, tmp_path_factory) -> Desk:
    return new_desk("local", LocalFolder(tmp_path_factory.mktemp("corpus")))


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_case(desk: Desk, case: Case, capsys, caplog) -> None:
    if reason := why_not(case, "local"):
        pytest.skip(reason)

    outcome, wrong = desk.run(case)

    assert is_as_expected(case, outcome), f"expected {case.expected}, became {outcome}"
    assert not wrong
    logged = caplog.text + "".join(capsys.readouterr())
    assert not PERSONAL.search(logged), f"the log shows a personal value: {logged}"


def test_the_committed_files_are_what_the_generator_writes() -> None:
    wanted, found = corpus(), stored()

    assert sorted(found) == sorted(wanted), "run: python -m tests.corpus.build"
    assert [name for name in wanted if found[name] != wanted[name]] == []


def test_every_file_has_its_outcome() -> None:
    listed = [case.name for case in cases()]
    folders = {"/".join(name.split("/")[:2]) for name in corpus()}

    assert sorted(listed) == sorted(folders)
    assert {case.expected.outcome for case in cases()} == set(OUTCOMES)
