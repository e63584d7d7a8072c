from __future__ import annotations

from typing import Any

import pytest

from campaign_cdp.rows.header import QUALIFIED_AT, STATUS, Layout
from campaign_cdp.rows.rejects import Reject, RejectCode
from campaign_cdp.rows.validator import RowValidator
from tests.rows.parts import a_feed

Verdict = list[str | None] | Reject


def _check(attribute: str, text: bytes, file: dict[str, Any] | None = None, **column: Any) -> Verdict:
    """Validate one value of a column that is not the key."""
    key = {"account": {"from": "id"}} if attribute != "account" else {}
    feed = a_feed(key | {attribute: {"from": "value"} | column}, file=file or {})
    return RowValidator(Layout((attribute,)), feed).row([text], 7)


@pytest.mark.parametrize(
    ("attribute", "text", "rules", "value"),
    [
        ("firstName", b" Ann\t", {}, "Ann"),
        ("firstName", "é".encode() * 30, {}, "é" * 30),
        ("firstName", "𝄞".encode() * 30, {}, "𝄞" * 30),
        ("firstName", b"ann", {"case": "upper"}, "ANN"),
        ("firstName", b"ANN", {"case": "lower"}, "ann"),
        ("firstName", b"mary ANN", {"case": "first_upper"}, "Mary ann"),
        ("firstName", b"", {}, None),
        ("firstName", b"null", {}, None),
        ("firstName", b" NULL ", {}, None),
        ("firstName", b"Null", {}, "Null"),
        ("firstName", b"Null", {"case": "upper"}, None),
        ("firstName", b"", {"default": "friend"}, "friend"),
        ("firstName", b"null", {"default": "friend"}, "friend"),
        ("firstName", b"", {"default": "friend", "required": True}, "friend"),
        ("firstName", b"x" * 31, {"on_error": "ignore"}, None),
        ("firstName", b"x" * 31, {"on_error": "default", "default": "friend"}, "friend"),
        ("firstName", b"x" * 31, {"on_error": "ignore", "default": "friend"}, "friend"),
        ("email", b"Ann@X.io", {"case": "upper"}, "ann@x.io"),
        ("email", b"broken", {"on_error": "ignore"}, None),
        ("birthDate", b"29/02/2024", {"format": "%d/%m/%Y"}, "2024-02-29"),
        ("birthDate", b"2024-02-29T10:00:00Z", {"case": "lower"}, "2024-02-29"),
        ("gender", b"many", {"on_error": "default", "default": "0"}, "0"),
        ("blackListEmail", b"Yes", {}, "true"),
        ("text1", b"Ann@X.io", {"type": "email"}, "ann@x.io"),
    ],
)
def test_values_are_taken_repaired_or_left_out(
    attribute: str, text: bytes, rules: dict[str, Any], value: str | None
) -> None:
    assert _check(attribute, text, **rules) == [value]


@pytest.mark.parametrize(
    ("attribute", "text", "rules", "code", "shown"),
    [
        ("firstName", b"Smith-" * 6, {}, "too_long", "Xxxxx-" * 6),
        ("firstName", "é".encode() * 31, {}, "too_long", "x" * 31),
        ("text1", b"abc", {"max_length": 2}, "too_long", "abc"),
        ("text1", b"x" * 256, {"max_length": 300}, "too_long", "x" * 200),
        ("birthDate", b"2024-02-28", {"max_length": 4}, "too_long", "9999-99-99"),
        ("firstName", b" ", {"required": True}, "missing_value", " "),
        ("firstName", b"null", {"required": True}, "missing_value", "xxxx"),
        ("firstName", b"x" * 31, {"required": True, "on_error": "ignore"}, "missing_value", "x" * 31),
        ("account", b"NULL", {}, "missing_value", "NULL"),
        ("account", b"x" * 256, {"on_error": "ignore"}, "too_long", "x" * 200),
        ("email", b"ann.smith@x", {}, "bad_email", "xxx.xxxxx@x"),
        ("email", b"a" * 64 + b"@" + b"b" * 60 + b".io", {}, None, None),
        ("email", b"a" * 64 + b"@" + b"b" * 61 + b".io", {}, "too_long", "x" * 60 + "…"),
        ("birthDate", b"2023-02-30", {}, "bad_date", "9999-99-99"),
        ("gender", b"32768", {}, "bad_integer", "32768"),
        ("gender", b"ann.smith@x.io", {}, "bad_integer", "xxx.xxxxx@x.xx"),
        ("boolean1", b"maybe", {}, "bad_boolean", "maybe"),
    ],
)
def test_bad_values_are_rejected_with_column_code_and_value(
    attribute: str, text: bytes, rules: dict[str, Any], code: str | None, shown: str | None
) -> None:
    verdict = _check(attribute, text, **rules)
    assert verdict == (Reject(7, RejectCode(code), attribute, shown) if code else [text.decode()])


def test_null_tokens_are_the_feeds_and_empty_is_always_one() -> None:
    file = {"null_tokens": ("n/a", " - ")}
    assert [_check("firstName", text, file) for text in (b"n/a", b"-", b"", b"null")] == [
        [None],
        [None],
        [None],
        ["null"],
    ]


def test_a_default_is_taken_even_if_it_is_spelled_like_a_null_token() -> None:
    assert _check("firstName", b"", {"null_tokens": ("n/a",)}, default="n/a") == ["n/a"]


MEMBERSHIP = Layout(("account", STATUS, None, QUALIFIED_AT))


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ([b"C1", b"realized", b"x", b"2021-03-10 10:03:08"], ["C1", "realized", "2021-03-10T10:03:08+00:00"]),
        ([b"C1", b"EXITED", b"", b""], ["C1", "exited", None]),
        ([b"C1", b"active", b"", b""], Reject(9, RejectCode.BAD_STATUS, STATUS, "active")),
        ([b"C1", b"", b"", b""], Reject(9, RejectCode.MISSING_VALUE, STATUS, "")),
        ([b"C1", b"realized", b"", b"soon"], Reject(9, RejectCode.BAD_TIMESTAMP, QUALIFIED_AT, "soon")),
        ([b"C1", b"ann@x.io", b"", b""], Reject(9, RejectCode.BAD_STATUS, STATUS, "xxx@x.xx")),
        ([b"C1", b"realized", b""], Reject(9, RejectCode.RAGGED_LINE, None, "3 fields, 4 expected")),
        ([b"C1"] * 5, Reject(9, RejectCode.RAGGED_LINE, None, "5 fields, 4 expected")),
        ([b"C\xe4", b"realized", b"", b""], Reject(9, RejectCode.BAD_ENCODING, "account", "byte 0xe4 is not UTF-8")),
        ([b"C1", b"realized", b"\xff", b""], Reject(9, RejectCode.BAD_ENCODING, None, "byte 0xff is not UTF-8")),
    ],
)
def test_whole_records(fields: list[bytes], verdict: Verdict) -> None:
    assert RowValidator(MEMBERSHIP, a_feed()).row(fields, 9) == verdict


def test_decoded_values_of_a_transform_are_checked_alike() -> None:
    validator = RowValidator(Layout(("account", "firstName")), a_feed())
    assert validator.checked(["C1", None], 3) == ["C1", None]
    assert validator.checked([None, "Ann"], 3) == Reject(3, RejectCode.MISSING_VALUE, "account", None)
    assert validator.checked(["C\0", "Ann"], 3) == Reject(3, RejectCode.BAD_CHARACTER, "account", "C·")
