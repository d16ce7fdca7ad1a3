# SPDX-License-Identifier: Apache-2.0
"""Rate limits of listeners: a crowd comes in at their pace, and others do not wait for it."""
import ssl
import threading
import time
import unittest

import certificates
import wire
from broker import Broker

CROWD = 16
PER_SECOND = 10


def listener(**keys):
    lines = [f"{name} = {value}" for name, value in keys.items()]
    return "[[listeners]]\n" + "\n".join(lines) + "\n"


class AdmissionTest(unittest.TestCase):
    def start(self, config):
        broker = Broker(config=config)
        self.addCleanup(broker.__exit__, None, None, None)
        broker.wait_for_line("listening", count=2)
        self.elsewhere = int(broker.lines[-1].split(":")[-1].split()[0])
        return broker

    def come_in(self, port, name, tls=None):
        client = wire.Client(port, timeout=30)
        self.addCleanup(client.close)
        if tls:
            client.socket = tls.wrap_socket(client.socket, server_hostname="localhost")
        client.send(wire.connect(name))
        self.assertEqual(client.expect(wire.CONNACK, timeout=30).reason, 0)

    def crowd(self, port, tls=None):
        """All at once. Returns how many came in, and how long it took until the last one knew."""
        came_in = []

        def try_it(i):
            try:
                self.come_in(port, f"c{i}", tls)
                came_in.append(i)
            except (wire.Closed, OSError):
                pass

        start = time.monotonic()
        threads = [threading.Thread(target=try_it, args=[i]) for i in range(CROWD)]
        for thread in threads:
            thread.start()
        self.come_in(self.elsewhere, "not-in-the-crowd")
        for thread in threads:
            thread.join(60)
        return len(came_in), time.monotonic() - start

    def test_connections_come_in_at_their_pace(self):
        broker = self.start(listener(connections_per_second_max=PER_SECOND) + listener(port=0))
        count, seconds = self.crowd(broker.port)
        self.assertEqual(count, CROWD)
        self.assertGreater(seconds, (CROWD - 2) / PER_SECOND)
        broker.wait_for_line(r"connections wait: connections_per_second_max \(10\) of listeners\[0\] reached")

    def test_handshakes_come_in_at_their_pace(self):
        broker = self.start(listener(tls='"required"', tls_handshakes_per_second_max=PER_SECOND) +
                            certificates.listener_keys("server") + listener(port=0))
        tls = ssl.create_default_context(cafile=certificates.authority("ca"))
        count, seconds = self.crowd(broker.port, tls)
        self.assertEqual(count, CROWD)
        self.assertGreater(seconds, (CROWD - 2) / PER_SECOND)
        broker.wait_for_line(r"TLS handshakes wait: tls_handshakes_per_second_max \(10\) of listeners\[0\] reached")

    def test_who_waits_too_long_is_closed(self):
        broker = self.start("[limits]\nconnect_timeout_ms = 300\n" + listener(connections_per_second_max=1) +
                            listener(port=0))
        count, seconds = self.crowd(broker.port)
        self.assertGreaterEqual(count, 1)
        self.assertLess(count, seconds + 2)
        broker.wait_for_line("closed: it could not be let in within 300 ms")

    def test_a_limit_of_handshakes_needs_tls(self):
        with self.assertRaisesRegex(AssertionError, r'listeners\[0\].tls: expected "required" or "optional" beside'):
            Broker(config=listener(tls_handshakes_per_second_max=1))


if __name__ == "__main__":
    unittest.main()
