# SPDX-License-Identifier: Apache-2.0
"""Connections whose TLS the kernel takes over (kTLS). Runs in the VM: tests/vm/run kernel_tls.tcp"""
import re
import socket
import ssl
import subprocess
import unittest

import certificates
import wire
from broker import Broker
from test_tls import Client, context, with_certificate

KERNEL_CIPHERS = [(ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-GCM-SHA256"), (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES256-GCM-SHA384"),
                  (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-CHACHA20-POLY1305"), (ssl.TLSVersion.TLSv1_3, None)]


PINGREQ = wire.frame(wire.PINGREQ, 0, b"")


def kernels_count(name):
    """What the kernel has counted: TlsCurrTxSw and TlsCurrRxSw are the connections that it encrypts for now."""
    with open("/proc/net/tls_stat") as file:
        return int(re.search(rf"^{name}\s+(\d+)", file.read(), re.M).group(1))


class KernelTls(unittest.TestCase):
    def start(self, config):
        broker = Broker(config=config)
        self.addCleanup(broker.__exit__, None, None, None)
        return broker

    def settled(self, client):
        """A round trip, and then silence: whatever the broker does when nothing is under way is done behind PINGRESP, before
        the next packet is read."""
        for _ in range(3):
            client.send(PINGREQ)
            client.expect(wire.PINGRESP)

    def open(self, broker, version=None, cipher=None):
        tls = context(version)
        if cipher:
            tls.set_ciphers(cipher)
        client = Client(broker.port, tls)
        client.come_in("kernel")
        self.settled(client)
        return client

    def test_a_quiet_client_moves_into_the_kernel_whatever_the_cipher(self):
        broker = self.start(with_certificate())
        for version, cipher in KERNEL_CIPHERS:
            with self.subTest(version=version, cipher=cipher):
                before = kernels_count("TlsTxSw"), kernels_count("TlsRxSw")
                client = self.open(broker, version, cipher)
                self.assertEqual((kernels_count("TlsTxSw"), kernels_count("TlsRxSw")), (before[0] + 1, before[1] + 1))
                client.send(wire.subscribe([("t", 1)]))
                client.expect(wire.SUBACK)
                for size in (1, 100, 20_000, 200_000):
                    client.send(wire.publish("t", b"x" * size, qos=1, packet_id=7))
                    self.assertEqual(client.expect(wire.PUBLISH).payload, b"x" * size)
                    client.expect(wire.PUBACK)
                client.socket.close()

    def test_the_configuration_can_forbid_it(self):
        for layer in "user", "openssl":
            broker = self.start(with_certificate(tls_record_layer=f'"{layer}"'))
            before = kernels_count("TlsTxSw")
            self.open(broker)
            self.assertEqual(kernels_count("TlsTxSw"), before)

    def test_both_ends_say_goodbye(self):
        broker = self.start(with_certificate())
        client = self.open(broker)
        client.socket.suppress_ragged_eofs = False
        client.send(wire.disconnect())
        self.assertEqual(client.socket.recv(100), b"")  # Without close_notify this raises SSLEOFError.
        client = self.open(broker)
        client.socket.unwrap()  # Says close_notify, and waits for the broker's.
        self.assertNotIn("connection closed:", broker.log())

    def test_what_the_kernel_cannot_go_on_with_ends_the_connection_and_says_why(self):
        broker = self.start(with_certificate())
        client = subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{broker.port}", "-CAfile",
                                   certificates.authority(), "-alpn", "mqtt", "-tls1_3"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)
        output = b""

        def until(pattern):
            nonlocal output
            while not re.search(pattern, output, re.S):
                more = client.stdout.read(1 << 16)
                self.assertTrue(more, output)
                output += more

        client.stdin.write(wire.connect("changes"))
        until(rb"\x20[\x03-\x7f]\x00\x00")  # CONNACK
        client.stdin.write(b"k\n")  # KeyUpdate, without a request for ours.
        broker.wait_for_line("connection closed: client changes keys, which this kernel's TLS cannot follow, from 127.0.0.1")
        client.communicate(timeout=20)
        self.open(broker)  # Others are served.

    def test_damage_on_the_way_is_noticed(self):
        broker = self.start(with_certificate())
        client = self.open(broker)
        plain = socket.socket(fileno=client.socket.detach())
        plain.sendall(b"\x17\x03\x03\x00\x20" + b"x" * 32)
        broker.wait_for_line("connection closed: damaged record, from 127.0.0.1")
        plain.close()

    def test_web_sockets_go_on_above(self):
        broker = self.start(with_certificate(transport='"websocket"'))
        before = kernels_count("TlsTxSw")
        client = Client(broker.port, context())
        client.socket.sendall(b"GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                              b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                              b"Sec-WebSocket-Protocol: mqtt\r\n\r\n")
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += client.socket.recv(4096)
        self.assertIn(b" 101 ", answer)
        ping = b"\x82\x82\x00\x00\x00\x00" + PINGREQ
        connect = wire.connect("web")
        client.socket.sendall(b"\x82" + bytes([0x80 | len(connect)]) + b"\x00\x00\x00\x00" + connect)
        self.assertEqual(client.socket.recv(1)[0], 0x82)
        client.socket.recv(4096)
        for _ in range(3):
            client.socket.sendall(ping)
            self.assertEqual(client.socket.recv(4), b"\x82\x02\xd0\x00")
        self.assertEqual(kernels_count("TlsTxSw"), before + 1)

    def test_an_idle_connection_costs_as_much_as_a_plain_one(self):
        count, aim = 600, 500
        tls = context()

        def plain(broker, i):
            client = wire.Client(broker.port)
            client.send(wire.connect(f"idle{i}"))
            client.expect(wire.CONNACK)
            return client

        def secret(broker, i):
            client = Client(broker.port, tls)
            client.come_in(f"idle{i}")
            return client

        def resident(make):
            broker = Broker(config=with_certificate(tls='"optional"'), threads=1)
            self.addCleanup(broker.__exit__, None, None, None)
            # A few that stay first, and as many receives as there are buffers to lend: what is wanted once is no
            # connection's.
            kept = [make(broker, i) for i in range(50)]
            for _ in range(1200):
                kept[0].send(PINGREQ)
                kept[0].expect(wire.PINGRESP)
            before = broker.resident_bytes()
            kept += [make(broker, i) for i in range(50, count)]
            grown = broker.resident_bytes() - before
            for client in kept:
                client.socket.close()
            return grown / (count - 50)

        plain_bytes, tls_bytes = resident(plain), resident(secret)
        print(f"resident bytes per idle connection: plain {plain_bytes:.0f}, TLS in the kernel {tls_bytes:.0f}")
        self.assertGreater(plain_bytes, 100)  # It is measured at all.
        self.assertLess(tls_bytes, plain_bytes + aim)


if __name__ == "__main__":
    unittest.main()
