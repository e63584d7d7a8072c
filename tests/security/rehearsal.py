"""People with values that only they have, secrets that only one thing has, and feeds that carry the former."""

from __future__ import annotations

import gzip
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.security.leaks import SHORTEST

#: Values of two people: one whose line is good, one whose line is rejected.
PEOPLE = {
    "email of a good line": "zyxgood.quillon@people-marker.example",
    "name of a good line": "Zyxgoodname",
    "last name of a good line": "Quillonmarkér",
    "phone of a good line": "+4915799887711",
    "birth date of a good line": "1931-07-19",
    "street of a good line": "Zyxgoodstrasse 77b",
    "account of a good line": "CRMMARK0077",
    "email of a rejected line": "zyxbad..quillon@people-marker..example",
    "name of a rejected line": "Zyxbadname" + "x" * 30,
    "phone of a rejected line": "+4915799887722",
    "birth date of a rejected line": "1931-17-99",
    "street of a rejected line": "Zyxbadstrasse 88c",
}
HEADER = "email,crmId,firstName,lastName,phone,birth,street"
GOOD, BAD = ("{} of a good line".format, "{} of a rejected line".format)
COLUMNS: dict[str, Any] = {
    "email": {"from": "email"},
    "account": {"from": "crmId"},
    "firstName": {"from": "firstName"},
    "lastName": {"from": "lastName"},
    "mobilePhone": {"from": "phone"},
    "birthDate": {"from": "birth"},
    "location/address1": {"from": "street"},
}


def good_line() -> str:
    names = ("email", "account", "name", "last name", "phone", "birth date", "street")
    return ",".join(PEOPLE[GOOD(name)] for name in names)


def bad_lines() -> list[str]:
    """Each is rejected for another reason, and has something to hide."""
    email, name = PEOPLE[BAD("email")], PEOPLE[BAD("name")]
    phone, birth, street = (PEOPLE[BAD(what)] for what in ("phone", "birth date", "street"))
    return [
        f"{email},C1,A,B,1,1990-01-01,s",
        f"a1@example.com,C2,{name},B,{phone},1990-01-01,{street}",
        f"a2@example.com,C3,A,B,{phone},{birth},{street}",
        f"a3@example.com,C4,{street}",
        f'a4@example.com,C5,"{street},B,{phone},1990-01-01,s',
    ]


def audience(lines: list[str], header: str = HEADER) -> bytes:
    return ("\n".join([header, *lines]) + "\n").encode()


def manifest(name: str, body: bytes) -> tuple[str, bytes]:
    run_id = str(uuid.uuid4())
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    results = [{"sinkPath": "/", "name": name, "size": len(body)}]
    return f"manifest-d-{run_id}.json", json.dumps(
        {"flowRunId": run_id, "scheduledTime": at, "exportResults": results}
    ).encode()


def zipped(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


@dataclass(slots=True)
class Secrets:
    """What nobody may read anywhere.

    :param known: name -> value; short ones would be found by chance, so there are none.
    """

    known: dict[str, str] = field(default_factory=dict)

    def new(self, name: str) -> str:
        """Make one with characters that addresses have to escape."""
        self.known[name] = f"{uuid.uuid4().hex[:12]}/+ä:{uuid.uuid4().hex[:8]}"
        return self.known[name]

    def plain(self, name: str) -> str:
        """Make one that needs no escaping."""
        self.known[name] = uuid.uuid4().hex
        return self.known[name]

    def of_connections(self, connections: dict[str, str]) -> None:
        """Learn the passwords, keys and tokens of Airflow connections."""
        for variable, value in connections.items():
            given = json.loads(value)
            extra = given.get("extra") or {}
            found = {"password": given.get("password"), **(extra if isinstance(extra, dict) else json.loads(extra))}
            for name, secret in found.items():
                if isinstance(secret, str) and len(secret) >= SHORTEST and _is_secret(name):
                    self.known[f"{variable} {name}"] = secret

    def of_environment(self, environment: dict[str, str]) -> None:
        """Learn the same of Airflow's variables, and the passwords in addresses."""
        connections = {name: value for name, value in environment.items() if name.startswith("AIRFLOW_CONN_")}
        self.of_connections(connections)
        for name, value in environment.items():
            password = urlsplit(value).password if "://" in value and name not in connections else None
            if password and len(password) >= SHORTEST:
                self.known[f"{name} password"] = unquote(password)


def _is_secret(name: str) -> bool:
    words = ("password", "secret", "key", "token", "passphrase")
    return any(word in name for word in words) and not any(word in name for word in ("host_key", "public"))
