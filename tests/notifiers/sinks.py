"""A mail server and an HTTP server that keep what they get."""

from __future__ import annotations

import json
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class MailSink(socketserver.ThreadingTCPServer):
    """Speaks as much SMTP as a client needs."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _MailHandler)
        self.mails: list[tuple[list[str], EmailMessage]] = []

    @property
    def port(self) -> int:
        return self.server_address[1]

    def connection(self, **extra: Any) -> str:
        options = {"disable_ssl": True, "disable_tls": True, "from_email": "cdp@example.com", "retry_limit": 0, **extra}
        return json.dumps({"conn_type": "smtp", "host": "127.0.0.1", "port": self.port, "extra": options})


class _MailHandler(socketserver.StreamRequestHandler):
    server: MailSink

    def handle(self) -> None:
        self._say("220 sink")
        recipients: list[str] = []
        while line := self.rfile.readline():
            verb, text = line[:4].upper(), line.decode()
            if verb == b"RCPT":
                recipients.append(text.split("<")[1].split(">")[0])
            if verb == b"DATA":
                self._say("354 go on")
                self.server.mails.append((recipients, self._read()))
                recipients = []
            if verb == b"QUIT":
                self._say("221 bye")
                return
            self._say("250 ok")

    def _read(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        mail = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        return mail

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


class HttpSink(ThreadingHTTPServer):
    """Takes every POST, or answers with another ``status``."""

    daemon_threads = True

    def __init__(self, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), _HttpHandler)
        self.status = status
        self.posts: list[tuple[str, dict[str, str], Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def connection(self, path: str = "/hook", **extra: Any) -> str:
        return json.dumps({"conn_type": "http", "host": self.url + path, "extra": extra})

    def slack(self) -> str:
        return json.dumps(
            {"conn_type": "slackwebhook", "host": f"{self.url}/services", "password": "T0/B0/slack-secret"}
        )

    def encrypt(self, cert: str, key: str) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that refuses a certificate hangs up."""


class _HttpHandler(BaseHTTPRequestHandler):
    server: HttpSink

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((self.path, dict(self.headers), json.loads(body)))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "2")
        if 300 <= self.server.status < 400:
            self.send_header("Location", f"{self.server.url}/elsewhere")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def serving(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()
