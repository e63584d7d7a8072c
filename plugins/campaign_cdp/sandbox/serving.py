"""``cdp sandbox serve``: the sandbox as one program that runs until it is told to stop, as a container wants it."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.sandbox.hosts import SERVED, ServedZone
from campaign_cdp.sandbox.stack import Sandbox

_LOOK = 1.0  # second
#: In the sandbox's folder while all servers are up.
READY = "ready"


@click.command()
@click.option(
    "--zone",
    "zones",
    type=click.Choice(SERVED),
    multiple=True,
    default=("s3",),
    show_default=True,
    help="Storage to have; may be given several times.",
)
def serve(zones: tuple[ServedZone, ...]) -> None:
    """Run the servers until this program is stopped, and stop them with it.

    With the environment variable CDP_SANDBOX_HOST the servers listen on the address of that name and are found under
    it, e.g. that of a service of Docker Compose. Set it only where nobody else can reach them. While all are up there
    is a file `ready` in the sandbox's folder.

    Exit code 1: a server ended by itself.
    """
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    box = Sandbox()
    ready = box.folder / READY
    ready.unlink(missing_ok=True)
    _forget_postmaster(box)
    try:
        for zone in zones:
            box.up(click.echo, zone=zone)
        ready.touch()
        click.echo("All servers are up")
        _watch(box, told)
    finally:
        ready.unlink(missing_ok=True)
        box.down(progress=click.echo)


def _watch(box: Sandbox, told: threading.Event) -> None:
    while not told.wait(_LOOK):
        ended = [server.name for server in box.status() if not server.running]
        if ended:
            raise SandboxError(f"{' and '.join(ended)} ended by itself, so the others are stopped too. Look at its log")


def _forget_postmaster(box: Sandbox) -> None:
    """After a container was killed, the pid in PostgreSQL's lock may be that of something else in the next one."""
    record = box.record("postgres")
    if record and not record.is_running:
        Path(box.folder / "postgres" / "data" / "postmaster.pid").unlink(missing_ok=True)
