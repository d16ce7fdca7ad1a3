# SPDX-License-Identifier: Apache-2.0
"""A relay between clients and a broker that cuts connections, and goes on to another broker."""
import asyncio
import contextlib
import socket
import struct
import threading


class Cutter:
    """As a context: `with Cutter(broker.port) as cutter: cutter.port; cutter.cut()`."""

    def __init__(self, broker_port):
        self.broker_port = broker_port
        self.writers, self.accepted = set(), 0
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(
            asyncio.start_server(self._relay, "127.0.0.1", 0))
        self.port = self.server.sockets[0].getsockname()[1]
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def cut(self):
        """All connections, by resets, with what is on its way."""
        asyncio.run_coroutine_threadsafe(self._cut(), self.loop).result(30)

    async def _cut(self):
        for writer in list(self.writers):
            with contextlib.suppress(OSError):
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        self.writers.clear()

    async def _relay(self, reader, writer):
        self.accepted += 1
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.broker_port)
        except OSError:
            writer.transport.abort()
            return
        self.writers |= {writer, far_writer}
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))

    @staticmethod
    async def _pump(reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cut()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(30)
