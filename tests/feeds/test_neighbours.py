from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from campaign_cdp.feeds.loader import load_feeds


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(("audiences/gold/", "audiences/alpha/"), "landing_zone.prefix: 'audiences/alpha/' overlaps", id="same"),
        pytest.param(("audiences/gold/", "audiences/"), "'audiences/alpha/', which is landing_zone.prefix of feed 'alpha'", id="above"),
        pytest.param(("audiences/gold/", "audiences/alpha/x/"), "separate them", id="below"),
        pytest.param(("owner: team", "owner: team\nhistorise: {prefix: audiences/alpha/old/}"), "historise.prefix: 'audiences/alpha/old/'", id="history"),
        pytest.param(("owner: team", "owner: team\nhistorise: {prefix: old/}"), "historise.prefix: 'old/' overlaps", id="same-history"),
        pytest.param(("audiences/gold/", "old/x/"), "which is historise.prefix of feed 'alpha'", id="into-history"),
        pytest.param(("name: GOLD", "name: ALPHA"), "list.name: feed 'alpha' writes the same list", id="list"),
    ],
)  # fmt: skip
def test_later_feed_must_not_disturb_an_earlier_one(
    write_feed: Callable[..., Path], tmp_path: Path, change: tuple[str, str], expected: str
) -> None:
    write_feed(name="alpha", more="historise: {prefix: old/}\n")
    write_feed(change, name="beta")

    feeds, errors = load_feeds(tmp_path)

    assert [feed.id for feed in feeds] == ["alpha"]
    assert len(errors) == 1
    assert expected in str(errors[0])


def test_feeds_on_other_storage_or_other_databases_do_not_meet(write_feed: Callable[..., Path], tmp_path: Path) -> None:
    write_feed(name="alpha")
    write_feed(
        ("bucket: exports", "bucket: others"), ("audiences/gold/", "audiences/alpha/"), ("name: GOLD", "name: ALPHA"),
        name="beta", more="campaign: second_db\n",
    )  # fmt: skip

    assert load_feeds(tmp_path)[1] == []


def test_two_feeds_may_add_to_one_list(write_feed: Callable[..., Path], tmp_path: Path) -> None:
    for name in ("alpha", "beta"):
        write_feed(("mode: mirror", "mode: add"), ("name: GOLD", "name: BOTH"), name=name)

    assert load_feeds(tmp_path)[1] == []
