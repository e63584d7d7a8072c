"""A stand-in for Adobe's IMS and Experience Platform on one HTTPS port of the loopback interface."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CLIENT, SECRET, ORG = "client-1", "p8e-secret-1", "ABC@AdobeOrg"
TOKEN = "token-of-ims-1"


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    form: dict[str, list[str]]


@dataclass
class Adobe:
    """What it answers; tests overwrite it.

    :param answers: path -> function of the request that returns status and body.
    """

    folder: Path
    sandboxes: list[str] = field(default_factory=lambda: ["prod", "dev"])
    requests: list[Request] = field(default_factory=list)
    answers: dict[str, Callable[[Request], tuple[int, object]]] = field(default_factory=dict)
    server: ThreadingHTTPServer | None = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.server_address[1]}"

    @property
    def certificate(self) -> Path:
        return self.folder / "cert.pem"

    def start(self) -> Adobe:
        _write_certificate(self.folder)
        self.answers = {"/ims/token/v3": self.give_token, "/data/foundation/sandbox-management/": self.list_sandboxes}
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.folder / "key.pem")
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def give_token(self, request: Request) -> tuple[int, object]:
        given = {name: values[0] for name, values in request.form.items()}
        if (given.get("client_id"), given.get("client_secret")) != (CLIENT, SECRET):
            return 400, {"error": "invalid_client", "error_description": f"bad {given.get('client_secret')}"}
        return 200, {"access_token": TOKEN, "token_type": "bearer", "expires_in": 86399}

    def list_sandboxes(self, request: Request) -> tuple[int, object]:
        if request.headers.get("authorization") != f"Bearer {TOKEN}" or request.headers.get("x-gw-ims-org-id") != ORG:
            return 403, {"title": "Forbidden", "detail": "no right on this organisation"}
        first, count = int(request.query["offset"][0]), int(request.query["limit"][0])
        about = {"type": "production", "state": "active", "region": "VA7"}
        return 200, {"sandboxes": [{"name": name, **about} for name in self.sandboxes[first : first + count]]}


def _handler(adobe: Adobe) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            url, size = urlsplit(self.path), int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            form = parse_qs(self.rfile.read(size).decode())
            request = Request(self.command, url.path, parse_qs(url.query), headers, form)
            adobe.requests.append(request)
            status, body = adobe.answers[url.path](request)
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Location", "https://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def _write_certificate(folder: Path) -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "adobe")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    encoding = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*encoding))
