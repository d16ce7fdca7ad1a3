# SPDX-License-Identifier: Apache-2.0
"""Attacks that take time or numbers rather than one bad packet: dripping bytes, storms, floods of errors. The broker keeps its
limits, says little in its log, gives the memory back and serves others meanwhile."""
import random
import resource
import socket
import threading
import time
import unittest

import wire
from broker import BINARY, Broker
from wire import Client, Closed, frame, text

MIB = 1 << 20
SANITIZED = "asan" in BINARY or "tsan" in BINARY  # Their shadow memory is not the broker's.


def await_true(what, timeout=20):
    end = time.monotonic() + timeout
    while not what():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.02)


class Attack(unittest.TestCase):
    def broker(self, config=None, **options):
        broker = Broker(config, **options)
        self.addCleanup(lambda: self.assertEqual(broker.stop(), 0))
        return broker

    def client(self, broker, name, version=5, **options):
        client = Client(broker.port, version)
        self.addCleanup(client.close)
        return client.open(name, **options)

    def served(self, broker):
        client = self.client(broker, "witness")
        client.subscribe(("witness", 1))
        client.publish("witness", b"alive", qos=1)
        self.assertEqual(client.message().payload, b"alive")
        client.close()

    def raw(self, broker):
        client = Client(broker.port)
        self.addCleanup(client.close)
        return client

    # ---- Time.
    def test_connect_in_drops_does_not_move_the_deadline(self):
        broker = self.broker("[limits]\nconnect_timeout_ms = 600\n")
        client, begin = self.raw(broker), time.monotonic()
        client.socket.settimeout(0.05)
        packet = wire.connect("drops" * 20)
        for byte in packet:  # Over five seconds, were it let.
            try:
                client.socket.sendall(bytes([byte]))
                if client.socket.recv(100) == b"":
                    break
            except (socket.timeout, TimeoutError):
                pass
            except OSError:
                break
        else:
            self.fail("the whole CONNECT was taken")
        self.assertTrue(0.5 < time.monotonic() - begin < 3)
        self.served(broker)

    def test_silent_connections_are_gone_after_the_timeout(self):
        broker = self.broker("[limits]\nconnect_timeout_ms = 600\n")
        clients = [self.raw(broker) for _ in range(300)]
        self.served(broker)
        for client in clients:
            client.expect_closed()

    # ---- Memory.
    def test_large_connects_that_never_end_cost_little(self):
        broker = self.broker()
        before = broker.resident_bytes()
        head = b"\x10" + wire.varint(60_000) + wire.connect("x")[2:]
        for _ in range(300):
            self.raw(broker).send(head)
        self.served(broker)
        if not SANITIZED:
            self.assertLess(broker.resident_bytes() - before, 24 * MIB)

    def test_huge_packets_that_never_end_cost_what_was_sent(self):
        broker = self.broker()
        before = broker.resident_bytes()
        for i in range(100):
            client = self.client(broker, f"huge{i}")
            client.send(b"\x30" + wire.varint(268_435_455) + text("a") + b"\0" + b"x" * 20_000)
        self.served(broker)
        if not SANITIZED:
            self.assertLess(broker.resident_bytes() - before, 24 * MIB)

    def test_memory_comes_back_after_a_storm_of_connections(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        broker, levels = self.broker(), []
        for _ in range(4):
            clients = [Client(broker.port, 4) for _ in range(1500)]
            for i, client in enumerate(clients):
                client.send(wire.connect(f"storm{i}", 4) + wire.subscribe([(f"storm/{i}/#", 1)], version=4) +
                            wire.publish(f"storm/{i}/x", b"y" * 5000, 1, 1, version=4))
            for client in clients:
                kinds = {client.recv(20).kind for _ in range(4)}
                self.assertEqual(kinds, {wire.CONNACK, wire.SUBACK, wire.PUBACK, wire.PUBLISH})
            for client in clients:
                client.close()
            self.served(broker)
            levels.append(broker.resident_bytes())
        if not SANITIZED:  # The second storm finds all the memory it needs; later ones take no more.
            self.assertLess(levels[3] - levels[1], 8 * MIB, levels)

    def test_refused_publications_are_not_kept(self):
        broker = self.broker("[auth]\nacl_file = \"@DIR@/acl\"\n", files={"acl": "topic read x\ntopic readwrite witness\n"})
        client = self.client(broker, "refused")
        before = 0
        for i in range(3):
            for _ in range(200):
                self.assertEqual(client.publish("forbidden", b"x" * 50_000, 2, 1, retain=True).reason, 0x87)
            before = before or broker.resident_bytes()
        self.served(broker)
        if not SANITIZED:
            self.assertLess(broker.resident_bytes() - before, 4 * MIB)

    # ---- Numbers.
    def test_the_log_stays_short(self):
        broker = self.broker("[log]\nsimilar_lines_max = 5\nsimilar_interval_s = 3600\n")
        for i in range(400):
            client = self.raw(broker)
            client.send(frame(wire.PINGREQ, 0, b"") if i % 2 else wire.connect("c") + wire.publish("#"))
            with self.assertRaises(Closed):
                while True:
                    client.recv()
        self.served(broker)
        self.assertLess(len(broker.lines), 60, broker.log()[-3000:])

    def test_a_log_line_cannot_be_forged(self):
        broker = self.broker()
        name = "evil\r\n2026-01-01 error forged\x1b[31m\u0085\u2028x"
        client = self.client(broker, name)
        client.send(b"\x30\x80")  # Something to complain about: the client is then named.
        client.send(b"\xff\xff\xff\xff")
        with self.assertRaises(Closed):
            while True:
                client.recv()
        self.served(broker)
        for line in broker.lines:
            self.assertNotIn("\x1b", line)
            self.assertFalse(line.startswith("2026-01-01 error forged"), line)

    def test_take_over_storm_with_traffic_on_every_core(self):
        broker = self.broker(threads=3)
        watcher = self.client(broker, "watcher")
        watcher.subscribe(("storm/will", 1))
        failures = []

        def storm(seed):
            dice = random.Random(seed)
            for _ in range(60):
                client = Client(broker.port, 5)
                try:
                    clean = dice.random() < 0.3
                    client.send(wire.connect("hunted", clean=clean, properties=[(17, dice.choice((0, 60)))],
                                             will={"topic": "storm/will", "payload": b"w"} if dice.random() < 0.3 else None))
                    client.send(wire.subscribe([("storm/#", 2)]) + wire.publish("storm/a", b"x" * 100, 2, 1) +
                                wire.publish("storm/a", b"y", 1, 2) + wire.unsubscribe(["storm/#"], 2))
                    for _ in range(dice.randrange(8)):
                        client.recv(2)
                except (Closed, socket.timeout, TimeoutError):
                    pass
                except Exception as error:  # What a thread raises would be lost.
                    failures.append(repr(error))
                client.reset() if dice.random() < 0.5 else client.close()

        threads = [threading.Thread(target=storm, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        for _ in range(8 * 60):  # A CONNECT of the storm may still be on its way, and takes this one over too.
            try:
                last = self.client(broker, "hunted", clean=True)
                last.send(wire.subscribe([("last", 2)]) + wire.publish("last", b"x", 2, 9))
                kinds = {last.recv().kind for _ in range(3)}
            except Closed:
                continue
            if wire.DISCONNECT not in kinds:
                break
        self.assertEqual(kinds, {wire.SUBACK, wire.PUBREC, wire.PUBLISH})
        self.served(broker)

    def test_mutated_conversations(self):
        """Good packets with a few bytes changed, dropped or doubled: seeded, so that a failure repeats."""
        broker = self.broker(threads=3)
        good = [wire.subscribe([("m/#", 2), ("$share/g/m/+", 1)], 3, properties=[(11, 5), (38, ("k", "v"))]),
                wire.publish("m/a", b"payload", 2, 4, properties=[(1, 1), (2, 9), (35, 1), (38, ("a", "b"))]),
                wire.publish("m/b", b"kept", 1, 5, retain=True), wire.ack(wire.PUBREL, 4), wire.unsubscribe(["m/#"], 6),
                frame(wire.PINGREQ, 0, b""), wire.disconnect(4, [(17, 5)])]
        hello = wire.connect("mutant", properties=[(17, 5), (33, 9), (34, 4)], username="u", password=b"p",
                             will={"topic": "m/w", "payload": b"w", "qos": 1, "properties": [(24, 1), (3, "t")]})
        dice = random.Random(7)
        for _ in range(600):
            data = bytearray(hello + b"".join(dice.choices(good, k=4)))
            first = 0 if dice.random() < 0.3 else len(hello)
            for _ in range(dice.randrange(1, 4)):
                at = dice.randrange(first, len(data))
                change = dice.randrange(3)
                if change == 0:
                    data[at] = dice.randrange(256)
                elif change == 1:
                    del data[at]
                else:
                    data.insert(at, data[at])
                if len(data) <= first:
                    break
            client = Client(broker.port)
            client.send(bytes(data))
            client.socket.shutdown(socket.SHUT_WR)
            try:
                while client.socket.recv(1 << 16):
                    pass
            except OSError:
                pass
            client.close()
        self.served(broker)


if __name__ == "__main__":
    unittest.main()
