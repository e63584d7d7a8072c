"""The people of the sandbox: person ``n`` always has the same attributes, here and in ``recipients.sql``.

So an export that the stand-in for AEP writes is about the recipients of the sandbox's Campaign database, at any size,
and nothing has to be remembered about them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

#: Names with what they look like in an e-mail address.
FIRST_NAMES: Final = (
    *(("Ann", "ann"), ("Ben", "ben"), ("Chloé", "chloe"), ("David", "david"), ("Emma", "emma"), ("Fatima", "fatima")),
    *(("Grace", "grace"), ("Hugo", "hugo"), ("Ines", "ines"), ("José", "jose"), ("Karin", "karin"), ("Liam", "liam")),
    *(("Maja", "maja"), ("Noah", "noah"), ("Olga", "olga"), ("Pavel", "pavel"), ("Quentin", "quentin")),
    *(("Rosa", "rosa"), ("Søren", "soeren"), ("Tara", "tara"), ("Uma", "uma"), ("Victor", "victor"), ("Zoë", "zoe")),
)
LAST_NAMES: Final = (
    *(("Miller", "miller"), ("Smith", "smith"), ("García", "garcia"), ("Müller", "mueller"), ("Rossi", "rossi")),
    *(("Dubois", "dubois"), ("Novák", "novak"), ("Jensen", "jensen"), ("O'Brien", "obrien"), ("Kowalski", "kowalski")),
    *(("Silva", "silva"), ("Andersson", "andersson"), ("de Vries", "devries"), ("Papadopoulos", "papadopoulos")),
    *(("Keller", "keller"), ("Horvat", "horvat"), ("Lindqvist", "lindqvist"), ("Moreau", "moreau")),
    *(("Nguyen", "nguyen"), ("Okafor", "okafor"), ("Weiss", "weiss"), ("Yılmaz", "yilmaz"), ("Zimmer", "zimmer")),
)
CITIES: Final = (
    *(("Berlin", "DE"), ("Hamburg", "DE"), ("München", "DE"), ("Paris", "FR"), ("Lyon", "FR"), ("Madrid", "ES")),
    *(("Roma", "IT"), ("Wien", "AT"), ("Zürich", "CH"), ("Amsterdam", "NL"), ("Praha", "CZ"), ("København", "DK")),
    *(("Dublin", "IE"), ("London", "GB"), ("Lisboa", "PT"), ("Stockholm", "SE"), ("Warszawa", "PL")),
)
TIERS: Final = ("bronze", "silver", "gold")
PRODUCTS: Final = (
    "Trail shoes",
    "Rain jacket",
    "Tent, 2 people",
    "Head torch",
    "Camping stove",
    "Map 1:25,000",
    "Rope",
)

#: Columns of an AEP export of these people, in Adobe's dotted spelling.
AEP_COLUMNS: Final = (
    "crmId",
    "personalEmail.address",
    "person.name.firstName",
    "person.name.lastName",
    "person.birthDate",
    "mobilePhone.number",
    "homeAddress.city",
    "homeAddress.countryCode",
    "loyalty.tier",
    "consents.email.optedOut",
    "basket.lastProduct",
)

_TWO_32 = 2**32


@dataclass(frozen=True, slots=True)
class People:
    """Everybody of one seed.

    :param seed: another seed gives the same numbers other names; only its last three digits count.
    """

    seed: int = 1

    @property
    def shift(self) -> int:
        return self.seed % 1000 * 7919

    @staticmethod
    def has_capitals(n: int) -> bool:
        """Whether Campaign holds this person's e-mail with capitals, as people type them."""
        return n % 97 == 0

    def person(self, n: int) -> dict[str, str]:
        """Return person ``n`` (from 1) by AEP's column names."""
        a, b, c = ((n + self.shift) * factor % _TWO_32 for factor in (2654435761, 2246822519, 3266489917))
        first, first_ascii = FIRST_NAMES[(a >> 16) % len(FIRST_NAMES)]
        last, last_ascii = LAST_NAMES[(b >> 16) % len(LAST_NAMES)]
        city, country = CITIES[(c >> 20) % len(CITIES)]
        return {
            "crmId": f"C{n:07}",
            "personalEmail.address": f"{first_ascii}.{last_ascii}.{n}@example.com",
            "person.name.firstName": first,
            "person.name.lastName": last,
            "person.birthDate": (date(1940, 1, 1) + timedelta(days=(c >> 16) % 25000)).isoformat(),
            "mobilePhone.number": f"+49151{(a + b) % 100_000_000:08}",
            "homeAddress.city": city,
            "homeAddress.countryCode": country,
            "loyalty.tier": TIERS[(b >> 20) % len(TIERS)],
            "consents.email.optedOut": "true" if n % 50 == 0 else "false",
            "basket.lastProduct": PRODUCTS[(a >> 20) % len(PRODUCTS)],
        }
