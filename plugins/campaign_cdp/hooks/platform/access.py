"""The fields of a connection of type *Adobe Experience Platform*."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from campaign_cdp.exceptions import FeedConfigError

if TYPE_CHECKING:
    from airflow.sdk import Connection

IMS_HOST: Final = "ims-na1.adobelogin.com"
PLATFORM_HOST: Final = "platform.adobe.io"
SCOPES: Final = "openid,AdobeID,read_organizations,additional_info.projectedProductContext,session"
_HTTPS: Final = 443
_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?")


@dataclass(frozen=True, slots=True)
class PlatformAccess:
    """Credentials and where they go.

    :param ims_host: gets the client secret.
    :param platform_host: gets the access token.
    """

    client_id: str
    secret: str = field(repr=False)
    org_id: str
    sandbox: str
    scopes: str
    ims_host: str
    platform_host: str

    @classmethod
    def of(cls, connection: Connection) -> PlatformAccess:
        """Read a connection.

        :raises FeedConfigError: if it lacks a field, or names a host that must not get the token.
        """
        extra = connection.extra_dejson
        access = cls(
            client_id=connection.login or "",
            secret=connection.password or "",
            org_id=str(extra.get("org_id") or ""),
            sandbox=str(extra.get("sandbox") or "prod"),
            scopes=",".join(re.split(r"[\s,]+", str(extra.get("scopes") or SCOPES).strip())),
            ims_host=_host(_with_port(connection.host or IMS_HOST, connection.port), "host"),
            platform_host=_host(str(extra.get("platform_host") or PLATFORM_HOST), "platform_host"),
        )
        access._check()
        return access

    def token_form(self) -> dict[str, str]:
        return {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.secret,
            "scope": self.scopes,
        }

    def headers(self, token: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {token}",
            "x-api-key": self.client_id,
            "x-gw-ims-org-id": self.org_id,
            "x-sandbox-name": self.sandbox,
        }

    def _check(self) -> None:
        fields = {"client id": self.client_id, "client secret": self.secret, "organisation id": self.org_id}
        missing = [name for name, value in fields.items() if not value]
        if missing:
            raise FeedConfigError(
                f"The connection has no {' and no '.join(missing)}. Nothing was asked. Copy them from the project in "
                "Adobe's Developer Console (OAuth Server-to-Server)."
            )
        # Airflow asks for the secret again when somebody else's host is entered, but only in the field ``host``.
        if _is_below(self.ims_host, "adobelogin.com") and not _is_below(self.platform_host, "adobe.io"):
            raise FeedConfigError(
                f"A token of {self.ims_host} goes to hosts below adobe.io only, not to {self.platform_host}. Nothing "
                "was asked. Correct platform_host of the connection."
            )


def _with_port(host: str, port: int | None) -> str:
    return f"{host}:{port}" if port and port != _HTTPS else host


def _host(text: str, name: str) -> str:
    host = text.strip().removeprefix("https://").rstrip("/")
    if not _HOST.fullmatch(host):
        raise FeedConfigError(
            f"{name} of the connection is not the name of a host: {text!r}. Nothing was asked. Enter one like "
            f"{IMS_HOST if name == 'host' else PLATFORM_HOST}, without path; it is always asked by HTTPS."
        )
    return host


def _is_below(host: str, domain: str) -> bool:
    return host.split(":")[0].lower().endswith(f".{domain}")
