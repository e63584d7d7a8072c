from __future__ import annotations

import time
from typing import Any

import pytest

from campaign_cdp.exceptions import HeaderError
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.rows.header import QUALIFIED_AT, STATUS, read_header
from tests.rows.parts import a_feed

COLUMNS = {
    "account": {"from": "crmId", "aliases": ["customer.id"]},
    "email": {"from": "personalEmail.address", "aliases": ["email"]},
}
STATUS_HEADER, TIME_HEADER = "segmentMembership.ups.1f2e.status", "segmentMembership.ups.1f2e.lastQualificationTime"


def _feed(**blocks: Any) -> AudienceFeed:
    return a_feed(COLUMNS, **blocks)


@pytest.mark.parametrize(
    ("names", "targets"),
    [
        (["crmId", "personalEmail.address"], ("account", "email")),
        (["personalEmail_address", "crmId"], ("email", "account")),
        (["email", "customer_id"], ("email", "account")),
        ([" crmId\t", "email "], ("account", "email")),
        (["crmId", "loyalty.tier", "email", ""], ("account", None, "email", None)),
        (["crmId", "email", STATUS_HEADER, TIME_HEADER], ("account", "email", STATUS, QUALIFIED_AT)),
        (["crmId", "email", "segmentMembership_ups_1f2e_status"], ("account", "email", STATUS)),
        (["crmId", "email", "segmentMembership.status"], ("account", "email", STATUS)),
        (["crmId", "email", "segmentmembership.status"], ("account", "email", None)),
    ],
)
def test_headers_find_their_columns(names: list[str], targets: tuple[str | None, ...]) -> None:
    layout = read_header(names, _feed())
    assert layout.targets == targets
    assert layout.loaded == tuple(target for target in targets if target)


def test_membership_patterns_are_the_feeds() -> None:
    feed = _feed(membership={"status": "aud.*.state", "qualified_at": "aud.*.since"})
    assert read_header(["crmId", "email", "aud_7_state", "aud.7.since"], feed).targets[2:] == (STATUS, QUALIFIED_AT)


def test_a_declared_column_comes_before_a_membership_pattern() -> None:
    feed = a_feed(COLUMNS | {"text1": {"from": STATUS_HEADER}})
    assert read_header(["crmId", "email", STATUS_HEADER], feed).targets[2] == "text1"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["crmId"], r"lacks 1 of 2 declared columns: personalEmail.address\. .*Found: crmId"),
        (["crmId", "personalEmail.adress"], r"personalEmail.address \(is it 'personalEmail.adress'\?\)"),
        (["crmId", "EMAIL", "PersonalEmail_Address"], r"\(is it 'PersonalEmail_Address'\?\)"),
        (["tier", "CRMID"], r"lacks 2 of 2 .*crmId \(is it 'CRMID'\?\); personalEmail.address\."),
        (["crmId;email"], r"lacks 2 of 2 .*Found: crmId;email\. .*file\.delimiter"),
        (["crmId", "email", "crmId"], r"has crmId more than once"),
        (["crmId", "email", "a.b", "a_b"], r"has a_b more than once"),
        (["crmId", "email", "", ""], r"has an empty name more than once"),
        (["crmId", "email", "customer.id"], r"crmId, customer.id all mean account"),
        (["crmId", "email", STATUS_HEADER, "segmentMembership.ups.2.status"], r"all mean membership_status"),
    ],
)
def test_a_wrong_header_is_refused(names: list[str], message: str) -> None:
    with pytest.raises(HeaderError, match=message):
        read_header(names, _feed())


def test_removing_the_exited_needs_the_status_column() -> None:
    feed = _feed(export="incremental", list={"name": "GOLD", "mode": "remove_exited"})
    assert read_header(["crmId", "email", STATUS_HEADER], feed).targets[2] == STATUS
    with pytest.raises(HeaderError, match=r"lacks 1 of 3 declared columns: segmentMembership\*status"):
        read_header(["crmId", "email", TIME_HEADER], feed)


def test_data_in_place_of_a_header_is_not_shown() -> None:
    with pytest.raises(HeaderError, match="Has the part a header at all") as caught:
        read_header(["C0000123", "ann.smith@example.com", "Ann", "Ann"], _feed())
    assert "X9999999, xxx.xxxxx@xxxxxxx.xxx, Xxx" in caught.value.message
    assert "crmId, customer_id, personalEmail_address, email" in caught.value.message
    assert "Ann" not in caught.value.message


def test_a_file_that_is_no_csv_gets_a_short_answer_soon() -> None:
    started = time.monotonic()
    with pytest.raises(HeaderError) as caught:
        read_header(["crmId", *(f"{n:x}" * 30 for n in range(50_000)), "x" * 3_000_000], _feed())
    assert len(caught.value.message) < 3_000
    assert time.monotonic() - started < 3
