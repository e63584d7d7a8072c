"""Sends one message through one channel. What goes wrong is told by its kind only: addresses may hold secrets."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from campaign_cdp.alerts import message
from campaign_cdp.alerts.alert import Occurrence
from campaign_cdp.alerts.message import Links
from campaign_cdp.alerts.payload import payload
from campaign_cdp.exceptions import AlertChannelError, AlertNotSentError, SyncError
from campaign_cdp.feeds.alerts import AnyChannel, EmailChannel, SlackChannel, WebhookChannel

if TYPE_CHECKING:
    from airflow.providers.http.hooks.http import HttpHook
    from airflow.providers.slack.hooks.slack_webhook import SlackWebhookHook
    from requests import Session

    from campaign_cdp.notifiers.mail import AlertMailHook

#: Seconds that Slack or a webhook may take, unless its connection says otherwise.
_TIMEOUT: Final = 15
#: Clients that log addresses, also at INFO; those of Slack and of most webhooks are secrets.
_SLACK: Final = "slack_sdk.webhook.client"
_TALKATIVE: Final = ("urllib3.connectionpool", _SLACK, "slack_sdk.webhook.internal_utils")


def send(channel: AnyChannel, seen: Occurrence, links: Links) -> None:
    """Send a message.

    :raises AlertChannelError: if the channel cannot be used as it is set up.
    :raises AlertNotSentError: if the other side did not take it.
    """
    try:
        with _addresses_unlogged():
            _sender(channel)(seen, links)
    except SyncError:
        raise
    except Exception as err:
        raise AlertNotSentError(
            f"Channel {channel.name} did not take {seen.alert.dedup_key}: {_kind(err)}. The run is not affected. It is "
            f"tried again with the next occurrence."
        ) from None


def check(channel: AnyChannel) -> None:
    """Look whether a channel could be used, without talking to anybody.

    :raises AlertChannelError: if its provider or connection is missing, or the connection is not safe.
    """
    if isinstance(channel, EmailChannel):
        _mail_hook(channel, "")
    elif isinstance(channel, SlackChannel):
        _slack_hook(channel)
    else:
        _web_session(channel)[0].close()


@contextmanager
def _addresses_unlogged() -> Iterator[None]:
    """Keep what clients say by the way out of the log, for this thread only."""
    thread = threading.get_ident()

    def is_harmless(record: logging.LogRecord) -> bool:
        return record.levelno > logging.INFO or record.thread != thread

    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    for logger in loggers:
        logger.addFilter(is_harmless)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(is_harmless)


def _sender(channel: AnyChannel) -> Callable[[Occurrence, Links], None]:
    if isinstance(channel, EmailChannel):
        return partial(_send_mail, channel)
    return partial(_post_to_slack, channel) if isinstance(channel, SlackChannel) else partial(_post_json, channel)


def _send_mail(channel: EmailChannel, seen: Occurrence, links: Links) -> None:
    with _mail_hook(channel, message.text(seen, links)) as hook:
        hook.send_email_smtp(
            to=channel.to,
            subject=message.subject(seen),
            html_content=message.html(seen, links),
            mime_subtype="alternative",
            custom_headers={"Auto-Submitted": "auto-generated", "X-Campaign-CDP-Alert": message.header(seen)},
        )


def _post_to_slack(channel: SlackChannel, seen: Occurrence, links: Links) -> None:
    # The text is what phones show; unlike the blocks it is read as markup.
    text = message.subject(seen).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    _slack_hook(channel).send(text=text, blocks=message.blocks(seen, links), unfurl_links=False, unfurl_media=False)


def _post_json(channel: WebhookChannel, seen: Occurrence, links: Links) -> None:
    session, hook = _web_session(channel)
    with session:
        answer = session.post(
            hook.base_url,
            data=payload(seen, links).model_dump_json(),
            verify=session.verify,  # else a bundle that the environment names is taken instead of the connection's
            timeout=hook.merged_extra.get("timeout") or _TIMEOUT,
            allow_redirects=False,
        )
    if not answer.ok or answer.is_redirect:
        raise _HttpStatusError(answer.status_code)


def _mail_hook(channel: EmailChannel, text: str) -> AlertMailHook:
    from campaign_cdp.notifiers.mail import AlertMailHook

    with _found(channel):
        BaseHook.get_connection(channel.connection)
    hook = AlertMailHook(channel.connection, text)
    if not hook.sender:
        raise _unusable(channel, f"connection {channel.connection} names no sender (from_email in its extra)")
    return hook


def _slack_hook(channel: SlackChannel) -> SlackWebhookHook:
    try:
        from airflow.providers.slack.hooks.slack_webhook import SlackWebhookHook
    except ImportError:
        raise _unusable(channel, "apache-airflow-providers-slack is not installed where this runs") from None
    hook = SlackWebhookHook(
        slack_webhook_conn_id=channel.connection,
        timeout=_TIMEOUT,
        logger=logging.getLogger(_SLACK),  # rather than the hook's own, which is not kept silent
    )
    with _found(channel):
        _require_encryption(channel, hook.client.url)
    return hook


def _web_session(channel: WebhookChannel) -> tuple[Session, HttpHook]:
    """The session, not the hook's run(): that logs addresses, and follows redirects with the secret header."""
    from airflow.providers.http.hooks.http import HttpHook

    hook = HttpHook(http_conn_id=channel.connection)
    with _found(channel):
        session = hook.get_conn({"Content-Type": "application/json"})
    _require_encryption(channel, hook.base_url)
    if session.verify is False:
        raise _unusable(channel, "its connection switches off the check of certificates (verify in the extra)")
    return session, hook


@contextmanager
def _found(channel: AnyChannel) -> Iterator[None]:
    try:
        yield
    except AirflowNotFoundException:
        raise _unusable(
            channel, f"there is no Airflow connection {channel.connection}, or it lacks something"
        ) from None


class _HttpStatusError(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")


def _require_encryption(channel: AnyChannel, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
        raise _unusable(channel, f"its connection goes to {parts.hostname} without encryption; it has to be https")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _unusable(channel: AnyChannel, why: str) -> AlertChannelError:
    return AlertChannelError(f"Channel {channel.name}: {why}. Nothing was sent through it; the run is not affected.")


def _kind(err: BaseException) -> str:
    if isinstance(err, _HttpStatusError):
        return str(err)
    status: Any = getattr(err, "smtp_code", None) or getattr(err, "errno", None)
    return f"{type(err).__name__} {status}" if status else type(err).__name__
