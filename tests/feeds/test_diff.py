from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from campaign_cdp.feeds.diff import compare_feeds, effect_of
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.feeds.loader import load_feeds
from campaign_cdp.feeds.model import AudienceFeed
from tests.conftest import REPO
from tests.rows.parts import a_feed

COLUMNS = {"account": {"from": "id"}, "email": {"from": "mail"}}


def test_the_same_feed_has_no_differences() -> None:
    assert compare_feeds(a_feed(), a_feed(poll_interval="1m", rejects={"max_pct": 1.0})) == []


def test_each_key_that_differs_is_told_with_its_effect() -> None:
    old = a_feed(COLUMNS)
    new = a_feed({"account": {"from": "crm"}, "firstName": {"from": "first"}}, rejects={"max_pct": 5})

    by_key = {change.key: change for change in compare_feeds(old, new)}

    assert by_key.keys() == {"columns.account.from", "columns.email", "columns.firstName", "rejects.max_pct"}
    assert (by_key["columns.account.from"].before, by_key["columns.account.from"].after) == ("id", "crm")
    assert by_key["columns.email"].effect.startswith("No longer written")
    assert by_key["columns.firstName"].effect.startswith("Written to Campaign from the next run on")
    assert (by_key["rejects.max_pct"].before, by_key["rejects.max_pct"].after) == (1.0, 5.0)


def test_a_block_that_comes_or_goes_is_one_difference() -> None:
    kept = {"name": "GOLD", "mode": "mirror"}

    (came,), (went,) = compare_feeds(a_feed(), a_feed(list=kept)), compare_feeds(a_feed(list=kept), a_feed())

    assert (came.key, came.before, came.after["name"]) == ("list", None, "GOLD")
    assert (went.key, went.before["name"], went.after) == ("list", "GOLD", None)


def test_feeds_of_both_directions_can_be_compared() -> None:
    feeds = {feed.direction: feed for feed in load_feeds(REPO / "include" / "feeds")[0]}

    keys = {change.key for change in compare_feeds(feeds["audience_import"], feeds["event_export"])}

    assert {"direction", "logs", "columns", "landing_zone.staging"} <= keys


@pytest.mark.parametrize("model", [AudienceFeed, EventFeed])
def test_every_key_of_a_feed_has_an_effect_in_words(model: type[BaseModel]) -> None:
    assert [key for key in keys_of(model) if effect_of(key) is None] == []


def keys_of(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """All keys, with one name for those that people choose."""
    for name, field in model.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        blocks = list(models_in(field.annotation))
        for block in blocks:
            between = "" if not _is_mapping(field.annotation) else "any."
            yield from keys_of(block, f"{key}.{between}")
        if not blocks:
            yield key


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def _is_mapping(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) is dict
