"""A slow link: passes bytes on, each after the time that a distant peer's would take, and counts them."""

import asyncio
import contextlib
import threading
from types import TracebackType
from typing import Self

_PIECE = 1 << 18
_WAITING = 64  # pieces on their way in one direction, so that a fast server does not fill the memory


class Link:
    """
    Stands before a server on loopback, until the `with` block ends.

    Every byte arrives half a round trip after it was sent. The first of a connection a whole one later still, as
    TCP's handshake takes a round trip before the client may send. TLS passes through.
    """

    def __init__(self, port: int, round_trip_seconds: float = 0.0) -> None:
        self._server_port = port
        self._half = round_trip_seconds / 2
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.port = 0
        """Where it listens."""
        self.sent = 0
        """Bytes from clients to the server."""
        self.received = 0
        """Bytes from the server to clients."""
        self.connections = 0

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_PIECE, backlog=512)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            there, to_there = await asyncio.open_connection("127.0.0.1", self._server_port, limit=_PIECE)
        except OSError:
            writer.close()
            return
        out = self._pass_on(reader, to_there, "sent", first=2 * self._half)
        back = self._pass_on(there, writer, "received", first=0.0)
        # Cancelled means that the block has ended: asyncio would print it for a failure of ours.
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(out, back)

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: str, first: float
    ) -> None:
        """Read at once whatever comes, and write each piece when its time has come."""
        due: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_WAITING)
        writing = asyncio.create_task(self._write(due, writer))
        with contextlib.suppress(OSError):
            while piece := await reader.read(_PIECE):
                setattr(self, count, getattr(self, count) + len(piece))
                await due.put((self._loop.time() + self._half + first, piece))
                first = 0.0
        await due.put((self._loop.time() + self._half, b""))
        await writing

    async def _write(self, due: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                at, piece = await due.get()
                if (left := at - self._loop.time()) > 0:
                    await asyncio.sleep(left)
                if not piece:
                    break
                writer.write(piece)
                await writer.drain()
        except OSError:
            pass  # the other side has gone, which its own reader sees
        finally:
            writer.close()

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)  # transports close in the loop's next turn
