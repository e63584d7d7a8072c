from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowException

from campaign_cdp import exceptions
from campaign_cdp.exceptions import FeedConfigError, LimitError, RetriableSyncError, SyncDataError, SyncError

PAGES = Path(__file__).resolve().parents[1] / "docs" / "errors"
CLASSES = sorted(
    (cls for cls in vars(exceptions).values() if isinstance(cls, type) and issubclass(cls, SyncError)),
    key=lambda cls: cls.code,
)
SECTIONS = ["## What it means", "## How to see it", "## What was done, and what was not", "## What to do"]
SOURCES = Path(exceptions.__file__).parent


def test_codes_are_unique_and_well_formed() -> None:
    codes = [cls.code for cls in CLASSES]

    assert [code for code, count in Counter(codes).items() if count > 1] == []
    assert [code for code in codes if not re.fullmatch(r"ACR-\d{3}", code)] == []
    assert [cls.__name__ for cls in CLASSES if cls is not SyncError and "code" not in vars(cls)] == []


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.code)
def test_every_code_has_a_page_with_all_sections_and_an_example(cls: type[SyncError]) -> None:
    text = (PAGES / f"{cls.code}.md").read_text()

    assert text.startswith(f"# {cls.code}: ")
    assert f"Class `{cls.__name__}`." in text
    assert re.findall(r"^## .*$", text, re.MULTILINE) == SECTIONS
    seen = text.split("## How to see it")[1].split("## What was done")[0]
    assert re.search(rf"^```\n{cls.code} .+", seen, re.MULTILINE), "the example shows a message as users see it"
    assert all(body.strip() for body in re.split(r"^## .*$", text, flags=re.MULTILINE))


def test_index_lists_every_page_and_nothing_else() -> None:
    listed = re.findall(r"\[(ACR-\d{3})\]\((ACR-\d{3})\.md\) \| `(\w+)`", (PAGES / "README.md").read_text())
    pages = sorted(path.stem for path in PAGES.glob("ACR-*.md"))

    assert listed == [(cls.code, cls.code, cls.__name__) for cls in CLASSES]
    assert pages == [cls.code for cls in CLASSES]


def test_codes_are_given_in_one_place_where_their_pages_are_checked() -> None:
    """A class elsewhere is a special case, such as ``FeedFileError``, and keeps the code of its base."""
    elsewhere = [path for path in SOURCES.rglob("*.py") if path != SOURCES / "exceptions.py"]

    assert [
        path.name for path in elsewhere if re.search(r"^ +code\b[^=\n]*= *\"ACR-", path.read_text(), re.MULTILINE)
    ] == []


def test_every_code_that_the_sources_write_has_a_page() -> None:
    written = {code for path in SOURCES.rglob("*.py") for code in re.findall(r"ACR-\d{3}", path.read_text())}

    assert sorted(code for code in written if not (PAGES / f"{code}.md").is_file()) == []


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.code)
def test_no_error_can_be_mistaken_for_a_skip(cls: type[SyncError]) -> None:
    """A deferred sensor with ``soft_fail`` turns every AirflowException into a skip."""
    assert not issubclass(cls, AirflowException)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.code)
def test_codes_group_errors_by_what_to_do(cls: type[SyncError]) -> None:
    groups = {"1": FeedConfigError, "3": SyncDataError, "4": LimitError}
    expected = groups.get(cls.code[4])

    assert expected is None or issubclass(cls, expected)
    assert sum(issubclass(cls, group) for group in (*groups.values(), RetriableSyncError)) <= 1


def test_message_starts_with_the_code() -> None:
    error = RetriableSyncError("The database is busy.")

    assert str(error) == "ACR-200 The database is busy."
    assert error.message == "The database is busy."


def test_error_that_travelled_as_data_is_the_same_class() -> None:
    for cls in CLASSES:
        assert type(exceptions.error_for(cls.code, "x")) is cls

    assert str(exceptions.error_for("ACR-999", "x")) == "ACR-000 [ACR-999] x"


@pytest.mark.parametrize("odd", ["\x1b[2J", "\r", "\x00", "\x9b", "\u202e", "\u2028", "\ud800", "\x7f"])
def test_a_message_commands_no_terminal(odd: str) -> None:
    error = SyncDataError(f"in/{odd}.csv is new.\n  Look at it.")

    assert odd not in str(error)
    assert str(error).count("\n") == 1
    assert error.message.encode()
