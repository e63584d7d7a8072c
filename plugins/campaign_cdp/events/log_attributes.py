"""Campaign's log schemas: attributes, links, and the physical names behind them.

As in :mod:`campaign_cdp.attributes` nothing is computed: a name that is not here does not exist for a mapping. The logs
of a custom target mapping are these with other physical names.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from campaign_cdp.attributes import RECIPIENT, ValueType
from campaign_cdp.events.log_schema import ColumnRef, Link, LogColumn, LogSchema

__all__ = ["SCHEMAS", "STANDARD", "ColumnRef", "Link", "LogColumn", "LogSchema", "link", "resolve", "table_of"]


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
