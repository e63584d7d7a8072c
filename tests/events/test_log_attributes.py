from __future__ import annotations

from typing import Any

import psycopg
import pytest

from campaign_cdp.attributes import RECIPIENT, ValueType
from campaign_cdp.events.log_attributes import SCHEMAS, ColumnRef, link, resolve, table_of
from campaign_cdp.events.log_schema import IDENTIFIER, LinkChange, LogSchema, customised
from campaign_cdp.sandbox.postgres import PostgresServer

NUMBERS = {"smallint", "integer"}
SQL_TYPES = {
    ValueType.STRING: {"character varying"},
    ValueType.EMAIL: {"character varying"},
    ValueType.INTEGER: NUMBERS,
    ValueType.BOOLEAN: NUMBERS,
    ValueType.DATE: {"date"},
    ValueType.TIMESTAMP: {"timestamp with time zone"},
}


@pytest.fixture(scope="module")
def columns(postgres_server: PostgresServer, campaign_template: str) -> dict[tuple[str, str], str]:
    """Type of every column of a Campaign database."""
    with psycopg.connect(postgres_server.dsn(campaign_template)) as conn:
        rows: list[Any] = conn.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
        ).fetchall()
    return {(table, column): data_type for table, column, data_type in rows}


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_every_attribute_has_its_column_in_campaign(columns: dict[tuple[str, str], str], schema: LogSchema) -> None:
    wrong = [
        (name, ref)
        for name in schema.names()
        for ref in [schema.resolve(name)]
        if columns.get((ref.table.lower(), ref.column.lower())) not in SQL_TYPES[ref.type]
    ]

    assert wrong == []


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_every_link_joins_numbers(columns: dict[tuple[str, str], str], schema: LogSchema) -> None:
    for to in schema.links.values():
        assert columns[schema.table.lower(), to.local_column.lower()] in NUMBERS
        assert columns[to.table.lower(), to.remote_column.lower()] in NUMBERS


def test_own_attributes_need_no_link() -> None:
    assert resolve("nms:broadLogRcp", "status") == ColumnRef(None, "NmsBroadLogRcp", "iStatus", ValueType.INTEGER)
    assert table_of("nms:subHisto") == "NmsSubHisto"


def test_the_name_of_a_link_leads_to_its_table() -> None:
    name = resolve("nms:broadLogRcp", "delivery/internalName")

    assert name == ColumnRef("delivery", "NmsDelivery", "sInternalName", ValueType.STRING)
    assert link("nms:trackingLogRcp", "userAgent").remote_column == "iHashKey"


def test_attributes_of_a_linked_schema_may_have_slashes_themselves() -> None:
    assert resolve("nms:broadLogRcp", "recipient/location/city").column == "sCity"
    assert resolve("nms:broadLogRcp", "delivery/scheduling/contactDate").column == "tsContact"


@pytest.mark.parametrize("name", ["stauts", "delivery/stauts", "dlv/label", "delivery", "delivery/", ""])
def test_unknown_attribute_is_a_key_error(name: str) -> None:
    with pytest.raises(KeyError):
        resolve("nms:broadLogRcp", name)


def test_recipients_have_every_attribute_that_an_import_has() -> None:
    for name, attribute in RECIPIENT.items():
        assert resolve("nms:subHisto", f"recipient/{name}").column == attribute.column


def test_custom_mapping_changes_table_columns_and_links_only_where_it_says_so() -> None:
    standard = SCHEMAS["nms:broadLogRcp"]
    change = LinkChange("AcmeCustomer", "iCustomerId", "iCustomerKey", {"account": "sNumber", "tier": "sTier"})
    custom = customised(
        standard, "acme:broadLogCustomer", "AcmeBroadLog", {"recipient-id": "iCustomerId"}, {"recipient": change}
    )

    assert custom.resolve("recipient-id") == ColumnRef(None, "AcmeBroadLog", "iCustomerId", ValueType.INTEGER)
    assert custom.resolve("status").column == "iStatus"
    assert custom.resolve("recipient/account").column == "sNumber"
    assert custom.resolve("recipient/tier") == ColumnRef("recipient", "AcmeCustomer", "sTier", ValueType.STRING)
    assert custom.links["recipient"].remote_column == "iCustomerKey"
    assert custom.links["delivery"] == standard.links["delivery"]
    assert standard.resolve("recipient/account").column == "sAccount"


def test_names_of_the_map_are_plain_identifiers() -> None:
    for schema in SCHEMAS.values():
        for name in schema.names():
            ref = schema.resolve(name)
            assert IDENTIFIER.fullmatch(ref.table)
            assert IDENTIFIER.fullmatch(ref.column)
