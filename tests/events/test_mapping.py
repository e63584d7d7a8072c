from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from campaign_cdp.events.mapping import EventColumn, EventRule, Kind, LogMapping, load_mapping, only_states
from campaign_cdp.events.mapping_file import MappingFileError
from campaign_cdp.exceptions import FeedConfigError

LOGS = ("delivery", "exclusion", "tracking", "subscription")
TYPES = {
    ("delivery", "sent"): ("directMarketing.emailSent", "sends"),
    ("delivery", "hard_bounce"): ("directMarketing.emailBounced", "nonDeliverables"),
    ("delivery", "soft_bounce"): ("directMarketing.emailBouncedSoft", "bounces"),
    ("delivery", "complaint"): (None, "userComplaints"),
    ("delivery", "failed"): (None, "notSent"),
    ("delivery", "message_sent"): (None, "sends"),
    ("exclusion", "excluded"): (None, "excludes"),
    ("tracking", "open"): ("directMarketing.emailOpened", "opens"),
    ("tracking", "click"): ("directMarketing.emailClicked", "clicks"),
    ("tracking", "opt_out"): ("directMarketing.emailUnsubscribed", "unsubscriptions"),
    ("tracking", "mirror_page"): (None, "mirrorPages"),
    ("tracking", "message_open"): (None, "opens"),
    ("tracking", "message_click"): (None, "clicks"),
    ("tracking", "message_opt_out"): (None, "unsubscriptions"),
    ("subscription", "unsubscribed"): ("directMarketing.emailUnsubscribed", "unsubscriptions"),
    ("subscription", "subscribed"): (None, "marketingSubscription"),
    ("subscription", "message_unsubscribed"): (None, "unsubscriptions"),
}
#: Part of every published ``_id`` and of the memory of exported keys: a change would send events twice.
CODES = {
    "delivery": {"sent": 1, "hard_bounce": 2, "soft_bounce": 3, "complaint": 4, "failed": 5, "message_sent": 6},
    "exclusion": {"excluded": 1},
    "tracking": {
        "open": 1, "click": 2, "opt_out": 3, "mirror_page": 4, "message_open": 5, "message_click": 6,
        "message_opt_out": 7,
    },
    "subscription": {"unsubscribed": 1, "subscribed": 2, "message_unsubscribed": 3},
}  # fmt: skip


def state_of(mapping: LogMapping, **row: int) -> str | None:
    """State of a row, given its attributes with ``/`` and ``-`` written as ``_``."""
    for rule in mapping.events:
        if all(row.get(name.replace("/", "_"), 0) in values for name, values in rule.when):
            return rule.state
    return None


@pytest.mark.parametrize("log", LOGS)
def test_shipped_mapping_is_of_its_log_and_leaves_out_people_without_id(log: str) -> None:
    mapping = load_mapping(log)

    assert (mapping.name, mapping.log) == (log, log)
    assert mapping.not_zero == ("id", "recipient-id")
    assert mapping.exported == mapping.states


def test_event_types_and_counters_are_those_of_xdm() -> None:
    rules = {(log, rule.state): (rule.event_type, rule.counter) for log in LOGS for rule in load_mapping(log).events}

    assert rules == TYPES


@pytest.mark.parametrize("log", LOGS)
def test_states_and_codes_never_change(log: str) -> None:
    assert {rule.state: rule.code for rule in load_mapping(log).events} == CODES[log]


def test_only_the_delivery_log_is_rewritten() -> None:
    assert [log for log in LOGS if load_mapping(log).mutable] == ["delivery"]
    assert [load_mapping(log).changed for log in LOGS] == ["lastModified", "lastModified", "logDate", "date"]


@pytest.mark.parametrize("log", ["delivery", "exclusion", "tracking"])
def test_models_proofs_and_deleted_deliveries_are_left_out(log: str) -> None:
    assert load_mapping(log).only == (
        ("delivery/isModel", (0,)),
        ("delivery/FCP", (0,)),
        ("delivery/deleteStatus", (0,)),
    )


@pytest.mark.parametrize(
    ("row", "state"),
    [
        ({"status": 0}, None),
        ({"status": 1}, "sent"),
        ({"status": 1, "delivery_messageType": 1}, "message_sent"),
        ({"status": 2, "msg_failureType": 2}, "hard_bounce"),
        ({"status": 2, "msg_failureType": 1}, "soft_bounce"),
        ({"status": 2, "msg_failureType": 2, "msg_failureReason": 8}, "complaint"),
        ({"status": 2, "msg_failureType": 2, "delivery_messageType": 1}, "failed"),
        ({"status": 2}, "failed"),
        ({"status": 6}, None),
    ],
    ids=str,
)
def test_delivery_rows_have_the_state_of_the_first_rule_that_holds(row: dict[str, int], state: str | None) -> None:
    assert state_of(load_mapping("delivery"), **row) == state


@pytest.mark.parametrize(
    ("row", "state"),
    [
        ({"url_type": 2}, "open"),
        ({"url_type": 1}, "click"),
        ({"url_type": 3}, "opt_out"),
        ({"url_type": 6}, "mirror_page"),
        ({"url_type": 2, "delivery_messageType": 41}, "message_open"),
        ({"url_type": 1, "delivery_messageType": 1}, "message_click"),
        ({"url_type": 5}, None),
    ],
    ids=str,
)
def test_tracking_rows_follow_the_type_of_their_url(row: dict[str, int], state: str | None) -> None:
    assert state_of(load_mapping("tracking"), **row) == state


def test_subscription_rows_follow_their_action() -> None:
    states = [state_of(load_mapping("subscription"), action=a, service_type=t) for a in (0, 1) for t in (0, 1)]

    assert states == ["unsubscribed", "message_unsubscribed", "subscribed", "subscribed"]


def test_every_attribute_of_a_shipped_mapping_has_a_column() -> None:
    for log in LOGS:
        mapping = load_mapping(log)
        for column in mapping.columns:
            assert mapping.source.resolve(column.attribute or "").column


def test_mapping_becomes_plain_data(write_mapping: Callable[..., str]) -> None:
    mapping = load_mapping(write_mapping())

    assert mapping.events[0] == EventRule("sent", 1, "directMarketing.emailSent", "sends", (("status", (1,)),))
    assert mapping.columns[1] == EventColumn(
        "label", "_experience.campaign.deliveryLabel", Kind.STRING, "delivery/label"
    )
    assert mapping.column("label") == mapping.columns[1]
    assert mapping.column("url") is None


def test_states_that_are_not_exported_stay_in_the_rules(write_mapping: Callable[..., str]) -> None:
    mapping = only_states(load_mapping(write_mapping()), ("failed",))

    assert mapping.exported == ("failed",)
    assert mapping.states == ("sent", "failed")


def test_custom_schema_brings_its_own_table_and_columns(write_mapping: Callable[..., str]) -> None:
    mapping = load_mapping(
        write_mapping(
            ("nms:broadLogRcp", "acme:broadLogCustomer"),
            more="table: AcmeBroadLogCustomer\n"
            "physical: {recipient-id: iCustomerId}\n"
            "links:\n  recipient: {table: AcmeCustomer, column: iCustomerId, key: iCustomerId, columns: {crm: sCrm}}\n",
        )
    )

    assert (mapping.schema, mapping.source.table) == ("acme:broadLogCustomer", "AcmeBroadLogCustomer")
    assert mapping.source.resolve("recipient-id").column == "iCustomerId"
    assert mapping.source.resolve("recipient/crm").table == "AcmeCustomer"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("time: eventDate", "time: eventDat"), "3: time: 'eventDat' is not an attribute of nms:broadLogRcp. Did you mean 'eventDate'?"),
        (("changed: lastModified", "changed: lastModify"), "4: changed: 'lastModify' is not an attribute of nms:broadLogRcp"),
        (("from: delivery/label", "from: delivery/lable"), "11: columns.label.from: 'delivery/lable' is not an attribute"),
        (("{status: [2]}", "{statsu: [2]}"), "8: events.failed.when.statsu: 'statsu' is not an attribute"),
        (("delivery/FCP", "delivery/FPC"), "5: only.delivery/FPC: 'delivery/FPC' is not an attribute"),
        (("code: 2", "code: 1"), "8: events.failed.code: 1 is the code of sent; each needs its own"),
        (("counter: sends", "counter: send"), "7: events.sent.counter: 'send' is not a counter of directMarketing. Did you mean 'sends'?"),
        (("emailSent", "emailSend"), "'directMarketing.emailSend' is not an event type of directMarketing. Did you mean 'directMarketing.emailSent'?"),
        (("deliveryLabel", "deliveryLable"), "columns.label.path: '_experience.campaign.deliveryLable' is not a field of XDM's events. Did you mean '_experience.campaign.deliveryLabel'"),
        (("deliveryLabel}", "quarantine}"), "columns.label.kind: _experience.campaign.quarantine is bool in XDM"),
        (("deliveryLabel}", "broadlogID}"), "_experience.campaign.broadlogID is filled by log_id already"),
        (("deliveryLabel}", "externalID}"), "columns.label.path: is filled by the key identity of the feed"),
        (("  label:", "  timestamp:"), "columns.timestamp: 'timestamp' is a word of Data Prep's own language"),
        (("  label:", "  Label:"), "columns.Label"),
        (("log: delivery", "log: deliveries"), "1: log: 'deliveries' is not allowed"),
        (("nms:broadLogRcp", "acme:broadLog"), "2: schema: 'acme:broadLog' is not 'nms:broadLogRcp', so the key table is needed too"),
        (("time: eventDate", "time: eventDate\ntable: 'x; drop'"), "table: 'x; drop' does not fit"),
        (("time: eventDate", "time: eventDate\nphysical: {status: '1x'}"), "physical.status: '1x' does not fit"),
        (("time: eventDate", "time: eventDate\nlinks: {url: {table: A}}"), "links.url: 'url' is not a link of nms:broadLogRcp"),
        (("time: eventDate", "tyme: eventDate"), "tyme: unknown key. Did you mean 'time'?"),
        (("when: {status: [1]}", "when: {status: []}"), "events.sent.when.status"),
        (("when: {status: [1]}", "when: {status: 1}"), "events.sent.when.status: must be a list"),
        (("log: delivery", "log: delivery\nlog: delivery"), "2: log: stands twice"),
    ],
)  # fmt: skip
def test_mistake_is_named_with_its_line_and_key(
    write_mapping: Callable[..., str], change: tuple[str, str], expected: str
) -> None:
    with pytest.raises(MappingFileError) as caught:
        load_mapping(write_mapping(change))

    assert expected in str(caught.value)
    assert "sample.yaml" in str(caught.value)
    assert "Feeds that use this mapping have no Dag" in str(caught.value)


def test_broken_yaml_is_a_mistake_of_the_mapping_too(write_mapping: Callable[..., str]) -> None:
    with pytest.raises(MappingFileError, match="is not valid YAML"):
        load_mapping(write_mapping(("events:", "\tevents:")))


@pytest.mark.parametrize("name", ["sampel", "../mappings/sample", ""])
def test_unknown_mapping_names_the_nearest(write_mapping: Callable[..., str], name: str, tmp_path: Path) -> None:
    write_mapping()

    with pytest.raises(FeedConfigError, match=r"There is no mapping .*sample"):
        load_mapping(name)
