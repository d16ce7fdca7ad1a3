# SPDX-License-Identifier: Apache-2.0
"""Listeners for WebSocket and Unix sockets, driven by foreign clients and by hostile bytes."""
import grp
import os
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import tempfile
import time
import unittest

import certificates
import transport
import wire
from broker import Broker

HERE = os.path.dirname(os.path.abspath(__file__))
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def listener(**keys):
    lines = [f"{name} = {value}" for name, value in keys.items()]
    return "[[listeners]]\n" + "\n".join(lines) + "\n"


class Raw:
    """Bytes to a port and what comes back until the broker closes."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, data):
        self.socket.sendall(data)
        got = b""
        while data := self.socket.recv(4096):
            got += data
        return got


class WebSocketTest(unittest.TestCase):
    config = listener(transport='"websocket"', websocket_origins='["https://app.example"]')

    def setUp(self):
        self.broker = Broker(config=self.config)
        self.addCleanup(self.broker.__exit__, None, None, None)

    def refused(self, data):
        with Raw(self.broker.port) as raw:
            return raw.ask(data)

    def test_the_upgrade_is_refused_with_a_reason(self):
        for request, status in ((transport.upgrade(KEY, path="/other"), b"404"),
                                (transport.upgrade(KEY, protocol="chat"), b"400"),
                                (transport.upgrade(KEY, protocol="MQTT"), b"400"),
                                (transport.upgrade("short"), b"400"),
                                (transport.upgrade(KEY, extra="Origin: https://evil.example\r\n"), b"403"),
                                (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"426"),
                                (b"POST /mqtt HTTP/1.1\r\nHost: x\r\n\r\n", b"405"),
                                (b"GET / HTTP/1.1\r\nA: ".ljust(16 << 10, b"a"), b"431")):
            with self.subTest(request=request[:60]):
                answer = self.refused(request)
                self.assertTrue(answer.startswith(b"HTTP/1.1 " + status), answer)
                self.assertIn(b"Connection: close", answer)
        self.broker.wait_for_line("upgrade refused with 404")

    def test_what_is_no_binary_frame_ends_the_connection(self):
        for data, code in ((transport.frame(transport.TEXT, b"hello"), 1003),
                           (transport.frame(transport.CONTINUATION, b"x"), 1002),
                           (b"\x82\x02hi", 1002),
                           (b"\xf2\x80", 1002)):
            with self.subTest(data=data[:2]):
                with Raw(self.broker.port) as raw:
                    client = transport.WebSocket(raw.socket)
                    answer = client.input + raw.ask(data)
                    self.assertEqual(answer, b"\x88\x02" + code.to_bytes(2, "big"))

    def test_what_is_no_mqtt_is_closed_with_what_it_was(self):
        """RFC 6455 section 7.4.1."""
        for version, packets, code in ((4, (b"\xf0\x00",), 1002),  # A type that there is not.
                                       (4, (wire.connect("m", version=4), b"\x40\x01\x00"), 1002),
                                       (5, (wire.connect("m"), b"\x40\x01\x00"), 1002),
                                       (5, (wire.connect("m"), wire.publish("a", b"", qos=3, packet_id=1)), 1002),
                                       (5, (wire.connect("m"), b"\xe0\x00"), 1000)):
            with self.subTest(version=version, packets=packets):
                with Raw(self.broker.port) as raw:
                    client = transport.WebSocket(raw.socket)
                    for packet in packets[:-1]:
                        raw.socket.sendall(transport.frame(transport.BINARY, packet))
                        client.recv(1000)
                    answer = client.input + raw.ask(transport.frame(transport.BINARY, packets[-1]))
                    self.assertTrue(answer.endswith(b"\x88\x02" + code.to_bytes(2, "big")), answer)

    def test_says_why_when_it_stops(self):
        with Broker(config=self.config) as broker, Raw(broker.port) as raw:
            client = transport.WebSocket(raw.socket)
            raw.socket.sendall(transport.frame(transport.BINARY, wire.connect("stays")))
            client.recv(1000)
            broker.signal(signal.SIGTERM)
            answer = client.input
            while piece := raw.socket.recv(1000):
                answer += piece
            self.assertTrue(answer.endswith(b"\x88\x02\x03\xe9"), answer)

    def test_says_goodbye(self):
        with Raw(self.broker.port) as raw:
            client = transport.WebSocket(raw.socket)
            client.sendall(wire.connect("polite"))
            self.assertEqual(client.recv(100)[0] >> 4, wire.CONNACK)
            self.assertEqual(client.input + raw.ask(transport.frame(transport.CLOSE, b"\x03\xe8bye")), b"\x88\x02\x03\xe8")

    def test_a_browser_of_an_allowed_origin_comes_in(self):
        with Raw(self.broker.port) as raw:
            raw.socket.sendall(transport.upgrade(KEY, extra="Origin: https://app.example\r\n"))
            self.assertIn(b" 101 ", raw.socket.recv(1000))

    def test_a_head_that_never_ends_is_not_waited_for(self):
        with Broker(config=self.config + "[limits]\nconnect_timeout_ms = 500\n") as broker, Raw(broker.port) as raw:
            start = time.monotonic()
            raw.ask(b"GET /mqtt HTTP/1.1\r\nHost: x\r\n")
            self.assertLess(time.monotonic() - start, 4)

    def test_packets_across_frames_and_many_in_one(self):
        with Raw(self.broker.port) as raw:
            client = transport.WebSocket(raw.socket)
            packets = wire.connect("cut") + wire.publish("a", b"x" * 300, qos=1, packet_id=7)
            for byte in packets[:40]:
                raw.socket.sendall(transport.frame(transport.BINARY, bytes([byte])))
            raw.socket.sendall(transport.frame(transport.BINARY, packets[40:] + b"\xc0\x00" * 3))
            got = b""
            while got.count(b"\xd0\x00") < 3:
                got += client.recv(1000)
            self.assertEqual(got[0] >> 4, wire.CONNACK)
            self.assertIn(b"\x40", got)

    @unittest.skipUnless(shutil.which("node") and os.path.isdir(os.path.join(HERE, "mqttjs", "node_modules", "mqtt")),
                         "mqtt.js is not installed (npm ci in tests/system/mqttjs)")
    def test_mqtt_js(self):
        for version in "45":
            subprocess.run(["node", "round_trip.js", f"ws://127.0.0.1:{self.broker.port}/mqtt", version], check=True,
                           timeout=30, cwd=os.path.join(HERE, "mqttjs"))


class GoodbyeTest(unittest.TestCase):
    """Who has more to be told than it reads, and says goodbye right behind what it still asks."""
    opening = wire.connect("echo", keep_alive=0) + wire.subscribe([("echo", 0)])
    asks = wire.publish("echo", bytes(900)) * 400

    def start(self, **keys):
        broker = Broker(listener(**keys) + "[limits]\noutput_bytes_max = 4096\noutput_bytes_high_mark = 4096\n")
        self.addCleanup(broker.__exit__, None, None, None)
        raw = Raw(broker.port)
        self.addCleanup(raw.socket.close)
        return raw

    def test_a_websocket_is_closed(self):
        raw = self.start(transport='"websocket"')
        client = transport.WebSocket(raw.socket)
        client.sendall(self.opening)
        got = raw.ask(transport.frame(transport.BINARY, self.asks) + transport.frame(transport.CLOSE, b"\x03\xe8"))
        self.assertTrue(got.endswith(b"\x88\x02\x03\xe8"), got[-100:])

    def test_a_tls_connection_is_closed(self):
        certificate, key = certificates.issued("server")
        raw = self.start(tls='"required"', tls_certificate_files=f'["{certificate}"]', tls_key_files=f'["{key}"]')
        arrived, leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cafile=certificates.authority())
        client = context.wrap_bio(arrived, leaving, server_hostname="localhost")
        while True:
            try:
                client.do_handshake()
                break
            except ssl.SSLWantReadError:
                raw.socket.sendall(leaving.read())
                arrived.write(raw.socket.recv(1 << 16))
        client.write(self.opening + self.asks)
        with self.assertRaises(ssl.SSLWantReadError):
            client.unwrap()
        arrived.write(raw.ask(leaving.read()))
        with self.assertRaises(ssl.SSLZeroReturnError):  # It hears the goodbye back.
            while client.read(1 << 16):
                pass
            raise ssl.SSLZeroReturnError


@unittest.skipUnless(shutil.which("chromium") and
                     os.path.isfile(os.path.join(HERE, "mqttjs", "node_modules", "mqtt", "dist", "mqtt.min.js")),
                     "chromium or mqtt.js is not installed")
class BrowserTest(unittest.TestCase):
    def test_mqtt_js_in_chromium(self):
        page = "file://" + os.path.join(HERE, "mqttjs", "browser.html")
        keys = {"transport": '"websocket"', "tls": '"optional"'}
        with Broker(config=listener(**keys) + certificates.listener_keys()) as broker:
            for scheme in "ws", "wss":
                with self.subTest(scheme=scheme), tempfile.TemporaryDirectory() as profile:
                    # Nobody but us knows our authority.
                    done = subprocess.run(["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom",
                                           "--disable-dev-shm-usage", f"--user-data-dir={profile}", "--timeout=20000",
                                           "--virtual-time-budget=15000", "--ignore-certificate-errors",
                                           f"{page}?{scheme}://127.0.0.1:{broker.port}/mqtt"],
                                          capture_output=True, text=True, timeout=90)
                    self.assertIn("both came back", done.stdout, done.stderr[-2000:] + broker.log())


class AnyTest(unittest.TestCase):
    def test_one_port_serves_mqtt_and_websocket(self):
        with Broker(config=listener(transport='"any"')) as broker:
            plain = wire.Client(broker.port)
            plain.send(wire.connect("plain"))
            plain.expect(wire.CONNACK)
            with Raw(broker.port) as raw:
                client = transport.WebSocket(raw.socket)
                client.sendall(wire.connect("web"))
                self.assertEqual(client.recv(100)[0] >> 4, wire.CONNACK)
            with Raw(broker.port) as raw:
                self.assertEqual(raw.ask(b"\x00\x00"), b"")
            plain.close()


class PolicyTest(unittest.TestCase):
    """Each listener has its own."""

    def start(self, config):
        broker = Broker(config=config)
        self.addCleanup(broker.__exit__, None, None, None)
        return broker

    def answer(self, port, version, name="v", host="127.0.0.1"):
        client = wire.Client(port, version) if host == "127.0.0.1" else self.client_to(host, port, version)
        self.addCleanup(client.close)
        client.send(wire.connect(name, version))
        return client, client.expect(wire.CONNACK).body[1]

    def client_to(self, host, port, version):
        made = wire.Client.__new__(wire.Client)
        made.version, made.buffer, made.messages = version, b"", []
        made.socket = socket.create_connection((host, port), timeout=5)
        return made

    def test_versions_that_are_not_spoken_are_refused(self):
        broker = self.start(listener(protocol_versions='["3.1.1"]'))
        for version, reason in ((3, 1), (4, 0), (5, 0x84)):
            with self.subTest(version=version):
                self.assertEqual(self.answer(broker.port, version)[1], reason)

    def test_limits_of_one_listener_are_not_those_of_another(self):
        broker = self.start(listener(packet_size_bytes_max=200, qos_max=1, keep_alive_s_max=20, session_expiry_s_max=30) +
                            listener(port=0))
        broker.wait_for_line("listening", count=2)
        other = int(broker.lines[-1].split(":")[-1].split()[0])
        strict = wire.Client(broker.port).open("strict", keep_alive=60, properties=[(0x11, 1000)])
        free = wire.Client(other).open("free", keep_alive=60, properties=[(0x11, 1000)])
        for client in strict, free:
            self.addCleanup(client.close)
        names = {0x27: 200, 0x24: 1, 0x13: 20, 0x11: 30}  # Packet size, QoS, keep alive, session expiry.
        self.assertEqual({name: strict.connack.get(name) for name in names}, names)
        self.assertEqual([free.connack.get(name) for name in names], [None] * 4)
        self.assertEqual(strict.subscribe(("a", 2)), [1])
        self.assertEqual(free.subscribe(("a", 2)), [2])
        self.assertEqual(free.publish("x", b"x" * 300, 2).kind, wire.PUBCOMP)
        strict.publish("a", b"x" * 100, 1)
        for name, packet, reason in (("large", wire.publish("x", b"x" * 300), 0x95),
                                     ("qos", wire.publish("x", b"", 2, 1), 0x9B)):
            with self.subTest(name=name):
                client = wire.Client(broker.port).open(name)
                client.send(packet)
                self.assertEqual(client.expect(wire.DISCONNECT).reason, reason)
                client.close()
        big = wire.Client(broker.port)
        self.addCleanup(big.close)
        big.send(wire.connect("big", will={"topic": "w", "payload": b"x" * 300}))
        big.expect_closed()
        will = wire.Client(broker.port)
        self.addCleanup(will.close)
        will.send(wire.connect("will", will={"topic": "w", "qos": 2}))
        self.assertEqual(will.expect(wire.CONNACK).reason, 0x9B)

    def test_a_listener_that_is_full_leaves_room_at_the_others(self):
        broker = self.start(listener(connections_max=2) + listener(port=0))
        broker.wait_for_line("listening", count=2)
        other = int(broker.lines[-1].split(":")[-1].split()[0])
        kept = [self.answer(broker.port, 5, f"k{i}") for i in range(2)]
        self.assertEqual([reason for _, reason in kept], [0, 0])
        self.assertEqual(self.answer(broker.port, 5, "late")[1], 0x97)
        broker.wait_for_line(r"connection refused: connections_max of its listener \(2\) reached")
        self.assertEqual(self.answer(other, 5, "elsewhere")[1], 0)
        kept[0][0].close()
        for _ in range(100):
            if self.answer(broker.port, 5, "later")[1] == 0:
                return
            time.sleep(0.02)
        self.fail("no room after one has left")

    @unittest.skipUnless(os.path.exists("/proc/net/if_inet6"), "this machine has no IPv6")
    def test_both_families_through_one_listener(self):
        broker = self.start(listener(address='"::"', dual_stack="true", allow_anonymous='"always"'))
        for host in "127.0.0.1", "::1":
            with self.subTest(host=host):
                self.assertEqual(self.answer(broker.port, 5, "d" + host, host)[1], 0)
        broker = self.start(listener(address='"::"', allow_anonymous='"always"'))
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", broker.port), timeout=5)

    @unittest.skipUnless(shutil.which("ss"), "iproute2 is not installed")
    def test_socket_options_are_what_the_kernel_says(self):
        broker = self.start(listener(tcp_keep_alive_s=77, tcp_user_timeout_ms=12345, backlog=17,
                                     send_buffer_bytes=50_000, receive_buffer_bytes=60_000))
        client, reason = self.answer(broker.port, 5)
        self.assertEqual(reason, 0)
        seen = subprocess.run(["ss", "-tnomHl", f"sport = :{broker.port}"], capture_output=True, text=True, timeout=10).stdout
        self.assertRegex(seen, r"LISTEN\s+0\s+17 ")
        self.assertRegex(seen, "rb120000.*tb100000")
        seen = subprocess.run(["ss", "-tnomH", f"sport = :{broker.port}"], capture_output=True, text=True, timeout=10).stdout
        self.assertRegex(seen, r"timer:\(keepalive,1min1")  # Of its 77 seconds.
        client.close()

    def test_wrong_keys_are_said(self):
        for config, line in ((listener(protocol_versions='["4"]'), 'expected "3.1", "3.1.1" or "5", found "4"'),
                             (listener(protocol_versions="[]"), "expected one or more, found none"),
                             (listener(dual_stack="true"), 'expected the address "::" beside it'),
                             (listener(bind_device='"a-very-long-device-name"'), "expected at most 15 bytes"),
                             (listener(backlog=0), "expected an integer from 1")):
            with self.subTest(line=line), self.assertRaisesRegex(AssertionError, line):
                Broker(config=config)


@unittest.skipUnless(shutil.which("mosquitto_pub"), "mosquitto-clients is not installed")
class UnixTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "mqtt.sock")

    def config(self, **keys):
        return listener() + listener(address=f'"unix:{self.path}"', **keys)

    def test_foreign_clients_come_through_the_file(self):
        group = grp.getgrgid(os.getgid()).gr_name
        with Broker(config=self.config(unix_mode='"0600"', unix_group=f'"{group}"')) as broker:
            broker.wait_for_line("listening on unix:.*anonymous clients allowed")
            self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)
            for i in range(8):  # Sessions of both shards.
                heard = subprocess.Popen(["mosquitto_sub", "--unix", self.path, "-i", f"s{i}", "-t", f"u/{i}", "-C", "1",
                                          "-W", "20", "-q", "1"], stdout=subprocess.PIPE, text=True)
                subprocess.run(["mosquitto_pub", "--unix", self.path, "-i", f"p{i}", "-t", f"u/{i}", "-m", "hi", "-q", "1",
                                "-r"], check=True, timeout=10)
                self.assertEqual(heard.communicate(timeout=30)[0], "hi\n")
        self.assertFalse(os.path.exists(self.path))

    def test_a_file_of_a_dead_process_is_replaced_and_no_other(self):
        broker = Broker(config=self.config())
        with self.assertRaisesRegex(AssertionError, "somebody listens there"):
            Broker(config=self.config())
        broker.process.kill()
        broker.process.wait()
        shutil.rmtree(broker.dir)
        self.assertTrue(os.path.exists(self.path))
        with Broker(config=self.config()):
            pass
        with open(self.path, "w") as file:
            file.write("precious")
        with self.assertRaisesRegex(AssertionError, "is no socket"):
            Broker(config=self.config())
        with open(self.path) as file:
            self.assertEqual(file.read(), "precious")

    def test_the_abstract_namespace_has_no_file(self):
        name = f"@ringmq-test-{os.getpid()}"
        with Broker(config=listener() + listener(address=f'"unix:{name}"')):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect("\0" + name[1:])
                client.sendall(wire.connect("abstract"))
                self.assertEqual(client.recv(100)[0] >> 4, wire.CONNACK)

    def test_a_wrong_owner_or_mode_is_said(self):
        for keys, line in (({"unix_owner": '"nobody-here"'}, "no user 'nobody-here'"),
                           ({"unix_group": '"nobody-here"'}, "no group 'nobody-here'"),
                           ({"unix_mode": '"0999"'}, 'expected octal digits like "0660"'),
                           ({"websocket_paths": '"/mqtt"'}, "expected a list of strings")):
            with self.subTest(keys=keys):
                with self.assertRaisesRegex(AssertionError, line):
                    Broker(config=self.config(**keys))


if __name__ == "__main__":
    unittest.main()
