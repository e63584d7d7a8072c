"""The part of XDM ExperienceEvent that Campaign's logs fill, stricter than AEP: what is not here is an error.

Field groups *Campaign delivery logs*, *Campaign tracking logs*, *Direct marketing details* and *Identity map*. Written
in words of its own after the public XDM schemas (github.com/adobe/xdm, CC BY 4.0).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, NotRequired, get_type_hints

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from typing_extensions import TypedDict  # pydantic wants this one before Python 3.12

_STRICT = ConfigDict(extra="forbid", strict=True)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")
_FAMILY = "directMarketing."

#: XDM's values for e-mail; any other value of this family is a typing error.
EVENT_TYPES: Final = tuple(
    f"{_FAMILY}email{what}"
    for what in ("Sent", "Delivered", "Opened", "Clicked", "Bounced", "BouncedSoft", "Unsubscribed")
)


def _time(value: str) -> str:
    if not _TIME.fullmatch(value):
        raise ValueError("must be a date-time with a zone, like 2026-01-02T10:15:30.000Z")
    if datetime.fromisoformat(value) < datetime(1970, 1, 1, tzinfo=UTC):
        raise ValueError("is before 1970")
    return value


def _event_type(value: str) -> str:
    if value.startswith(_FAMILY) and value not in EVENT_TYPES:
        raise ValueError(f"is not one of XDM's: {', '.join(EVENT_TYPES)}")
    return value


EventId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._~-]+$")]
Timestamp = Annotated[str, AfterValidator(_time)]
EventType = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9._-]*$"), AfterValidator(_event_type)]


class Measure(TypedDict):
    """A counter."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    value: Annotated[float, Field(allow_inf_nan=False)]
    id: NotRequired[str]


class IdentityItem(TypedDict):
    """One identity of a person."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    id: Annotated[str, StringConstraints(min_length=1)]
    primary: NotRequired[bool]
    authenticatedState: NotRequired[Literal["ambiguous", "authenticated", "loggedOut"]]


class DirectMarketing(TypedDict, total=False):
    """Direct marketing details."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    sends: Measure
    emailDelivered: Measure
    opens: Measure
    clicks: Measure
    bounces: Measure
    nonDeliverables: Measure
    unsubscriptions: Measure
    mirrorPages: Measure
    userComplaints: Measure
    excludes: Measure
    notSent: Measure
    marketingSubscription: Measure
    offerOpens: Measure
    impressions: Measure
    customActions: Measure
    unsubscribeReason: str
    hashedEmail: str
    emailVisitorID: str
    messageID: str


class Campaign(TypedDict, total=False):
    """Campaign delivery and tracking logs."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    externalID: str
    campaignID: str
    campaignName: str
    campaignLabel: str
    broadlogID: str
    trackinglogID: str
    deliveryID: str
    deliveryName: str
    deliveryLabel: str
    deliveryMode: str
    recipientID: str
    visitorID: str
    serviceID: str
    channel: str
    status: str
    reason: str
    reasonMessage: str
    url: str
    urlCategory: str
    quarantine: bool
    controlGroupMember: bool
    seedMember: bool
    proofMember: bool


class Experience(TypedDict):
    """Adobe's own extensions."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    campaign: Campaign


class Event(TypedDict):
    """One event."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    _id: EventId
    timestamp: Timestamp
    eventType: NotRequired[EventType]
    identityMap: NotRequired[dict[str, Annotated[list[IdentityItem], Field(min_length=1)]]]
    directMarketing: NotRequired[DirectMarketing]
    _experience: NotRequired[Experience]


#: Counters in the order of their columns.
COUNTERS: Final = tuple(name for name, kind in get_type_hints(DirectMarketing).items() if kind is Measure)
#: Where the identity goes that a dataflow makes the primary one.
IDENTITY_PATH: Final = "_experience.campaign.externalID"
#: Types of the single values that a mapping may fill, by their path; counters and what is computed are not among them.
PATHS: Final[Mapping[str, type]] = MappingProxyType(
    {
        f"{prefix}.{name}": kind
        for prefix, group in (("_experience.campaign", Campaign), ("directMarketing", DirectMarketing))
        for name, kind in get_type_hints(group).items()
        if kind in (str, bool) and f"{prefix}.{name}" != IDENTITY_PATH
    }
)
_EVENT: Final[TypeAdapter[Event]] = TypeAdapter(Event)


def validate_event(event: Mapping[str, Any]) -> list[str]:
    """Check one event.

    :param event: as parsed from JSON.
    :return: what is wrong, each with its path; empty for a good event.
    """
    try:
        _EVENT.validate_python(event)
    except ValidationError as err:
        return [_said(item["loc"], item) for item in err.errors(include_url=False)]
    return []


def _said(loc: tuple[int | str, ...], item: Any) -> str:
    cause = item.get("ctx", {}).get("error")
    return f"{'.'.join(map(str, loc)) or 'event'}: {cause or item['msg']}"
