"""One SSH session, opened when it is first needed and closed for certain."""

from __future__ import annotations

import stat
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Final

from airflow.providers.common.compat.sdk import AirflowException
from airflow.providers.sftp.hooks.sftp import SFTPHook
from airflow.providers.ssh.hooks.ssh import SSHHook
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException
from paramiko import SFTPClient, SSHClient, Transport
from paramiko.ssh_exception import SSHException

from campaign_cdp.exceptions import FeedConfigError, SyncError
from campaign_cdp.hooks.landing_zone.sftp_errors import is_answer, mapped_errors, mapped_login_errors

_UNVERIFIED: Final = ("no_host_key_check", "ignore_hostkey_verification", "allow_host_key_change")
_IDLE: Final = 5.0
#: Bytes that the server may send unasked. What is under way is bounded by the requests; this must not hold them up.
_WINDOW: Final = 16 * 1024 * 1024


class SftpSession:
    """At most one session at a time, on the SFTP provider's hook.

    :param connection: Airflow connection id.
    :param root: folder that has to be there, ``.`` is where the login starts.
    :param timeout: seconds to wait for a connection, or for the server's next packet.
    """

    def __init__(self, connection: str, root: str, *, timeout: float) -> None:
        self.connection, self._root, self._timeout = connection, root, timeout
        self._ssh: SSHClient | None = None
        self._client: SFTPClient | None = None
        self._used = 0.0

    @cached_property
    def address(self) -> str:
        """Host and port."""
        host = self._hook.remote_host
        return f"{f'[{host}]' if ':' in host else host}:{self._hook.port}"

    @contextmanager
    def doing(self, what: str) -> Iterator[SFTPClient]:
        """Give the open client, and map its errors.

        :param what: is attempted, e.g. ``list sftp://host:22/folder``.
        """
        client = self._opened()
        with self.using(client, what):
            yield client

    @contextmanager
    def using(self, client: SFTPClient, what: str) -> Iterator[None]:
        """Map the errors of a client that was given before, e.g. to a stream that is still read."""
        with mapped_errors(what, self.connection):
            try:
                yield
            except BaseException as err:
                # Else it broke somewhere within an answer, and what comes next cannot be understood any more.
                if client is self._client and not isinstance(err, SyncError) and not is_answer(err, client):
                    self.close()
                raise
        self._used = time.monotonic()

    def close(self) -> None:
        """Close the session; doing it again is a no-op."""
        ssh, self._ssh, self._client = self._ssh, None, None
        if ssh is not None:
            ssh.close()

    def _opened(self) -> SFTPClient:
        if self._client is not None and not self._is_alive(self._client):
            self.close()
        if self._client is None:
            self._client = self._open()
            self._used = time.monotonic()
        return self._client

    def _is_alive(self, client: SFTPClient) -> bool:
        """Servers and firewalls drop idle sessions, some without a word."""
        if client.get_channel().closed or not client.get_channel().get_transport().is_active():
            return False
        if time.monotonic() - self._used < _IDLE:
            return True
        try:
            client.normalize(".")
        except (EOFError, OSError, SSHException):
            return False
        return True

    def _open(self) -> SFTPClient:
        url = f"sftp://{self.address}"
        try:
            with mapped_login_errors(url, self.connection):
                client = self._connect()
            with mapped_errors(f"open {url}/{self._root.lstrip('/')}", self.connection):
                if not stat.S_ISDIR(client.stat(self._root).st_mode or 0):
                    raise FeedConfigError(
                        f"{self._root} on {url} is not a folder. Check landing_zone.path of the feed."
                    )
        except BaseException:
            self.close()
            raise
        return client

    def _connect(self) -> SFTPClient:
        try:
            # The hook's own way to open SFTP waits without a limit, and leaves the connection to garbage collection.
            self._ssh = SSHHook.get_conn(self._hook)
        except BaseException as err:
            _close_half_open(err)
            raise
        transport = self._ssh.get_transport()
        with _closed_after(self._timeout, transport):
            channel = transport.open_session(window_size=_WINDOW, timeout=self._timeout)
            channel.settimeout(self._timeout)
            channel.invoke_subsystem("sftp")
            return SFTPClient(channel)

    @cached_property
    def _hook(self) -> SFTPHook:
        try:
            self._check(BaseHook.get_connection(self.connection).extra_dejson)
            hook = SFTPHook(ssh_conn_id=self.connection, conn_retry_attempts=1)
        except AirflowNotFoundException as err:
            raise FeedConfigError(
                f"Airflow connection {self.connection!r} does not exist. Create it (type sftp), or correct "
                "landing_zone.connection of the feed."
            ) from err
        except (AirflowException, ValueError, SSHException) as err:
            raise FeedConfigError(
                f"Airflow connection {self.connection!r} cannot be used: {err}. Correct it; host_key is e.g. "
                "'ssh-ed25519 AAAA...', private_key a whole PEM key."
            ) from err
        # AEP's files are compressed already. The machine's own keys must not log in where the connection's do not.
        hook.compress = hook.look_for_keys = False
        hook.conn_timeout = hook.conn_timeout or int(self._timeout)
        hook.auth_timeout = hook.auth_timeout or int(self._timeout)
        hook.banner_timeout = min(hook.banner_timeout, self._timeout)
        return hook

    def _check(self, extra: dict[str, Any]) -> None:
        for key in _UNVERIFIED:
            if str(extra.get(key, False)).lower() == "true":
                raise FeedConfigError(
                    f"Connection {self.connection!r} sets {key}, so any server could take the files. It is not used. "
                    f"Remove {key} from its extra and put the server's public key there as host_key."
                )


def _close_half_open(err: BaseException) -> None:
    """Close what the hook keeps to itself when the server's key or the login is refused."""
    for frame, _ in traceback.walk_tb(err.__traceback__):
        client = frame.f_locals.get("client")
        if isinstance(client, SSHClient):
            client.close()


@contextmanager
def _closed_after(seconds: float, transport: Transport) -> Iterator[None]:
    """Some of paramiko's waits have no limit of their own; closing what they wait for ends them."""
    timer = threading.Timer(seconds, transport.close)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
