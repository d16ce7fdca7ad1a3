"""Our WebSocket layers against Python's `websockets`, over a socket pair and a Unix socket.

WEBSOCKET_PIPE is the program that holds our end.

SPDX-License-Identifier: Apache-2.0
"""

import asyncio
import http
import logging
import os
import socket
import subprocess
import tempfile
import unittest

import websockets

PIPE = os.environ["WEBSOCKET_PIPE"]
TIMEOUT_S = 30
logging.disable()  # It logs each connection that ends early, which is what is tested.
SIZES = (1, 125, 126, 65_535, 65_536, 300_000)


def start(role, end):
    return subprocess.Popen([PIPE, role], stdin=end, stdout=subprocess.PIPE, text=True)


async def finish(process):
    """Its exit code and what it printed."""
    output, _ = await asyncio.to_thread(process.communicate, timeout=TIMEOUT_S)
    return process.returncode, output.strip()


async def receive(connection, size):
    data = b""
    while len(data) < size:
        data += await asyncio.wait_for(connection.recv(), TIMEOUT_S)
    return data


class OurServer(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        ours, self.theirs = socket.socketpair()
        self.process = start("server", ours)
        ours.close()

    async def asyncTearDown(self):
        self.theirs.close()
        await finish(self.process)

    def connect(self, path="/mqtt", subprotocols=("mqtt",)):
        # With a limit on its queue it stops reading pongs too.
        return websockets.connect(f"ws://localhost{path}", sock=self.theirs, max_queue=None,
                                  subprotocols=subprotocols)

    async def test_echoes_messages_of_every_kind_of_length(self):
        async with self.connect() as connection:
            self.assertEqual(connection.subprotocol, "mqtt")
            self.assertEqual(connection.extensions, [])  # It offers compression.
            for size in SIZES:
                data = os.urandom(size)
                await connection.send(data)
                self.assertEqual(await receive(connection, size), data)
        self.assertEqual(connection.close_code, 1000)
        self.assertEqual(await finish(self.process), (0, "ended"))

    async def test_joins_fragments_with_pings_in_between(self):
        async with self.connect() as connection:
            async def fragments():
                for i in range(50):
                    yield bytes([i]) * i * 100
                    await asyncio.wait_for(await connection.ping(b"between"), TIMEOUT_S)
            await connection.send(fragments())
            expected = b"".join(bytes([i]) * i * 100 for i in range(50))
            self.assertEqual(await receive(connection, len(expected)), expected)

    async def test_refuses_text_with_1003(self):  # [MQTT-6.0.0-1]
        async with self.connect() as connection:
            await connection.send("text")
            with self.assertRaises(websockets.ConnectionClosedError) as caught:
                await asyncio.wait_for(connection.recv(), TIMEOUT_S)
            self.assertEqual(caught.exception.rcvd.code, 1003)
        self.assertEqual(await finish(self.process),
                         (1, "WebSocket: a text frame"))

    async def test_refuses_other_paths(self):
        with self.assertRaises(websockets.InvalidStatusCode) as caught:
            await self.connect(path="/other")
        self.assertEqual(caught.exception.status_code, 404)

    async def test_refuses_clients_without_a_subprotocol(self):  # [MQTT-6.0.0-3]
        with self.assertRaises(websockets.InvalidStatusCode) as caught:
            await self.connect(subprotocols=None)
        self.assertEqual(caught.exception.status_code, 400)


class OurClient(unittest.IsolatedAsyncioTestCase):
    async def run_against(self, handler, **options):
        """Exit code and output of our client with that server."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "socket")
            async with websockets.unix_serve(handler, path, max_size=None, **options):
                with socket.socket(socket.AF_UNIX) as end:
                    end.connect(path)
                    process = start("client", end)
                return await finish(process)

    async def test_gets_back_what_it_sends(self):
        async def echo(connection):
            self.assertEqual(connection.subprotocol, "mqtt")
            self.assertEqual(connection.path, "/mqtt")
            async for message in connection:
                await connection.ping(b"between")
                await connection.send([message[:10], message[10:500_000], message[500_000:]])
        self.assertEqual(await self.run_against(echo, subprotocols=["mqtt"]), (0, "ended"))

    async def test_tells_why_it_was_refused(self):
        async def refuse(_path, _headers):
            return http.HTTPStatus.UNAUTHORIZED, [], b"no"
        code, output = await self.run_against(None, process_request=refuse)
        self.assertEqual((code, output), (1, "WebSocket: the server refused the WebSocket: 401 Unauthorized"))

    async def test_needs_the_subprotocol(self):  # [MQTT-6.0.0-4]
        async def never(_connection):
            pass
        code, output = await self.run_against(never)
        self.assertEqual(code, 1)
        self.assertIn("subprotocol", output)


if __name__ == "__main__":
    unittest.main()
