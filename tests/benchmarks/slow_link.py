"""A way to a server that is no quicker than a network to a far one: each connection gets so many bytes a second.

``python -m tests.benchmarks.slow_link TARGET_PORT BYTES_A_SECOND`` listens on loopback and writes its port.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import suppress

_BLOCK = 64 * 1024


async def main(target: int, rate: float) -> None:
    async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(_pass(reader, far_writer, None), _pass(far_reader, writer, rate))

    server = await asyncio.start_server(joined, "127.0.0.1", 0, limit=_BLOCK)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rate: float | None) -> None:
    """Pass on what comes, not earlier than the rate allows; time that nobody used is not saved up."""
    free_at = time.monotonic()
    with suppress(ConnectionError):
        while block := await reader.read(_BLOCK):
            if rate:
                free_at = max(free_at, time.monotonic()) + len(block) / rate
                await asyncio.sleep(free_at - time.monotonic())
            writer.write(block)
            await writer.drain()
    writer.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
