from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from campaign_cdp.events.data_prep import mapping_set
from campaign_cdp.events.headers import RESERVED, header_problem
from campaign_cdp.events.layout import OWN_HEADERS, feed_mappings, flat_columns, xdm_tree
from campaign_cdp.events.mapping import EventColumn, Kind, LogMapping, load_mapping
from campaign_cdp.events.xdm import validate_event
from campaign_cdp.exceptions import FeedConfigError
from campaign_cdp.feeds.event_feed import EventFeed

MakeFeed = Callable[..., EventFeed]


def with_columns(mapping: LogMapping, *columns: EventColumn) -> LogMapping:
    return replace(mapping, columns=columns)


def test_every_feed_starts_with_id_time_type_and_identity(make_feed: MakeFeed) -> None:
    feed = make_feed(identity="email")

    first = flat_columns(feed_mappings(feed), feed)[:4]

    assert [column.header for column in first] == ["event_id", "event_time", "event_type", "identity"]
    assert [column.path for column in first] == ["_id", "timestamp", "eventType", "_experience.campaign.externalID"]
    assert [column.attribute for column in first] == [None, None, None, "recipient/email"]


def test_headers_and_paths_are_unique_and_need_no_escaping(make_feed: MakeFeed) -> None:
    columns = flat_columns(feed_mappings(make_feed()), make_feed())

    assert len({column.header for column in columns}) == len({column.path for column in columns}) == len(columns)
    assert all(re.fullmatch("[a-z][a-z0-9_]*", column.header) for column in columns)
    assert not {column.header for column in columns} & RESERVED


def test_columns_are_the_union_of_the_logs_in_their_order(make_feed: MakeFeed) -> None:
    feed = make_feed(logs={"tracking": {}, "subscription": {}})

    headers = [column.header for column in flat_columns(feed_mappings(feed), feed)]

    assert headers[4:7] == ["trackinglog_id", "broadlog_id", "delivery_id"]
    assert headers.index("service_id") > headers.index("url_category")
    assert "status" not in headers


def test_only_counters_of_exported_states_are_columns(make_feed: MakeFeed) -> None:
    feed = make_feed(logs={"delivery": {"events": ["sent", "hard_bounce"]}})

    counters = {column.header: column for column in flat_columns(feed_mappings(feed), feed) if column.counter}

    assert list(counters) == ["sends", "non_deliverables"]
    assert counters["non_deliverables"] == EventColumn(
        "non_deliverables", "directMarketing.nonDeliverables.value", Kind.INTEGER, counter="nonDeliverables"
    )


def test_one_header_for_two_xdm_fields_is_refused(make_feed: MakeFeed) -> None:
    delivery, tracking = load_mapping("delivery"), load_mapping("tracking")
    url = tracking.columns[-2]

    with pytest.raises(FeedConfigError, match="The column 'url' is"):
        flat_columns(
            (with_columns(delivery, url), with_columns(tracking, replace(url, path="_experience.campaign.reason"))),
            make_feed(),
        )


def test_one_xdm_field_under_two_headers_is_refused(make_feed: MakeFeed) -> None:
    delivery, tracking = load_mapping("delivery"), load_mapping("tracking")
    url = tracking.columns[-2]

    with pytest.raises(FeedConfigError, match=r"both fill _experience\.campaign\.url"):
        flat_columns((with_columns(delivery, url), with_columns(tracking, replace(url, header="link"))), make_feed())


@pytest.mark.parametrize("header", ["event_id", "identity", "sends"])
def test_headers_that_every_file_has_are_taken(make_feed: MakeFeed, header: str) -> None:
    delivery = load_mapping("delivery")

    assert header in OWN_HEADERS
    with pytest.raises(FeedConfigError, match="which every event file has anyway"):
        flat_columns((with_columns(delivery, replace(delivery.columns[0], header=header)),), make_feed())


def test_tree_has_a_leaf_per_column_at_its_path(make_feed: MakeFeed) -> None:
    feed = make_feed(logs={"subscription": {}})
    columns = flat_columns(feed_mappings(feed), feed)

    tree = xdm_tree(columns)

    assert tree["_id"] == columns[0]
    campaign = tree["_experience"]["campaign"]  # type: ignore[index]
    assert list(campaign) == ["externalID", "deliveryID", "recipientID", "serviceID"]  # type: ignore[arg-type]
    assert list(tree["directMarketing"]) == ["unsubscriptions", "marketingSubscription"]  # type: ignore[arg-type]
    assert tree["directMarketing"]["unsubscriptions"]["value"].counter == "unsubscriptions"  # type: ignore[index, union-attr]


def test_no_column_lies_below_a_single_value() -> None:
    columns = [EventColumn("a", "a", Kind.STRING), EventColumn("b", "a.b", Kind.STRING)]

    with pytest.raises(FeedConfigError, match=r"'a\.b' lies below 'a'"):
        xdm_tree(columns)


def test_a_value_of_every_column_makes_a_valid_event(make_feed: MakeFeed) -> None:
    columns = flat_columns(feed_mappings(make_feed()), make_feed())
    values = {Kind.STRING: "x", Kind.INTEGER: 1, Kind.BOOLEAN: True, Kind.TIMESTAMP: "2026-01-02T10:15:30.000Z"}

    def filled(node: object) -> object:
        if isinstance(node, EventColumn):
            return values[node.kind]
        assert isinstance(node, dict)
        return {name: filled(inner) for name, inner in node.items()}

    event = filled(xdm_tree(columns))

    assert isinstance(event, dict)
    assert validate_event(event) == []


@pytest.mark.parametrize("header", ["timestamp", "date", "format", "size", "not"])
def test_words_of_data_prep_are_refused_as_headers(header: str) -> None:
    assert "Data Prep's own language" in (header_problem(header) or "")


@pytest.mark.parametrize("header", ["", "Url", "1st", "a.b", "a b", "_id", "é"])
def test_headers_that_would_need_escaping_are_refused(header: str) -> None:
    assert "must be lower-case letters" in (header_problem(header) or "")


def test_data_prep_maps_every_column_once(make_feed: MakeFeed) -> None:
    feed = make_feed()

    entries = mapping_set(feed)

    columns = flat_columns(feed_mappings(feed), feed)
    assert [(e["source"], e["destination"]) for e in entries] == [(c.header, c.path) for c in columns]
    assert {e["sourceType"] for e in entries} == {"ATTRIBUTE"}


def test_json_lines_need_no_data_prep(make_feed: MakeFeed) -> None:
    with pytest.raises(FeedConfigError, match="Only flat files need"):
        mapping_set(make_feed(format="jsonl"))
