from __future__ import annotations

import io
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.feeds.loader import load_feed
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.rows.reader import PartReader
from campaign_cdp.rows.rejects import Reject
from campaign_cdp.sandbox.audiences import STATUS_COLUMN, Audience, BadLine
from campaign_cdp.sandbox.feed_exports import audience_for, destination_for
from campaign_cdp.sandbox.platform import export
from tests.conftest import REPO

_AT = datetime(2026, 3, 4, tzinfo=UTC)


@pytest.fixture(params=["loyalty_gold", "cart_abandoners"])
def feed(request: pytest.FixtureRequest) -> AudienceFeed:
    return load_feed(REPO / "include/feeds" / f"{request.param}.yaml")


def test_the_shipped_feeds_read_their_exports_as_the_truth_says(feed: AudienceFeed) -> None:
    audience = audience_for(feed, lines=2000, known=3000)
    rejects: list[Reject] = []
    rows = 0

    def read(key: str, path: Path) -> None:
        nonlocal rows
        if not key.endswith(".csv.gz"):
            return
        reader = PartReader(io.BytesIO(path.read_bytes()), feed, rejects.append)
        reader.open()
        for _ in reader.lines():
            pass
        rows += reader.counts.rows

    written = export(audience, destination_for(feed, max_rows=700), read, scheduled_at=_AT)

    assert [part.rows for part in written.parts] == [700, 700, 600]
    assert Counter(str(reject.code) for reject in rejects) == written.truth["rejected"]
    assert rows == written.truth["lines"] - len(rejects)


def test_truth_counts_every_line_once(feed: AudienceFeed) -> None:
    truth = audience_for(feed, lines=2000, known=3000).truth()

    outcomes = ("duplicates", "unchanged", "changed", "new")
    assert sum(truth[name] for name in outcomes) + sum(truth["rejected"].values()) == truth["lines"] == 2000
    assert (truth["exited"] > 0) == (feed.export == "incremental")


def test_a_full_export_never_says_exited(feed: AudienceFeed) -> None:
    audience = audience_for(feed, lines=500, known=600)
    column = audience.header.index(STATUS_COLUMN)

    seen = {fields[column] for fields in audience.lines(_AT) if len(fields) == len(audience.header)}

    assert seen == ({"realized", "exited"} if feed.export == "incremental" else {"realized"})


def test_duplicates_are_older_lines_of_people_in_the_file(feed: AudienceFeed) -> None:
    audience = audience_for(feed, lines=500, known=600)
    key = audience.columns.index(audience.key)
    whole = [fields for fields in audience.lines(_AT) if len(fields) == len(audience.header)]
    by_key: dict[str, list[str]] = {}
    for fields in whole:
        by_key.setdefault(str(fields[key]).lower(), []).append(str(fields[-1]))

    repeated = [sorted(times) for times in by_key.values() if len(times) == 2]
    assert len(repeated) == audience.duplicates
    assert all(older < newer for older, newer in repeated)


def test_some_emails_come_with_capitals(feed: AudienceFeed) -> None:
    audience = audience_for(feed, lines=500, known=600)
    email = audience.columns.index("personalEmail.address")

    emails = [str(fields[email]) for fields in audience.lines(_AT) if len(fields) == len(audience.header)]

    assert 10 < sum(address != address.lower() for address in emails) < 50


def test_more_people_than_there_are_is_told(feed: AudienceFeed) -> None:
    with pytest.raises(SandboxError, match=r"2,000 lines .* needs more than 500 recipients"):
        audience_for(feed, lines=2000, known=500)


def test_a_bad_line_needs_its_column() -> None:
    audience = Audience(("crmId",), "crmId", known=0, bad={BadLine.DATE: 1})

    with pytest.raises(SandboxError, match=r"no column person\.birthDate"):
        list(audience.lines(_AT))
