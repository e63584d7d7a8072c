"""The process of the sandbox's SFTP server: ``python -m campaign_cdp.sandbox.sftp_process FOLDER PORT``.

The folder holds ``host_key`` and ``authorized_key.pub``; clients see its folder ``data`` and nothing else.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import signal
import sys
from pathlib import Path
from typing import Final, cast

import asyncssh

from campaign_cdp.sandbox.addresses import bind_address

LOGIN: Final = "campaign"
#: Environment variable with the password: a command line is public.
PASSWORD: Final = "CDP_SANDBOX_SFTP_PASSWORD"  # noqa: S105 - a name
_MOST_UNSENT: Final = 4 * 1024 * 1024
_POLL: Final = 0.002


class Login(asyncssh.SSHServer):
    """Knows one user, with a password and a key."""

    def __init__(self, password: str, key: asyncssh.SSHKey) -> None:
        self._password, self._key = password.encode(), key.public_data

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return username == LOGIN and hmac.compare_digest(password.encode(), self._password)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == LOGIN and hmac.compare_digest(key.public_data, self._key)


class Files(asyncssh.SFTPServer):
    """A folder. What a client asks for faster than it takes it does not pile up in memory."""

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        # asyncssh does not tell an SFTP server when to go on.
        while self.channel.get_write_buffer_size() > _MOST_UNSENT and not self.channel.is_closing():  # noqa: ASYNC110
            await asyncio.sleep(_POLL)
        return cast("bytes", super().read(file_obj, offset, size))

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        written = cast("int", super().write(file_obj, offset, data))
        if written < len(data):
            # The rest tells why, e.g. that the disk is full.
            written += self.write(file_obj, offset + written, data[written:])
        return written


async def serve(folder: Path, port: int, password: str) -> None:
    """Serve until SIGTERM comes."""
    key, data = asyncssh.read_public_key(folder / "authorized_key.pub"), os.fsencode(folder / "data")
    server = await asyncssh.listen(
        bind_address(),
        port,
        server_factory=lambda: Login(password, key),
        server_host_keys=[str(folder / "host_key")],
        sftp_factory=lambda channel: Files(channel, chroot=data),
        allow_scp=False,
        agent_forwarding=False,
        allow_pty=False,
        login_timeout=30,
    )
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), os.environ.pop(PASSWORD)))
