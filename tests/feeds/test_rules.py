from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from campaign_cdp.feeds.loader import load_feed
from campaign_cdp.feeds.problems import FeedFileError

TIER = "text1: {from: tier}"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(("key: email", "key: []"), "reconciliation_key: takes one or two columns", id="no-key"),
        pytest.param(("key: email", "key: [email, email]"), "names the same column twice", id="key-twice"),
        pytest.param((TIER, "text1: {from: tier, type: date}"), "columns.text1.type: text1 is string in Campaign", id="type"),
        pytest.param((TIER, "text1: {from: tier, format: '%d'}"), "only dates and timestamps have a format", id="format"),
        pytest.param((TIER, "text1: {from: tier, on_error: default}"), "needs the key default too", id="no-default"),
        pytest.param((TIER, "gender: {from: g, default: many}"), "'many' is not a valid integer", id="bad-default"),
        pytest.param((TIER, "boolean1: {from: b, default: 'yes'}"), "must be written as it is stored: 'true'", id="spelling"),
        pytest.param((TIER, "location/countryCode: {from: c, default: DEU}"), "has 3 characters, location/countryCode takes 2", id="long"),
        pytest.param((TIER, "text1: {from: mail}"), "columns.text1.from: the header 'mail' is already read into email", id="header"),
        pytest.param((TIER, "text1: {from: tier, aliases: [mail]}"), "columns.text1.aliases[0]", id="alias"),
        pytest.param(("export: full", "export: full\nhistorise: {prefix: audiences/gold/old/}"), "historise.prefix: 'audiences/gold/old/' must neither hold nor lie in", id="history"),
        pytest.param(("export: full", "export: full\nhistorise: {prefix: audiences/}"), "historise.prefix: 'audiences/' must neither", id="purge"),
        pytest.param(("export: full", "export: full\nrejects: {prefix: audiences/gold/bad/}"), "rejects.prefix", id="rejects"),
        pytest.param(("list: {name: GOLD, mode: mirror}", "profiles: {mode: none}"), "none needs a list", id="nothing"),
        pytest.param(("export: full", "export: full\npoll_interval: 4s"), "poll_interval: must be at least 5s", id="poll"),
    ],
)  # fmt: skip
def test_broken_rule_is_reported(write_feed: Callable[..., Path], change: tuple[str, str], expected: str) -> None:
    path = write_feed(change)

    with pytest.raises(FeedFileError) as caught:
        load_feed(path)

    assert expected in str(caught.value)


def test_headers_that_differ_only_in_dots_are_the_same(write_feed: Callable[..., Path]) -> None:
    path = write_feed(("from: mail", "from: a.b"), ("from: tier", "from: a_b"))

    with pytest.raises(FeedFileError, match="already read into email"):
        load_feed(path)


@pytest.mark.parametrize(
    "column",
    [
        "text1: {from: tier, type: email}",
        "birthDate: {from: d, format: '%d/%m/%Y'}",
        "boolean1: {from: b, default: 'true', on_error: default}",
        "location/countryCode: {from: c, default: NO}",
        "text1: {from: tier, aliases: [tier, t.ier]}",
    ],
)
def test_allowed_column_loads(write_feed: Callable[..., Path], column: str) -> None:
    assert load_feed(write_feed((TIER, column)))
