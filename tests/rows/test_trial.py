from __future__ import annotations

import gzip
import io
from typing import Any

import pandas as pd
import pytest

from campaign_cdp.exceptions import CompressionError, HeaderError, TransformError
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.rows.header import match_header
from campaign_cdp.rows.trial import Trial, try_part
from tests.rows.parts import a_feed, read_part

COLUMNS = {
    "account": {"from": "id"},
    "email": {"from": "mail"},
    "firstName": {"from": "first", "case": "upper"},
    "gender": {"from": "sex", "default": "0", "on_error": "default"},
    "birthDate": {"from": "born", "on_error": "ignore"},
}
HEADER = "id,mail,first,sex,born\n"


def tried(text: str | bytes, feed: AudienceFeed | None = None, **options: Any) -> Trial:
    stored = text if isinstance(text, bytes) else text.encode()
    return try_part(io.BytesIO(stored), feed or a_feed(COLUMNS), **options)


def shout(frame: pd.DataFrame) -> pd.DataFrame:
    """A feed's own function: upper-case first names, nobody without one."""
    frame["firstName"] = frame["firstName"].str.upper()
    return frame[frame["firstName"] != ""]


def changes(trial: Trial) -> dict[tuple[str, str], int]:
    return {key: change.count for key, change in trial.changes.items()}


def test_counts_are_those_of_a_run() -> None:
    feed = a_feed()
    text = 'id,mail,first\nC1,a@x.io,Ann\nC2,no,Bob\nC3,c@x.io\n,d@x.io,Dan\nC5,e@x.io,"E\nve"\n"C6,x@x.io,x\n'

    outcome, trial = read_part(text, feed), tried(text, feed)

    assert (trial.accepted, trial.rejected) == (len(outcome.rows), len(outcome.rejects))
    assert trial.by_code == dict(outcome.reader.counts.by_code)
    assert trial.rejects == outcome.rejects
    assert (trial.error, trial.is_cut) == (None, False)


def test_what_becomes_of_values_is_told_with_masked_examples() -> None:
    trial = tried(HEADER + "C1,Ann@X.io,ann,1,1990-01-02\nC2,b@x.io,BOB,,soon\nC3,c@x.io,CY,x,null\n")

    assert trial.accepted == 3
    assert changes(trial) == {
        ("email", "respelled"): 1,
        ("firstName", "respelled"): 1,
        ("gender", "filled"): 1,
        ("gender", "replaced"): 1,
        ("birthDate", "emptied"): 1,
    }
    assert trial.changes["email", "respelled"].examples == [("Xxx@X.xx", "xxx@x.xx")]
    assert trial.changes["birthDate", "emptied"].examples == [("xxxx", "(no value)")]


def test_dates_that_are_only_written_differently_are_no_change() -> None:
    feed = a_feed({"account": {"from": "id"}, "birthDate": {"from": "born", "format": "%d/%m/%Y"}})

    assert changes(tried("id,born\nC1,24/11/2026\n", feed)) == {}


def test_only_the_first_of_each_code_are_kept() -> None:
    trial = tried("id,mail,first\n" + "".join(f"C{n},no,x\n" for n in range(50)), a_feed())

    assert trial.by_code == {"bad_email": 50}
    assert [reject.line_no for reject in trial.rejects] == [2, 3, 4]
    assert trial.over_limit(a_feed()) == "1 %"
    assert trial.over_limit(a_feed(rejects={"max_pct": 100})) is None
    assert trial.over_limit(a_feed(rejects={"max_pct": 100, "max_count": 49})) == "49 lines"


def test_a_sample_ends_where_it_should() -> None:
    text = "id,mail,first\n" + "".join(f"C{n},a@x.io,x\n" for n in range(100))

    sample, exact = tried(text, a_feed(), lines=10), tried(text, a_feed(), lines=100)

    assert (sample.accepted, sample.is_cut) == (10, True)
    assert (exact.accepted, exact.is_cut) == (100, False)


def test_a_damaged_end_is_found_only_by_reading_to_it() -> None:
    text = "id,mail,first\n" + "".join(f"C{n},a{n * 7919}@x.io,x\n" for n in range(200_000))
    cut = gzip.compress(text.encode(), compresslevel=1)[:-20]
    done: list[int] = []

    sample, whole = tried(cut, a_feed(), lines=10), tried(cut, a_feed(), on_progress=done.append)

    assert (sample.error, sample.layers) == (None, ["gzip"])
    assert isinstance(whole.error, CompressionError)
    assert whole.accepted > 100_000
    assert done == sorted(done)
    assert done[-1] > len(cut) * 0.9


def test_a_header_that_is_refused_is_compared_all_the_same() -> None:
    trial = tried("id,e-mail,first,First Name,sex,sex,born\nC1,a@x.io,Ann,Ann,1,1,\n")

    assert isinstance(trial.error, HeaderError)
    assert trial.header is not None
    assert trial.header.missing == {"email": "mail (is it 'e-mail'?)"}
    assert trial.header.unknown == ("e-mail", "First Name")
    assert trial.header.repeated == ("sex",)
    assert trial.header.ambiguous == {}


def test_two_headers_for_one_column_are_told() -> None:
    feed = a_feed({"account": {"from": "id", "aliases": ["crm"]}})

    match = match_header(["id", "crm", "id"], feed)

    assert match.ambiguous == {"account": ("id", "crm", "id")}
    assert match.repeated == ("id",)


def test_a_first_line_that_may_be_data_is_masked() -> None:
    assert match_header(["C1", "ann@x.io"], a_feed()).unknown == ("X9", "xxx@x.xx")


@pytest.mark.parametrize("lines", [None, 2])
def test_the_feeds_own_function_is_watched(lines: int | None) -> None:
    feed = a_feed(transform=f"{__name__}:shout")

    trial = tried("id,mail,first\nC1,a@x.io,ann\nC2,b@x.io,BOB\nC3,c@x.io,\n", feed, lines=lines)

    assert changes(trial) == {("firstName", "transformed"): 1}
    assert trial.changes["firstName", "transformed"].examples == [("xxx", "XXX")]
    assert trial.by_code == ({} if lines else {"transform_dropped": 1})


def test_a_function_that_fails_is_told() -> None:
    trial = tried("id,mail,first\nC1,a@x.io,ann\n", a_feed(transform="json:loads"))

    assert isinstance(trial.error, TransformError)
