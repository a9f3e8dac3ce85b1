"""A network that stalls and breaks off: a proxy on this machine."""

import asyncio
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.ports import free_port

STALL_SECONDS = 4.0
SHARE = 0.02  # of the answers that are late, and as many that never come
MIDWAY_SHARE = 0.001  # of the parts of answers: there are many, and each breaks a life cycle off


class Network:
    """Passes requests on at once, and now and then keeps an answer back.

    Parameters
    ----------
    target : int
        The port of the server.
    seed : int
        Of what happens to which answer.
    midway : bool
        Whether it also happens to answers of which a part has come through.
    """

    def __init__(self, target: int, seed: int, midway: bool):
        self.port, self.stalled, self.broken = free_port(), 0, 0
        self._target, self._random, self._midway = target, random.Random(seed), midway

    async def serve(self) -> None:
        """Be a proxy until cancelled."""
        server = await asyncio.start_server(self._connect, "127.0.0.1", self.port)
        async with server:
            await server.serve_forever()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream, downstream = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        asked = asyncio.Event()
        both = (self._forward(reader, downstream, asked), self._answer(upstream, writer, asked))
        tasks = [asyncio.ensure_future(one) for one in both]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for one in (writer, downstream):
            one.close()

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: asyncio.Event
    ) -> None:
        while data := await reader.read(65536):
            asked.set()
            writer.write(data)
            await writer.drain()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: asyncio.Event
    ) -> None:
        share = MIDWAY_SHARE if self._midway else SHARE
        while data := await reader.read(65536):
            drawn = self._random.random() if asked.is_set() or self._midway else 1.0
            asked.clear()
            if drawn < share:
                self.broken += 1
                return
            if drawn < 2 * share:
                self.stalled += 1
                await asyncio.sleep(STALL_SECONDS)
                return
            writer.write(data)
            await writer.drain()


@contextmanager
def unreliable(target: int, seed: int, midway: bool = False) -> Iterator[Network]:
    """A bad network in front of a port of this machine, for the length of a block."""
    network, loop = Network(target, seed, midway), asyncio.new_event_loop()
    task = loop.create_task(network.serve())

    def work() -> None:
        asyncio.set_event_loop(loop)
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(task)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield network
    loop.call_soon_threadsafe(task.cancel)
    thread.join(10)
