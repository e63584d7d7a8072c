from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from campaign_cdp.events.xdm import COUNTERS, EVENT_TYPES, PATHS, validate_event

#: The public XDM schemas folded into one; not part of this project.
XDM = Path(__file__).resolve().parents[3] / "shared" / "xdm" / "experienceevent.schema.json"
GOOD: dict[str, Any] = {
    "_id": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "timestamp": "2026-01-02T10:15:30.000Z",
    "eventType": "directMarketing.emailSent",
    "identityMap": {"CRMID": [{"id": "42", "primary": True, "authenticatedState": "ambiguous"}]},
    "directMarketing": {"sends": {"value": 1}},
    "_experience": {"campaign": {"broadlogID": "7", "deliveryName": "DM1", "seedMember": False}},
}
BROKEN = [
    (("_id",), None, "_id: Input should be a valid string"),
    (("_id",), ..., "_id: Field required"),
    (("_id",), "a:b", "_id: String should match pattern"),
    (("timestamp",), ..., "timestamp: Field required"),
    (("timestamp",), "2026-01-02T10:15:30", "timestamp: must be a date-time with a zone"),
    (("timestamp",), "2026-02-30T10:15:30Z", "timestamp: day is out of range for month"),
    (("timestamp",), "2026-01-02 10:15:30Z", "timestamp: must be a date-time with a zone"),
    (("timestamp",), "1969-12-31T23:59:59Z", "timestamp: is before 1970"),
    (("timestamp",), 1767348930, "timestamp: Input should be a valid string"),
    (("eventType",), "directMarketing.emailSend", "eventType: is not one of XDM's"),
    (("eventType",), "", "eventType: String should match pattern"),
    (("eventType",), None, "eventType: Input should be a valid string"),
    (("evenType",), "x", "evenType: Extra inputs are not permitted"),
    (("directMarketing", "sends", "value"), True, "directMarketing.sends.value: Input should be a valid number"),
    (("directMarketing", "sends", "value"), "1", "directMarketing.sends.value: Input should be a valid number"),
    (("directMarketing", "sends", "value"), ..., "directMarketing.sends.value: Field required"),
    (("directMarketing", "sends"), 1, "directMarketing.sends: Input should be a valid dictionary"),
    (("directMarketing", "send"), {"value": 1}, "directMarketing.send: Extra inputs are not permitted"),
    (("_experience", "campaign", "broadlogID"), 7, "_experience.campaign.broadlogID: Input should be a valid string"),
    (("_experience", "campaign", "url"), None, "_experience.campaign.url: Input should be a valid string"),
    (("_experience", "campaign", "seedMember"), "false", "_experience.campaign.seedMember: Input should be a valid"),
    (("_experience", "campaign", "deliveryid"), "7", "_experience.campaign.deliveryid: Extra inputs are not permitted"),
    (("identityMap", "CRMID"), {"id": "42"}, "identityMap.CRMID: Input should be a valid list"),
    (("identityMap", "CRMID"), [], "identityMap.CRMID: List should have at least 1 item"),
    (("identityMap", "CRMID"), [{"id": ""}], "identityMap.CRMID.0.id: String should have at least 1 character"),
]


def changed(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    event = deepcopy(GOOD)
    node: Any = event
    for name in path[:-1]:
        node = node[name]
    if value is ...:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return event


@pytest.fixture(scope="module")
def public_schema() -> jsonschema.Draft6Validator:
    if not XDM.is_file():
        pytest.skip(
            f"needs the folded public XDM schema, {XDM.name}, in {'/'.join(XDM.parts[-3:-1])} beside the project"
        )
    return jsonschema.Draft6Validator(json.loads(XDM.read_text()))


def test_good_event_has_no_errors() -> None:
    assert validate_event(GOOD) == []
    assert validate_event({"_id": "a", "timestamp": "2026-01-02T10:15:30+02:00"}) == []


@pytest.mark.parametrize(("path", "value", "expected"), BROKEN)
def test_mistake_is_named_with_its_path(path: tuple[str, ...], value: Any, expected: str) -> None:
    (error,) = validate_event(changed(path, value))

    assert error.startswith(expected)


def test_all_mistakes_are_reported() -> None:
    assert len(validate_event({"_id": 1, "x": 1})) == 3


def test_event_types_of_other_families_are_allowed() -> None:
    assert validate_event(changed(("eventType",), "acme.smsSent")) == []


def test_good_event_is_good_for_the_public_schema_too(public_schema: jsonschema.Draft6Validator) -> None:
    public_schema.validate(GOOD)


def test_fields_and_types_are_those_of_the_public_schema(public_schema: jsonschema.Draft6Validator) -> None:
    properties = public_schema.schema["properties"]
    campaign = properties["_experience"]["properties"]["campaign"]["properties"]
    marketing = properties["directMarketing"]["properties"]
    public = {f"_experience.campaign.{name}": spec["type"] for name, spec in campaign.items()}
    public |= {f"directMarketing.{name}": spec["type"] for name, spec in marketing.items()}
    names = {str: "string", bool: "boolean"}
    ours = {path: names[kind] for path, kind in PATHS.items()} | {f"directMarketing.{c}": "object" for c in COUNTERS}

    assert ours | {"_experience.campaign.externalID": "string"} == public


def test_event_types_are_seven() -> None:
    assert len(EVENT_TYPES) == 7
