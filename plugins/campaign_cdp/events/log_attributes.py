"""Campaign's log schemas: attributes, links, and the physical names behind them.

As in :mod:`campaign_cdp.attributes` nothing is computed: a name that is not here does not exist for a mapping. The logs
of a custom target mapping are these with other physical names, see :func:`customised`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from campaign_cdp.attributes import RECIPIENT, ValueType

#: What a table or column may be called; PostgreSQL folds it to lower case.
IDENTIFIER: Final = re.compile(r"^[A-Za-z][A-Za-z0-9_]*$")


@dataclass(frozen=True, slots=True)
class LogColumn:
    """Physical column of an attribute."""

    column: str
    type: ValueType


@dataclass(frozen=True, slots=True)
class Link:
    """A link of Campaign: ``local_column`` of the log holds ``remote_column`` of ``table``; 0 leads nowhere.

    :param attributes: of the linked schema.
    """

    name: str
    table: str
    local_column: str
    remote_column: str
    attributes: Mapping[str, LogColumn]


@dataclass(frozen=True, slots=True)
class ColumnRef:
    """Where the values of an attribute are stored.

    :param link: name of the link to join, ``None`` for the log's own columns.
    """

    link: str | None
    table: str
    column: str
    type: ValueType


@dataclass(frozen=True, slots=True)
class LogSchema:
    """One log and what it links to."""

    name: str
    table: str
    attributes: Mapping[str, LogColumn]
    links: Mapping[str, Link]

    def resolve(self, attribute: str) -> ColumnRef:
        """Find the column of ``status`` or, through a link, of ``delivery/internalName``.

        :raises KeyError: if the schema has no such attribute.
        """
        if attribute in self.attributes:
            own = self.attributes[attribute]
            return ColumnRef(None, self.table, own.column, own.type)
        name, _, rest = attribute.partition("/")
        link = self.links[name]
        return ColumnRef(name, link.table, link.attributes[rest].column, link.attributes[rest].type)

    def names(self) -> tuple[str, ...]:
        """Return every attribute that :meth:`resolve` finds."""
        linked = (f"{link.name}/{name}" for link in self.links.values() for name in link.attributes)
        return (*self.attributes, *linked)


@dataclass(frozen=True, slots=True)
class LinkChange:
    """How a link of a custom target mapping differs from the standard one; ``None`` keeps it."""

    table: str | None
    local_column: str | None
    remote_column: str | None
    columns: Mapping[str, str]


def customised(
    schema: LogSchema, name: str, table: str | None, columns: Mapping[str, str], links: Mapping[str, LinkChange]
) -> LogSchema:
    """Return ``schema`` under another name, table and columns.

    :param columns: attribute -> column; attributes that the standard log lacks become text.
    """
    changed = {key: _changed(link, links[key]) if key in links else link for key, link in schema.links.items()}
    return LogSchema(name, table or schema.table, _renamed(schema.attributes, columns), MappingProxyType(changed))


def resolve(schema: str, attribute: str) -> ColumnRef:
    """Find the column of an attribute of a standard log.

    :raises KeyError: if Campaign has no such schema or attribute.
    """
    return SCHEMAS[schema].resolve(attribute)


def link(schema: str, name: str) -> Link:
    """Return a link of a standard log."""
    return SCHEMAS[schema].links[name]


def table_of(schema: str) -> str:
    """Return the table of a standard log."""
    return SCHEMAS[schema].table


def _changed(link: Link, change: LinkChange) -> Link:
    return replace(
        link,
        table=change.table or link.table,
        local_column=change.local_column or link.local_column,
        remote_column=change.remote_column or link.remote_column,
        attributes=_renamed(link.attributes, change.columns),
    )


def _renamed(attributes: Mapping[str, LogColumn], columns: Mapping[str, str]) -> Mapping[str, LogColumn]:
    types = {name: attribute.type for name, attribute in attributes.items()}
    new = {name: LogColumn(column, types.get(name, ValueType.STRING)) for name, column in columns.items()}
    return MappingProxyType({**attributes, **new})


def _columns(
    *, numbers: Mapping[str, str], texts: Mapping[str, str], times: Mapping[str, str]
) -> Mapping[str, LogColumn]:
    kinds = ((numbers, ValueType.INTEGER), (texts, ValueType.STRING), (times, ValueType.TIMESTAMP))
    return MappingProxyType({name: LogColumn(column, kind) for names, kind in kinds for name, column in names.items()})


_RECIPIENT = MappingProxyType(
    {"id": LogColumn("iRecipientId", ValueType.INTEGER)}
    | {name: LogColumn(attribute.column, attribute.type) for name, attribute in RECIPIENT.items()}
)
_DELIVERY = _columns(
    numbers={
        "id": "iDeliveryId",
        "messageType": "iMessageType",
        "state": "iState",
        "status": "iStatus",
        "deliveryMode": "iDeliveryMode",
        "deleteStatus": "iDeleteStatus",
        "isModel": "iIsModel",
        "FCP": "iFCP",
        "operation-id": "iOperationId",
        "workflow-id": "iWorkflowId",
        "mapping-id": "iMappingId",
        "folder-id": "iFolderId",
    },
    texts={"internalName": "sInternalName", "label": "sLabel", "deliveryCode": "sDeliveryCode", "nature": "sNature"},
    times={"scheduling/contactDate": "tsContact", "created": "tsCreated", "lastModified": "tsLastModified"},
)
_MESSAGE = _columns(
    numbers={
        "id": "iBroadLogMsgId",
        "failureType": "iFailureType",
        "failureReason": "iFailureReason",
        "qualifStatus": "iQualifStatus",
    },
    texts={"text": "sText", "firstText": "sFirstText", "firstAddress": "sFirstAddress"},
    times={"lastModified": "tsLastModified"},
)
_URL = _columns(
    numbers={"id": "iTrackingUrlId", "type": "iType", "webApp-id": "iWebAppId", "offer-id": "iOfferId"},
    texts={
        "category": "sCategory",
        "label": "sLabel",
        "source": "sSource",
        "goal": "sGoal",
        "tagId": "sTagId",
        "trackerName": "sTrackerName",
    },
    times={},
)
_USER_AGENT = _columns(
    numbers={"hashKey": "iHashKey"},
    texts={
        "browserName": "sBrowserName",
        "browserVersion": "sBrowserVersion",
        "device": "sDevice",
        "osName": "sOsName",
        "osFamilly": "sOsFamilly",  # spelled like this in Campaign
    },
    times={},
)
_SERVICE = _columns(
    numbers={"id": "iServiceId", "type": "iType", "mode": "iMode"}, texts={"name": "sName", "label": "sLabel"}, times={}
)
_LINKS = {
    "recipient": Link("recipient", "NmsRecipient", "iRecipientId", "iRecipientId", _RECIPIENT),
    "delivery": Link("delivery", "NmsDelivery", "iDeliveryId", "iDeliveryId", _DELIVERY),
    "msg": Link("msg", "NmsBroadLogMsg", "iMsgId", "iBroadLogMsgId", _MESSAGE),
    "url": Link("url", "NmsTrackingUrl", "iUrlId", "iTrackingUrlId", _URL),
    "userAgent": Link("userAgent", "NmsUserAgent", "iUserAgent", "iHashKey", _USER_AGENT),
    "service": Link("service", "NmsService", "iServiceId", "iServiceId", _SERVICE),
}


def _schema(name: str, table: str, links: str, attributes: Mapping[str, LogColumn]) -> LogSchema:
    return LogSchema(name, table, attributes, MappingProxyType({link: _LINKS[link] for link in links.split()}))


_PERSON = {"id": "iBroadLogId", "delivery-id": "iDeliveryId", "recipient-id": "iRecipientId"}
_SENT = _PERSON | {"msg-id": "iMsgId", "status": "iStatus", "flags": "iFlags"}
_CHANGES = {"eventDate": "tsEvent", "lastModified": "tsLastModified"}
#: The logs of Campaign's own target mapping.
SCHEMAS: Final = MappingProxyType(
    {
        schema.name: schema
        for schema in (
            _schema(
                "nms:broadLogRcp",
                "NmsBroadLogRcp",
                "recipient delivery msg service",
                _columns(
                    numbers=_SENT | {"service-id": "iServiceId"},
                    texts={"address": "sAddress", "segmentCode": "sSegmentCode"},
                    times=_CHANGES,
                ),
            ),
            _schema(
                "nms:excludeLogRcp",
                "NmsExcludeLogRcp",
                "recipient delivery msg",
                _columns(numbers=_SENT, texts={"address": "sAddress"}, times=_CHANGES),
            ),
            _schema(
                "nms:trackingLogRcp",
                "NmsTrackingLogRcp",
                "recipient delivery url userAgent",
                _columns(
                    numbers={
                        "id": "iTrackingLogId",
                        "broadLog-id": "iBroadLogId",
                        "delivery-id": "iDeliveryId",
                        "recipient-id": "iRecipientId",
                        "url-id": "iUrlId",
                        "userAgent-id": "iUserAgent",
                    },
                    texts={"externalId": "sExternalId", "sourceId": "sSourceId", "sourceType": "sSourceType"},
                    times={"logDate": "tsLog"},
                ),
            ),
            _schema(
                "nms:subHisto",
                "NmsSubHisto",
                "recipient delivery service",
                _columns(
                    numbers={
                        "id": "iSubHistoId",
                        "recipient-id": "iRecipientId",
                        "service-id": "iServiceId",
                        "delivery-id": "iDeliveryId",
                        "action": "iAction",
                    },
                    texts={},
                    times={"date": "tsDate"},
                ),
            ),
        )
    }
)
#: The standard schema of each log.
STANDARD: Final = MappingProxyType(
    {
        "delivery": "nms:broadLogRcp",
        "exclusion": "nms:excludeLogRcp",
        "tracking": "nms:trackingLogRcp",
        "subscription": "nms:subHisto",
    }
)
