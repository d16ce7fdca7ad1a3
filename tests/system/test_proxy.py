# SPDX-License-Identifier: Apache-2.0
"""Behind proxies: the PROXY protocol, by hand and by haproxy, and X-Forwarded-For."""
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import unittest

import certificates
import mosquitto
import transport
import wire
from broker import Broker

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
ADDRESSES = socket.inet_aton("192.0.2.7") + socket.inet_aton("198.51.100.1") + struct.pack(">HH", 50000, 1883)
LINE = b"PROXY TCP4 192.0.2.7 198.51.100.1 50000 1883\r\n"


def listener(**keys):
    keys = {"proxy_protocol": '"required"', "trusted_proxies": '["127.0.0.0/8"]',
            "allow_anonymous": '"always"', **keys}
    lines = [f"{name} = {value}" for name, value in keys.items()]
    return "[[listeners]]\n" + "\n".join(lines) + "\n"


def version_2(command=1, family=0x11, body=ADDRESSES):
    return SIGNATURE + bytes([0x20 | command, family]) + struct.pack(">H", len(body)) + body


def field(kind, value):
    return struct.pack(">BH", kind, len(value)) + value


class Case(unittest.TestCase):
    def start(self, config, **more):
        broker = Broker(config=config, args=("-v",), **more)
        self.addCleanup(broker.__exit__, None, None, None)
        return broker

    def client(self, broker, header, source="127.0.0.1"):
        """A raw client behind a header."""
        made = wire.Client.__new__(wire.Client)
        made.version, made.buffer, made.messages = 5, b"", []
        made.socket = socket.create_connection(("127.0.0.1", broker.port), timeout=5, source_address=(source, 0))
        self.addCleanup(made.socket.close)
        for piece in (header[:5], header[5:]):
            made.socket.sendall(piece)
        return made


class HeaderTest(Case):
    def test_the_client_is_whom_the_header_names(self):
        broker = self.start(listener())
        for name, header, line in (("v1", LINE, "from 192.0.2.7:50000"), ("v2", version_2(), "from 192.0.2.7:50000"),
                                   ("local", version_2(0, 0, b""), "from 127.0.0.1:")):
            for i in range(4):  # Sessions of both shards.
                client = self.client(broker, header)
                client.send(wire.connect(name + str(i)))
                self.assertEqual(client.expect(wire.CONNACK).body[1], 0)
                broker.wait_for_line(f"client '{name}{i}' connected {line}")

    def test_our_own_client_says_whom_it_speaks_for(self):
        tool = os.path.join(os.environ.get("RINGMQ_TOOLS", "build/dev/tools"), "ringmq/ringmq")
        for more, scheme in (("", "mqtt"), ('transport = "any"\n', "ws")):
            broker = self.start(listener() + more)
            url = f"{scheme}://127.0.0.1:{broker.port}/" + ("t" if scheme == "mqtt" else "mqtt")
            for args, line in ((["1", "--proxy-source", "192.0.2.7:50000"], "from 192.0.2.7:50000"),
                               (["2", "--proxy-source", "[2001:db8::7]:1"], r"from \[2001:db8::7\]:1"),
                               (["2"], "from 127.0.0.1:")):
                name = "c" + args[0] + str(len(args)) + args[-1][0].strip("[")
                done = subprocess.run([tool, "pub", "-L", url, *(["-t", "t"] if scheme == "ws" else []), "-i", name, "-q", "1",
                                       "-m", "x", "--proxy-protocol", *args], capture_output=True, text=True, timeout=30)
                self.assertEqual(done.returncode, 0, done.stderr)
                broker.wait_for_line(f"client '{name}' connected {line}")
        done = subprocess.run([tool, "pub", "-t", "t", "-m", "x", "--proxy-protocol", "2", "--proxy-source", "here"],
                              capture_output=True, text=True, timeout=30)
        self.assertIn("192.0.2.7:50000", done.stderr)
        self.assertNotEqual(done.returncode, 0)

    def test_a_client_behind_a_proxy_is_not_on_loopback(self):
        broker = self.start(listener(allow_anonymous='"on_loopback"'))
        broker.wait_for_line("listening on .*user name and password required")
        client = self.client(broker, version_2())
        client.send(wire.connect("far"))
        self.assertEqual(client.expect(wire.CONNACK).body[1], 0x87)

    def test_who_is_no_trusted_proxy_may_not_say_who_it_is(self):
        broker = self.start(listener(trusted_proxies='["127.0.0.2", "::1"]'))
        client = self.client(broker, LINE + wire.connect("liar"))
        client.expect_closed()
        broker.wait_for_line("connection closed: it is no trusted proxy")
        client = self.client(broker, LINE + wire.connect("good"), source="127.0.0.2")
        client.expect(wire.CONNACK)

    def test_what_is_no_header_is_refused(self):
        broker = self.start(listener())
        for data in (wire.connect("none"), b"PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n", SIGNATURE + b"\x31\x11\0\0", b"\xff" * 300):
            with self.subTest(data=data[:12]):
                before = broker.count_lines("connection closed: PROXY header: ")
                self.client(broker, data).expect_closed()
                broker.wait_for_line("connection closed: PROXY header: .*, from 127.0.0.1:", count=before + 1)
        self.client(broker, LINE).send(wire.connect("fine")).expect(wire.CONNACK)

    def test_a_header_that_never_ends_is_not_waited_for(self):
        broker = self.start(listener() + "[limits]\nconnect_timeout_ms = 500\n")
        self.client(broker, LINE[:20]).expect_closed()

    def test_a_certificate_that_the_proxy_verified_is_an_identity(self):
        broker = self.start(listener(identity='"certificate_cn"', allow_anonymous='"never"') +
                            '[auth]\nacl_file = "@DIR@/acl"\n', files={"acl": "pattern readwrite names/%u\n"})
        for verified, shown, reason in ((0, 3, 0), (18, 3, 0x87), (0, 1, 0x87)):
            tls = struct.pack(">BI", shown, verified) + field(0x22, b"sensor")
            client = self.client(broker, version_2(body=ADDRESSES + field(0x20, tls)))
            client.send(wire.connect("s"))
            self.assertEqual(client.expect(wire.CONNACK).body[1], reason)
            if reason == 0:
                client.send(wire.subscribe([("names/sensor", 0)]))
                self.assertEqual(client.expect(wire.SUBACK).body[-1], 0)

    def test_websocket_and_tls_stand_behind_it(self):
        broker = self.start(listener(transport='"any"', tls='"optional"') + certificates.listener_keys())
        plain = self.client(broker, LINE).socket
        client = transport.WebSocket(plain)
        client.sendall(wire.connect("web"))
        self.assertEqual(client.recv(100)[0] >> 4, wire.CONNACK)
        broker.wait_for_line("client 'web' connected from 192.0.2.7:50000")

    def test_wrong_configuration_is_said(self):
        for config, line in ((listener(trusted_proxies="[]"), 'expected addresses like "127.0.0.1" beside proxy_protocol'),
                             (listener(trusted_proxies='["10.0.0.0/99"]'), "trusted_proxies: .*found \"10.0.0.0/99\""),
                             (listener(proxy_protocol='"v2"'), 'expected one of "off", "required"')):
            with self.subTest(line=line), self.assertRaisesRegex(AssertionError, line):
                Broker(config=config)


class ForwardedTest(Case):
    def test_what_is_no_address_is_refused(self):
        broker = self.start(listener(proxy_protocol='"off"', transport='"websocket"'))
        for value in "dead.beef", "[2001:db8::7", "203.0.113.9:port":
            with self.subTest(value=value), socket.create_connection(("127.0.0.1", broker.port), timeout=5) as plain:
                plain.sendall(transport.upgrade("dGhlIHNhbXBsZSBub25jZQ==", extra=f"X-Forwarded-For: {value}\r\n"))
                self.assertTrue(plain.recv(1000).startswith(b"HTTP/1.1 400 "))
        broker.wait_for_line("upgrade refused with 400: what X-Forwarded-For ends with is no address", count=3)

    def test_only_a_trusted_proxy_is_believed(self):
        for trusted, line in (('["127.0.0.1"]', "from 203.0.113.9"), ("[]", "from 127.0.0.1:")):
            broker = self.start(listener(proxy_protocol='"off"', transport='"websocket"', trusted_proxies=trusted))
            plain = socket.create_connection(("127.0.0.1", broker.port), timeout=5)
            self.addCleanup(plain.close)
            plain.sendall(transport.upgrade("dGhlIHNhbXBsZSBub25jZQ==", extra="X-Forwarded-For: 10.1.1.1, 203.0.113.9\r\n"))
            head = b""
            while b"\r\n\r\n" not in head:
                head += plain.recv(1000)
            plain.sendall(transport.frame(transport.BINARY, wire.connect("w")))
            broker.wait_for_line("client 'w' connected " + line)


@unittest.skipUnless(shutil.which("haproxy") or os.path.exists("/usr/sbin/haproxy"), "haproxy is not installed")
class HaproxyTest(Case):
    def haproxy(self, broker):
        """Ports: version 1, version 2, and TLS ended by haproxy with the certificate's name in version 2."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        certificate, key = certificates.issued("server")
        pem = os.path.join(folder.name, "server.pem")
        with open(pem, "w") as file:
            for path in (certificate, key):
                with open(path) as part:
                    file.write(part.read())
        for _ in range(10):  # Somebody may take a port between the two of us.
            ports = [mosquitto.free_port() for _ in range(3)]
            if self.started(folder.name, pem, broker, ports):
                return ports
        self.fail("haproxy does not start")

    def started(self, folder, pem, broker, ports):
        path = os.path.join(folder, "haproxy.cfg")
        with open(path, "w") as file:
            file.write("defaults\n mode tcp\n timeout connect 5s\n timeout client 20s\n timeout server 20s\n")
            for i, (bind, send) in enumerate((("", "send-proxy"), ("", "send-proxy-v2"),
                                              (f" ssl crt {pem} ca-file {certificates.authority()} verify optional",
                                               "send-proxy-v2-ssl-cn"))):
                file.write(f"listen l{i}\n bind 127.0.0.1:{ports[i]}{bind}\n server s 127.0.0.1:{broker.port} {send}\n")
        process = subprocess.Popen([shutil.which("haproxy") or "/usr/sbin/haproxy", "-db", "-f", path],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait, 20)
        self.addCleanup(process.terminate)
        for _ in range(500):
            if process.poll() is not None:
                return False
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", ports[-1])) == 0:
                    return True
            time.sleep(0.02)
        self.fail("haproxy does not listen")

    def test_mosquitto_through_haproxy(self):
        broker = self.start(listener(identity='"certificate_cn"', allow_anonymous='"always"') +
                            '[auth]\nacl_file = "@DIR@/acl"\n',
                            files={"acl": "topic readwrite all/#\npattern readwrite names/%u\n"})
        ports = self.haproxy(broker)
        own = certificates.issued("plant-9")
        tls = ["--cafile", certificates.authority(), "--cert", own[0], "--key", own[1]]
        for port, topic, options in ((ports[0], "all/1", []), (ports[1], "all/2", []), (ports[2], "names/plant-9", tls)):
            with self.subTest(topic=topic):
                command = ["-h", "localhost", "-p", str(port), "-t", topic, "-q", "1", *options]
                subprocess.run(["mosquitto_pub", *command, "-m", "through", "-r", "-i", topic], check=True, timeout=20)
                heard = subprocess.run(["mosquitto_sub", *command, "-C", "1", "-W", "10"], capture_output=True, text=True,
                                       timeout=20)
                self.assertEqual(heard.stdout, "through\n")
                broker.wait_for_line(f"client '{topic}' connected from 127.0.0.1:")


if __name__ == "__main__":
    unittest.main()
