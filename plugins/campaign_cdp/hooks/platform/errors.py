"""Answers and failures of Adobe's API in the words of this package."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx

from campaign_cdp.exceptions import AccessDeniedError, FeedConfigError, RetriableSyncError

_REFUSED: Final = {400, 401, 403}
_BUSY: Final = {408, 425, 429}
_SHOWN: Final = 200


@contextmanager
def mapped_errors(host: str) -> Iterator[None]:
    """Raise this package's errors if a host does not answer at all.

    :raises FeedConfigError: if its certificate is not trusted.
    :raises RetriableSyncError: if it is unreachable, too slow, or breaks off.
    """
    try:
        yield
    except httpx.TransportError as err:
        if _is_about_trust(err):
            raise FeedConfigError(
                f"The certificate of {host} is not trusted: {err}. Nothing was sent. Check the host; behind a proxy "
                "that opens TLS, name its certificates in SSL_CERT_FILE."
            ) from err
        reason = str(err) or type(err).__name__
        raise RetriableSyncError(f"{host} does not answer: {reason}. Nothing was changed.") from err


def checked(answer: httpx.Response, host: str, secret: str) -> dict[str, Any]:
    """Return the JSON object of an answer.

    :param secret: must not show in a message, in case the answer repeats it.
    :raises AccessDeniedError: if it says no: 400 of IMS is a wrong secret or scope.
    :raises RetriableSyncError: if it is busy, or broken on its side.
    :raises FeedConfigError: if this is not the API at all.
    """
    status = f"{answer.status_code} {answer.reason_phrase}".strip()
    said = _said(answer, secret)
    if answer.status_code in _REFUSED:
        raise AccessDeniedError(
            f"{host} refuses the connection: {status}{said}. Nothing was changed. Compare client id, client secret, "
            "scopes and organisation with the project in Adobe's Developer Console."
        )
    if answer.status_code in _BUSY or answer.is_server_error:
        raise RetriableSyncError(f"{host} is busy or out of order: {status}{said}. Nothing was changed.")
    body = _json(answer)
    if not answer.is_success or body is None:
        raise FeedConfigError(
            f"{host} answers {status}{said}, which Adobe's API does not. Nothing was changed. Check the hosts of the "
            "connection, and whether a proxy stands in between."
        )
    return body


def _json(answer: httpx.Response) -> dict[str, Any] | None:
    try:
        body = answer.json()
    except (ValueError, RecursionError):  # nested without end
        return None
    return body if isinstance(body, dict) else None


def _said(answer: httpx.Response, secret: str) -> str:
    """The reason that Adobe gives: IMS in error and error_description, the platform in title, detail or message."""
    body = _json(answer) or {}
    words = [str(body[key]) for key in ("error", "error_description", "title", "detail", "message") if body.get(key)]
    text = " ".join(" ".join(words).split()).replace(secret, "***")[:_SHOWN]
    text = text.encode("utf-8", "replace").decode()  # JSON can spell half a character, which no log could hold
    return f" ({text})" if text else ""


def _is_about_trust(err: BaseException) -> bool:
    seen: BaseException | None = err
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return True
        seen = seen.__cause__ or seen.__context__
    return "CERTIFICATE_VERIFY_FAILED" in str(err)
