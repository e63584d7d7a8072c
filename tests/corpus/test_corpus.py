"""Cases of the corpus end as ``outcomes.csv`` says, and leave nothing behind."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
from airflow._shared.logging.structlog import PER_LOGGER_LEVELS

from campaign_cdp.exceptions import FileFormatError
from campaign_cdp.rows.reader import PartReader
from campaign_cdp.rows.rejects import Reject
from campaign_cdp.sandbox.local_folder import LocalFolder
from tests.corpus.build import corpus, stored
from tests.corpus.cases import OUTCOMES, Case, Outcome, cases, feed, sample
from tests.corpus.desk import PERSONAL, Desk, is_as_expected
from tests.corpus.recipes import why_not


@pytest.fixture(scope="module")
def desk(new_desk, tmp_path_factory) -> Iterator[Desk]:
    """Logs as chatty as in production; Airflow decides per name of a logger."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PER_LOGGER_LEVELS, "airflow", logging.INFO)
        patch.setitem(PER_LOGGER_LEVELS, "campaign_cdp", logging.INFO)
        yield new_desk("local", LocalFolder(tmp_path_factory.mktemp("corpus")))


@pytest.mark.parametrize("case", sample(), ids=lambda case: case.name)
def test_case(desk: Desk, case: Case, capsys, caplog) -> None:
    if reason := why_not(case, "local"):
        pytest.skip(reason)

    outcome, wrong = desk.run(case)

    assert is_as_expected(case, outcome), f"expected {case.expected}, became {outcome}"
    assert not wrong
    logged = caplog.text + "".join(capsys.readouterr())
    assert outcome.outcome != "rejected" or "lines loaded" in logged, "nothing would be seen"
    assert not PERSONAL.search(logged), f"the log shows a personal value: {logged}"


@pytest.mark.parametrize("case", [case for case in cases() if case.is_about_one_part], ids=lambda case: case.name)
def test_the_reader_says_the_same(case: Case) -> None:
    """Of all cases, since this costs next to nothing."""
    rejects: list[Reject] = []
    zone = {"type": "local", "connection": "x", "path": ""}
    reader = PartReader(io.BytesIO(case.path.read_bytes()), feed(case, 1, zone), rejects.append)
    try:
        reader.open()
        assert all(reader.lines())
    except FileFormatError as err:
        found = Outcome("quarantined", err.code)
    else:
        detail = " ".join(f"{code}:{count}" for code, count in sorted(reader.counts.by_code.items()))
        found = Outcome("rejected" if rejects else "applied", detail, reader.counts.rows)
    assert found == case.expected
    assert not any(PERSONAL.search(str(reject.value)) for reject in rejects)


def test_the_committed_files_are_what_the_generator_writes() -> None:
    wanted, found = corpus(), stored()

    assert sorted(found) == sorted(wanted), "run: python -m tests.corpus.build"
    assert [name for name in wanted if found[name] != wanted[name]] == []


def test_every_file_has_its_outcome() -> None:
    listed = [case.name for case in cases()]
    folders = {"/".join(name.split("/")[:2]) for name in corpus()}

    assert sorted(listed) == sorted(folders)
    assert {case.expected.outcome for case in cases()} == set(OUTCOMES)
