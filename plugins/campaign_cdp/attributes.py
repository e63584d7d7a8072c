"""Campaign attributes and the physical columns behind them.

Campaign derives column names by rule but not always (``@birthDate`` is ``tsBirth``, ``[location/@city]`` is
``sCity``), so nothing here is computed: a name that is not in the table does not exist for a feed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class ValueType(StrEnum):
    """What a value is, in the file and in Campaign."""

    STRING = "string"
    EMAIL = "email"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a Campaign schema.

    :param column: physical column; PostgreSQL folds it to lower case.
    :param type: type of its values.
    :param length: longest string in characters; ``None`` for other types.
    :param one_way: an opt-out flag: an import may set it, never clear it.
    :param pii: personal data, masked in rejects.
    """

    column: str
    type: ValueType
    length: int | None = None
    one_way: bool = False
    pii: bool = False

    @property
    def sql_name(self) -> str:
        return self.column.lower()


def _text(column: str, length: int = 255, *, pii: bool = False) -> Attribute:
    return Attribute(column, ValueType.STRING, length, pii=pii)


def _opt_out(column: str) -> Attribute:
    return Attribute(column, ValueType.BOOLEAN, one_way=True)


#: ``nms:recipient`` (table NmsRecipient): what an import may write.
RECIPIENT: Final = MappingProxyType(
    {
        "account": _text("sAccount"),
        "email": Attribute("sEmail", ValueType.EMAIL, 128, pii=True),
        "salutation": _text("sSalutation", 20),
        "firstName": _text("sFirstName", 30, pii=True),
        "middleName": _text("sMiddleName", 30, pii=True),
        "lastName": _text("sLastName", 50, pii=True),
        "phone": _text("sPhone", 32, pii=True),
        "mobilePhone": _text("sMobilePhone", 32, pii=True),
        "fax": _text("sFax", 32, pii=True),
        "birthDate": Attribute("tsBirth", ValueType.DATE, pii=True),
        "gender": Attribute("iGender", ValueType.INTEGER),
        "status": Attribute("iStatus", ValueType.INTEGER),
        "emailFormat": Attribute("iEmailFormat", ValueType.INTEGER),
        "language": _text("sLanguage"),
        "company": _text("sCompany"),
        "origin": _text("sOrigin"),
        "location/address1": _text("sAddress1", pii=True),
        "location/address2": _text("sAddress2", pii=True),
        "location/address3": _text("sAddress3", pii=True),
        "location/address4": _text("sAddress4", pii=True),
        "location/zipCode": _text("sZipCode", pii=True),
        "location/city": _text("sCity"),
        "location/stateCode": _text("sStateCode"),
        "location/countryCode": _text("sCountryCode", 2),
        "text1": _text("sText1"),
        "text2": _text("sText2"),
        "text3": _text("sText3"),
        "text4": _text("sText4"),
        "text5": _text("sText5"),
        "boolean1": Attribute("iBoolean1", ValueType.BOOLEAN),
        "boolean2": Attribute("iBoolean2", ValueType.BOOLEAN),
        "boolean3": Attribute("iBoolean3", ValueType.BOOLEAN),
        "blackList": _opt_out("iBlackList"),
        "blackListEmail": _opt_out("iBlackListEmail"),
        "blackListMobile": _opt_out("iBlackListMobile"),
        "blackListPhone": _opt_out("iBlackListPhone"),
        "blackListFax": _opt_out("iBlackListFax"),
        "blackListPostalMail": _opt_out("iBlackListPostalMail"),
    }
)
