"""Airflow's connection type *Adobe Experience Platform*: OAuth server-to-server credentials, and a test of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import httpx
from airflow.sdk import BaseHook
from airflow.sdk.log import mask_secret

from campaign_cdp.exceptions import FeedConfigError, SyncError
from campaign_cdp.hooks.platform.access import PlatformAccess
from campaign_cdp.hooks.platform.errors import checked, mapped_errors

_TIMEOUT: Final = httpx.Timeout(20, connect=10)
_TOKEN: Final = "/ims/token/v3"  # noqa: S105
#: The sandboxes of the credential itself; unlike the others of that API it needs no administrator.
_SANDBOXES: Final = "/data/foundation/sandbox-management/"
_PAGE: Final = 50
_MOST_PAGES: Final = 20


class PlatformHook(BaseHook):
    """The API behind a connection of type ``adobe_experience_platform``.

    :param platform_conn_id: id of the connection.
    """

    conn_name_attr = "platform_conn_id"
    default_conn_name = "experience_platform"
    conn_type = "adobe_experience_platform"
    hook_name = "Adobe Experience Platform"

    def __init__(self, platform_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.platform_conn_id = platform_conn_id

    def token(self) -> str:
        """Ask IMS for an access token; it is valid for about 24 hours and is masked in logs.

        :raises FeedConfigError: if the connection lacks a field, or its host is not IMS.
        :raises AccessDeniedError: if IMS refuses the credentials or scopes.
        :raises RetriableSyncError: if IMS is busy or unreachable.
        """
        access = self._access()
        with _client() as client:
            return _token(client, access)

    def test_connection(self) -> tuple[bool, str]:
        """Get a token and look for the sandbox; changes nothing."""
        try:
            access = self._access()
            with _client() as client:
                token = _token(client, access)
                found = {str(entry.get("name")): entry for entry in _sandboxes(client, access, token)}
        except SyncError as err:
            return False, str(err)
        granted = f"{access.ims_host} gave a token for {access.org_id}."
        entry = found.get(access.sandbox)
        if entry is None:
            names = ", ".join(sorted(found)) or "none"
            return False, (
                f"{granted} But it may not use a sandbox {access.sandbox!r}; those it may use: {names}. Correct the "
                "sandbox, or give it to the credential's role in Adobe's Permissions."
            )
        about = ", ".join(str(entry.get(key)) for key in ("type", "state", "region") if entry.get(key))
        return entry.get("state") == "active", f"{granted} Sandbox {access.sandbox}: {about}."

    def _access(self) -> PlatformAccess:
        return PlatformAccess.of(self.get_connection(self.platform_conn_id))


def _client() -> httpx.Client:
    """Certificates are verified, and a redirect is not followed: it would carry the secret to who knows where."""
    return httpx.Client(timeout=_TIMEOUT, follow_redirects=False)


def _token(client: httpx.Client, access: PlatformAccess) -> str:
    with mapped_errors(access.ims_host):
        answer = client.post(f"https://{access.ims_host}{_TOKEN}", data=access.token_form())
    token = checked(answer, access.ims_host, access.secret).get("access_token")
    if not isinstance(token, str) or not token:
        raise FeedConfigError(
            f"{access.ims_host} answered without an access token. Nothing was done. Check the host of the connection."
        )
    mask_secret(token)
    return token


def _sandboxes(client: httpx.Client, access: PlatformAccess, token: str) -> Iterator[dict[str, Any]]:
    for page in range(_MOST_PAGES):
        with mapped_errors(access.platform_host):
            answer = client.get(
                f"https://{access.platform_host}{_SANDBOXES}",
                params={"limit": _PAGE, "offset": page * _PAGE},
                headers=access.headers(token),
            )
        entries = checked(answer, access.platform_host, token).get("sandboxes") or []
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise FeedConfigError(
                f"{access.platform_host} answered with something else than a list of sandboxes. Nothing was changed. "
                "Check platform_host of the connection, and whether a proxy stands in between."
            )
        yield from entries
        if len(entries) < _PAGE:
            return
