"""How much an SFTP server still takes."""

from __future__ import annotations

from typing import Final

from paramiko import SFTPClient
from paramiko.sftp import CMD_EXTENDED, CMD_EXTENDED_REPLY

from campaign_cdp.hooks.landing_zone.sftp_errors import is_answer

_STATVFS: Final = "statvfs@openssh.com"


def free_bytes(client: SFTPClient, path: str) -> int | None:
    """Return what this user may still write, or ``None`` if the server does not know OpenSSH's extension for it."""
    try:
        kind, answer = client._request(CMD_EXTENDED, _STATVFS, path)
    except OSError as err:
        if err.errno is None and is_answer(err, client):
            return None
        raise
    if kind != CMD_EXTENDED_REPLY:
        return None
    _, fragment, _, _, available = (answer.get_int64() for _ in range(5))
    return int(fragment * available)
