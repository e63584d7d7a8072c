from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from campaign_cdp.events.layout import flat_columns
from campaign_cdp.events.xdm import validate_event
from campaign_cdp.exceptions import AccessDeniedError, WindowAbandonedError
from campaign_cdp.hooks.campaign.key_tables import key_table
from campaign_cdp.ledger.store import Window
from campaign_cdp.windows import LogWindow
from tests.hooks.campaign import campaign
from tests.hooks.campaign.campaign import DAY, HOUR, NOON, Export, broad_log, event_feed, event_id, tracking_log
from tests.hooks.campaign.conftest import Connect

SCHEMA = Path(__file__).resolve().parents[4] / "shared" / "xdm" / "experienceevent.schema.json"
LATER = NOON + DAY


def freeze(export: Export, *, lower: datetime | None = None, upper: datetime = LATER, run: str = "run1") -> Window:
    return export.freeze(run, tuple(LogWindow(m.log, lower, upper) for m in export.mappings))  # type: ignore[arg-type]


def rows(export: Export, window: Window) -> list[dict[str, str]]:
    header = [column.header for column in flat_columns(export.mappings, export.feed)]
    return list(csv.DictReader(export.lines(window), fieldnames=header))


# -- Which rows are events ----------------------------------------------------------------------------------------------


def test_states_of_the_delivery_log(conn: psycopg.Connection) -> None:
    for number, (status, message) in enumerate(
        [
            (1, 0),
            (2, campaign.HARD),
            (2, campaign.SOFT),
            (2, campaign.COMPLAINT),
            (2, campaign.UNDEFINED),
            (6, 0),
            (0, 0),
        ],
        start=1,
    ):
        broad_log(conn, number, istatus=status, imsgid=message)

    window = freeze(Export(conn, event_feed("delivery")))

    found = {name: count for name, count in window.counts.items() if count}
    assert found == dict.fromkeys(
        ("delivery/sent", "delivery/hard_bounce", "delivery/soft_bounce", "delivery/complaint", "delivery/failed"), 1
    )


def test_states_of_the_tracking_log(conn: psycopg.Connection) -> None:
    for number, url in enumerate(
        (campaign.OPEN, campaign.CLICK, campaign.OPT_OUT, campaign.MIRROR, campaign.OTHER, 0), start=1
    ):
        tracking_log(conn, number, iurlid=url)

    counts = freeze(Export(conn, event_feed("tracking"))).counts

    assert {name for name, count in counts.items() if count == 1} == {
        "tracking/open", "tracking/click", "tracking/opt_out", "tracking/mirror_page",
    }  # fmt: skip
    assert sum(counts.values()) == 4


def test_zero_ids_seeds_proofs_models_and_deleted_deliveries_are_left_out(conn: psycopg.Connection) -> None:
    conn.execute("UPDATE nmsbroadlogrcp SET istatus = 1, irecipientid = 801, ideliveryid = 501, tslastmodified = %s",
                 (NOON,))  # fmt: skip
    for number, changes in enumerate(
        [{"irecipientid": 0}, {"ideliveryid": campaign.PROOF}, {"ideliveryid": campaign.MODEL},
         {"ideliveryid": campaign.DELETED}, {"ideliveryid": 999}], start=1,
    ):  # fmt: skip
        broad_log(conn, number, **changes)
    broad_log(conn, -5)

    export = Export(conn, event_feed("delivery"))

    assert export.ids(freeze(export)) == [event_id("delivery", -5, "sent")]


def test_window_takes_its_lower_bound_and_leaves_its_upper_bound(conn: psycopg.Connection) -> None:
    for number, at in enumerate((NOON - HOUR, NOON, NOON + HOUR), start=1):
        broad_log(conn, number, at)
    export = Export(conn, event_feed("delivery"))

    assert export.ids(freeze(export, lower=NOON, upper=NOON + HOUR)) == [event_id("delivery", 2, "sent")]


def test_states_that_a_feed_does_not_export_are_no_events_of_another_state(conn: psycopg.Connection) -> None:
    broad_log(conn, 1, istatus=2, imsgid=campaign.COMPLAINT)
    broad_log(conn, 2, istatus=2, imsgid=campaign.HARD)
    feed = event_feed(logs={"delivery": {"events": ["hard_bounce", "failed"]}})

    assert freeze(Export(conn, feed)).counts == {"delivery/hard_bounce": 1, "delivery/failed": 0}


def test_exported_event_is_left_out_until_its_state_changes(conn: psycopg.Connection) -> None:
    broad_log(conn, 1)
    export = Export(conn, event_feed("delivery"))
    first = export.open(NOON + HOUR)
    assert export.ids(first) == [event_id("delivery", 1, "sent")]
    export.finish(first)

    again = export.open(NOON + 2 * HOUR)
    assert export.ids(again) == []
    export.finish(again)

    conn.execute("UPDATE nmsbroadlogrcp SET istatus = 2, imsgid = %s, tslastmodified = %s WHERE ibroadlogid = 1",
                 (campaign.HARD, NOON + 3 * HOUR))  # fmt: skip
    assert export.ids(export.open(NOON + 4 * HOUR)) == [event_id("delivery", 1, "hard_bounce")]


def test_other_feeds_remember_for_themselves(conn: psycopg.Connection) -> None:
    broad_log(conn, 1)
    ours, theirs = Export(conn, event_feed("delivery")), Export(conn, event_feed("delivery", id="other"))
    ours.finish(ours.open(LATER))

    assert len(theirs.ids(theirs.open(LATER))) == 1


# -- Frozen ------------------------------------------------------------------------------------------------------------


def test_retry_writes_the_same_events_though_rows_changed_and_came(conn: psycopg.Connection) -> None:
    broad_log(conn, 1)
    export = Export(conn, event_feed("delivery"))
    window = freeze(export)
    conn.execute("UPDATE nmsbroadlogrcp SET istatus = 2, imsgid = %s WHERE ibroadlogid = 1", (campaign.HARD,))
    broad_log(conn, 2)

    (row,) = rows(export, freeze(export))

    assert (row["event_id"], row["event_type"]) == (event_id("delivery", 1, "sent"), "directMarketing.emailSent")
    assert (row["status"], row["sends"]) == ("sent", "1")
    assert freeze(export) == window


def test_partitions_are_of_equal_size_and_together_the_window(conn: psycopg.Connection) -> None:
    for number in range(1, 8):
        broad_log(conn, number)
    tracking_log(conn, 1)
    export = Export(conn, event_feed("delivery", "tracking", "subscription"))
    window = freeze(export)

    parts = export.database.partitions(window.window_id, 2)

    assert [(part.partition_no, part.log, part.rows) for part in parts] == [
        (1, "delivery", 3), (2, "delivery", 4), (3, "tracking", 1),
    ]  # fmt: skip
    assert sorted(export.lines(window, per_log=2)) == sorted(export.lines(window))


def test_keys_that_are_not_those_of_the_window_are_refused(conn: psycopg.Connection) -> None:
    broad_log(conn, 1)
    export = Export(conn, event_feed("delivery"))
    window = freeze(export)
    (part,) = export.database.partitions(window.window_id, 1)
    conn.execute(f"DELETE FROM {key_table(window.window_id, 'delivery').as_string(conn)}")

    with pytest.raises(WindowAbandonedError, match=r"hold 0 of the 1 events of partition 1 \(delivery\)"):
        list(export.database.copy_rows(window.window_id, part))


def test_row_that_campaign_purged_meanwhile_is_left_out(conn: psycopg.Connection) -> None:
    broad_log(conn, 1)
    broad_log(conn, 2)
    export = Export(conn, event_feed("delivery"))
    window = freeze(export)
    conn.execute("DELETE FROM nmsbroadlogrcp WHERE ibroadlogid = 1")

    (part,) = export.database.partitions(window.window_id, 1)

    assert sum(block.rows for block in export.database.copy_rows(window.window_id, part)) == 1


def test_blocks_hold_whole_lines_and_no_more_than_asked(conn: psycopg.Connection) -> None:
    for number in range(1, 8):
        broad_log(conn, number)
    export = Export(conn, event_feed("delivery"))
    window = freeze(export)
    (part,) = export.database.partitions(window.window_id, 1)

    blocks = list(export.database.copy_rows(window.window_id, part, block_rows=3))

    assert [block.rows for block in blocks] == [3, 3, 1]
    assert all(block.data.count(b"\n") == block.rows and block.data.endswith(b"\n") for block in blocks)


def test_keys_of_all_windows_can_be_looked_at_in_one_table(conn: psycopg.Connection) -> None:
    broad_log(conn, 1)
    tracking_log(conn, 2)
    freeze(Export(conn, event_feed("delivery", "tracking")))

    assert conn.execute("SELECT log_id, state FROM cdp.exported_key ORDER BY 1").fetchall() == [(1, 1), (2, 1)]


# -- Lines --------------------------------------------------------------------------------------------------------------


def test_csv_is_flat_utc_and_one_line_per_event(conn: psycopg.Connection) -> None:
    broad_log(conn, 1, datetime.fromisoformat("2026-03-01T13:00:30.5+01:00"), iserviceid=7)
    tracking_log(conn, 2, iurlid=campaign.CLICK)
    export = Export(conn, event_feed("delivery", "tracking"))

    sent, click = rows(export, freeze(export))

    assert {name: value for name, value in sent.items() if value} == {
        "event_id": event_id("delivery", 1, "sent"),
        "event_time": "2026-03-01T12:00:30.500Z",
        "event_type": "directMarketing.emailSent",
        "identity": "C801",
        "broadlog_id": "1",
        "delivery_id": "501",
        "delivery_name": "DM501",
        "delivery_label": 'Spring, "sale"  and more',
        "delivery_mode": "bulk",
        "recipient_id": "801",
        "service_id": "7",
        "channel": "email",
        "status": "sent",
        "sends": "1",
    }
    assert (click["url"], click["clicks"], click["sends"]) == ("https://shop.example.com/?a=\"1\"&b='\\'", "1", "")


def test_event_without_a_time_of_its_own_has_that_of_its_last_change(conn: psycopg.Connection) -> None:
    broad_log(conn, 1, tsevent=None)
    export = Export(conn, event_feed("delivery"))

    assert [row["event_time"] for row in rows(export, freeze(export))] == ["2026-03-01T12:00:00.000Z"]


def json_events(conn: psycopg.Connection) -> list[dict]:
    """Events of all kinds, of a person without an account among others."""
    conn.execute("UPDATE nmsrecipient SET saccount = '' WHERE irecipientid = 802")
    conn.execute("""UPDATE nmsrecipient SET saccount = E'C"8\\\\03\\n\\x01' WHERE irecipientid = 803""")
    for number, (status, message) in enumerate(
        [(1, 0), (2, campaign.HARD), (2, campaign.SOFT), (2, campaign.COMPLAINT), (2, campaign.UNDEFINED)], start=1
    ):
        broad_log(conn, number, istatus=status, imsgid=message, irecipientid=800 + number)
    for number, url in enumerate((campaign.OPEN, campaign.CLICK, campaign.OPT_OUT, campaign.MIRROR), start=1):
        tracking_log(conn, number, iurlid=url)
    campaign.subscription(conn, 1)
    campaign.subscription(conn, 2, iaction=0)
    export = Export(conn, event_feed("delivery", "tracking", "subscription", format="jsonl"))
    return [json.loads(line) for line in export.lines(freeze(export))]


def test_json_is_shaped_like_xdm_and_leaves_out_what_has_no_value(conn: psycopg.Connection) -> None:
    events = json_events(conn)

    assert [validate_event(event) for event in events] == [[]] * 11
    assert events[0] == {
        "_id": event_id("delivery", 1, "sent"),
        "timestamp": "2026-03-01T12:00:00.000Z",
        "eventType": "directMarketing.emailSent",
        "identityMap": {"CRMID": [{"id": "C801", "primary": True, "authenticatedState": "ambiguous"}]},
        "directMarketing": {"sends": {"value": 1}},
        "_experience": {
            "campaign": {
                "externalID": "C801",
                "broadlogID": "1",
                "deliveryID": "501",
                "deliveryName": "DM501",
                "deliveryLabel": 'Spring, "sale"  and more',
                "deliveryMode": "bulk",
                "recipientID": "801",
                "channel": "email",
                "status": "sent",
            }
        },
    }
    assert "identityMap" not in events[1]
    assert events[2]["identityMap"]["CRMID"][0]["id"] == 'C"8\\03 \x01'


def test_json_validates_against_the_schema_of_experience_events(conn: psycopg.Connection) -> None:
    if not SCHEMA.exists():
        pytest.skip(f"{SCHEMA.name} is not beside this checkout")
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text())
    validator = jsonschema.Draft6Validator(schema, format_checker=jsonschema.FormatChecker())

    assert [error.message for event in json_events(conn) for error in validator.iter_errors(event)] == []


# -- Upper bound --------------------------------------------------------------------------------------------------------


def test_upper_bound_lets_rows_settle(conn: psycopg.Connection) -> None:
    database = Export(conn, event_feed()).database

    assert database.upper_bound(timedelta(minutes=1), NOON) == NOON - timedelta(minutes=1)


def _open(conn: psycopg.Connection) -> None:
    conn.execute("SELECT 1")


def _write(conn: psycopg.Connection) -> None:
    broad_log(conn, 1)


@pytest.mark.parametrize("begin", [_open, _write])
def test_upper_bound_stays_below_open_transactions(
    connect: Connect, begin: Callable[[psycopg.Connection], None]
) -> None:
    other, database = connect(), Export(connect(), event_feed()).database
    begin(other)
    ((started,),) = other.execute("SELECT now()").fetchall()
    future = started + DAY

    assert database.upper_bound(timedelta(0), future) == started

    other.commit()
    assert database.upper_bound(timedelta(0), future) == future


def test_hidden_transactions_of_other_users_are_refused(connect: Connect) -> None:
    admin, other, ours = connect(), connect(), connect()
    role = f"export_{admin.info.dbname}"
    admin.execute(f"CREATE ROLE {role}")
    admin.commit()
    _write(other)
    ours.execute(f"SET ROLE {role}")
    database = Export(ours, event_feed()).database

    with pytest.raises(AccessDeniedError, match=r"1 open transactions of other .* GRANT pg_read_all_stats TO"):
        database.upper_bound(timedelta(0), NOON)

    ours.execute("RESET ROLE")
    ours.execute(f"GRANT pg_read_all_stats TO {role}")
    ours.execute(f"SET ROLE {role}")
    assert database.upper_bound(timedelta(0), NOON) == NOON
