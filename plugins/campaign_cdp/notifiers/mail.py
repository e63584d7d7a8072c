from __future__ import annotations

from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import Any

from airflow.providers.smtp.hooks.smtp import SmtpHook


class AlertMailHook(SmtpHook):
    """Airflow's SMTP hook, with a plain text beside the HTML, which Airflow's does not write.

    :param conn_id: connection of type SMTP.
    :param text: the plain text.
    """

    def __init__(self, conn_id: str, text: str) -> None:
        super().__init__(smtp_conn_id=conn_id)
        self._text = text

    @property
    def sender(self) -> str | None:
        """Who the mail is from; unlike the parent's it needs no open connection."""
        return str(self.get_connection(self.smtp_conn_id).extra_dejson.get("from_email") or "") or None

    def __enter__(self) -> AlertMailHook:
        super().__enter__()
        return self

    def _build_mime_message(self, *args: Any, **kwargs: Any) -> tuple[MIMEMultipart, list[str]]:
        mail, recipients = super()._build_mime_message(*args, **kwargs)
        # A reader of mail takes the last part that it can show.
        mail.set_payload([MIMEText(self._text, "plain", "utf-8"), *mail.get_payload()])
        return mail, recipients
