# SPDX-License-Identifier: Apache-2.0
"""Both rings on one, two and three cores; what 3.1 and 3.1.1 say to bad input; clients that die or never read; rights that
are taken away. Everything expected here is written from the standards, not from what a broker was seen to do."""
import os
import re
import signal
import socket
import subprocess
import sys
import time
import unittest

import wire
from broker import BINARY, Broker
from wire import Client, Closed, frame, text

HERE = os.path.dirname(os.path.abspath(__file__))


class EveryBackend(unittest.TestCase):
    """The same core conversation on io_uring and epoll, with one, two and three shards."""

    def test_uring(self):
        self.all_threads("uring")

    def test_epoll(self):
        self.all_threads("epoll")

    def all_threads(self, io):
        for threads in (1, 2, 3):
            with self.subTest(io=io, threads=threads), Broker(args=["--io", io], threads=threads) as broker:
                for version in (3, 4, 5):
                    self.converse(broker, version)

    def client(self, broker, version, name, **options):
        client = Client(broker.port, version)
        self.addCleanup(client.close)
        return client.open(f"{name}-{version}", **options)

    def converse(self, broker, version):
        topic = f"core/{version}"
        kept = {"clean": False, "properties": [(17, 60)] if version == 5 else ()}
        reader, sender = self.client(broker, version, "reader", **kept), self.client(broker, version, "sender")
        self.assertEqual(reader.subscribe((topic + "/+", 2)), [2])
        for qos in (0, 1, 2):
            sender.publish(f"{topic}/{qos}", bytes([qos]) * 10_000, qos=qos)
            message = reader.message()
            self.assertEqual((message.topic, message.qos, len(message.payload)), (f"{topic}/{qos}", qos, 10_000))
        # A session keeps what comes while its client is away.
        reader.expect_silence()  # All acknowledgements have arrived.
        reader.reset()
        for i in range(20):
            sender.publish(f"{topic}/away", str(i), qos=1)
        reader = self.client(broker, version, "reader", **kept)
        if version >= 4:
            self.assertEqual(reader.connack.session_present, 1)
        self.assertEqual([reader.message().payload for _ in range(20)], [str(i).encode() for i in range(20)])
        # Retained for who comes later; the will of who is lost; the end for who is taken over.
        sender.publish(f"{topic}/deep/kept", b"kept", qos=1, retain=True)
        late = self.client(broker, version, "late")
        late.subscribe((f"{topic}/deep/+", 1), (f"{topic}/will", 1))
        message = late.message()
        self.assertEqual((message.payload, message.retain), (b"kept", 1))
        self.client(broker, version, "doomed", will={"topic": f"{topic}/will", "payload": b"gone", "qos": 1}).reset()
        self.assertEqual((reader.message().payload, late.message().payload), (b"gone", b"gone"))
        self.client(broker, version, "late")
        if version == 5:
            self.assertEqual(late.expect(wire.DISCONNECT).reason, 0x8E)  # [MQTT-3.1.4-3]
        late.expect_closed()


class WithBroker(unittest.TestCase):
    CONFIG = None
    FILES = None

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(cls.CONFIG, files=cls.FILES)

    @classmethod
    def tearDownClass(cls):
        assert cls.broker.stop() == 0

    def client(self, name, version=5, **options):
        client = Client(self.broker.port, version)
        self.addCleanup(client.close)
        return client.open(name, **options)


class OldVersions(WithBroker):
    """3.1.1 knows one answer to a violation: the connection ends (its section 4.8). 3.1 gets the same."""

    def ends(self, data, versions=(3, 4)):
        for version in versions:
            with self.subTest(version=version, data=data[:20].hex()):
                client = self.client("bad", version)
                client.send(data)
                client.expect_closed()
        witness = self.client("witness", 4)
        witness.subscribe("witness")
        witness.publish("witness", b"alive", qos=1)
        self.assertEqual(witness.message().payload, b"alive")

    def test_what_only_servers_send(self):
        for data in (b"\x20\x02\0\0", b"\x90\x03\0\1\0", b"\xb0\x02\0\1", b"\xd0\0", b"\xf0\0", b"\0\0"):
            self.ends(data)

    def test_publish(self):
        self.ends(wire.publish("", b"x", version=4))
        for topic in (b"a/+", b"#", b"a\0b", b"\xc3\x28", b"\xed\xbf\xbf"):
            self.ends(wire.publish(topic, b"x", version=4))
        self.ends(frame(3, 6, text("a") + b"\0\1x"))                    # QoS 3
        self.ends(wire.publish("a", b"x", 1, 0, version=4))             # Packet id 0
        self.ends(wire.publish("a", b"x", dup=True, version=4), (4,))  # 3.1.1, 3.3.1.1
        self.ends(b"\x30\x01\0")                                        # Ends inside the topic's length.
        self.ends(b"\x32\x03\0\x01a")                                   # Ends before the packet id.

    def test_subscribe_and_unsubscribe(self):
        for name in ("", "a+", "+a", "#/x", "a/#/b", "a\0"):
            self.ends(wire.subscribe([(name, 0)], version=4))
            self.ends(wire.unsubscribe([name], version=4))
        self.ends(wire.subscribe([], version=4))
        self.ends(wire.unsubscribe([], version=4))
        self.ends(wire.subscribe([("a", 3)], version=4))
        self.ends(wire.subscribe([("a", 0x10)], version=4), (4,))
        self.ends(wire.subscribe([("a", 0)], packet_id=0, version=4))
        self.ends(b"\x80" + wire.subscribe([("a", 0)], version=4)[1:], (4,))
        self.ends(b"\xa0" + wire.unsubscribe(["a"], version=4)[1:], (4,))

    def test_acknowledgements(self):
        self.ends(b"\x60\x02\0\1", (4,))  # PUBREL's flags are 2.
        for kind in (wire.PUBACK, wire.PUBREC, wire.PUBCOMP):
            self.ends(frame(kind, 0, b"\0"))
            self.ends(frame(kind, 0, b"\0\0"))

    def test_what_comes_after_a_packet_of_no_content(self):
        self.ends(b"\xc0\x01x", (4,))
        self.ends(b"\xe0\x01x", (4,))
        self.ends(b"\xc1\0", (4,))

    def test_second_connect(self):
        for version in (3, 4):
            self.ends(wire.connect("bad", version), (version,))

    def connect_ends(self, *cases):
        for name, level, flags, rest in cases:
            data = frame(1, 0, text(name) + bytes([level, flags, 0, 60]) + rest)
            with self.subTest(data=data.hex()):
                client = Client(self.broker.port, 4)
                self.addCleanup(client.close)
                client.send(data)
                client.expect_closed()

    def test_unknown_protocol_names(self):
        self.connect_ends(("mqtt", 4, 2, text("c")), ("MQTTX", 4, 2, text("c")), ("", 4, 2, text("c")))

    def test_a_connect_that_breaks_the_rules_gets_no_connack(self):  # 3.1.1, section 3.1.4
        self.connect_ends(("MQTT", 4, 0x03, text("c")),                            # Reserved flag
                          ("MQTT", 4, 0x1E, text("c") + text("w") + text("")),     # Will QoS 3
                          ("MQTT", 4, 0x0A, text("c")), ("MQTT", 4, 0x22, text("c")),  # Will bits without a will
                          ("MQTT", 4, 0x42, text("c") + text("password")),         # Password without user name
                          ("MQTT", 4, 0x82, text("c")), ("MQTT", 4, 0x06, text("c")))  # What flags promise is missing.

    def test_suback_says_0x80_for_what_may_not_be_read(self):  # 3.1.1, section 3.9.3
        with Broker("[auth]\nacl_file = \"acl\"\n", files={"acl": "topic read open/#\n"}) as broker:
            client = Client(broker.port, 4).open("c")
            self.assertEqual(client.subscribe(("open/x", 1), ("shut/x", 1)), [1, 0x80])
            client.close()


class Corners(WithBroker):
    """MQTT 5, where brokers were seen to go wrong."""
    CONFIG = "[limits]\nuser_properties_max = 1000\n"

    def answered(self, data, reason, **options):
        client = self.client("corner", **options)
        client.send(data)
        self.assertEqual(client.expect(wire.DISCONNECT).reason, reason)
        client.expect_closed()

    def test_what_only_servers_send(self):
        for data in (b"\x20\x03\0\0\0", b"\x90\x04\0\1\0\0", b"\xb0\x04\0\1\0\0", b"\xd0\0"):
            self.answered(data, 0x82)

    def test_properties_that_lie(self):
        self.answered(frame(3, 0, text("a") + b"\x02\x7f\0"), 0x81)                 # No such property.
        self.answered(frame(3, 0, text("a") + b"\x7f\x01\0"), 0x81)                 # Longer than the packet.
        self.answered(frame(3, 0, text("a") + b"\x03\x26\0\1"), 0x81)               # Ends inside a pair.
        self.answered(frame(3, 0, text("a") + wire.props([(1, 2)])), 0x82)          # Neither 0 nor 1.
        self.answered(wire.publish("a", properties=[(3, "a"), (3, "b")]), 0x82)
        for number in (23, 25):  # Request problem or response information 2.
            client = Client(self.broker.port)
            client.send(wire.connect(properties=[(number, 2)]))
            self.assertEqual(client.expect(wire.CONNACK).reason, 0x82)
            client.expect_closed()
            client.close()

    def test_disconnect_may_not_start_a_session_expiry(self):  # MQTT 5, 3.14.2.2.2
        self.answered(wire.disconnect(0, [(17, 5)]), 0x82)

    def test_disconnect_may_change_a_session_expiry(self):
        client = self.client("expiry", clean=False, properties=[(17, 60)])
        client.send(wire.disconnect(0, [(17, 0)]))
        client.expect_closed()
        self.assertEqual(self.client("expiry", clean=False).connack.session_present, 0)

    def test_disconnect_with_will(self):  # [MQTT-3.14.4-3]: reason 0x04 keeps the will.
        watcher = self.client("watcher")
        watcher.subscribe("corner/will")
        self.client("doomed", will={"topic": "corner/will", "payload": b"4"}).send(wire.disconnect(4))
        self.assertEqual(watcher.message().payload, b"4")

    def test_no_reason_strings_for_who_wants_none(self):  # [MQTT-3.1.2-29]
        client = self.client("terse", properties=[(23, 0)])
        client.send(wire.publish("$SYS/x", b"", 1, 1) + wire.subscribe([("a", 0)]))
        self.assertLessEqual(len(client.expect(wire.PUBACK).body), 4)
        self.assertEqual(client.expect(wire.SUBACK).properties, [])

    def test_a_plain_and_a_shared_filter_of_one_name_are_two(self):
        client, sender = self.client("both"), self.client("sender")
        for gone, left in (("both/t", "$share/g/both/t"), ("$share/g/both/t", "both/t")):
            client.subscribe("both/t", "$share/g/both/t")
            client.send(wire.unsubscribe([gone]))
            self.assertEqual(client.expect(wire.UNSUBACK).reasons, [0])
            sender.publish("both/t", b"1", qos=1)
            self.assertEqual(client.message().payload, b"1")
            client.send(wire.unsubscribe([left]))
            self.assertEqual(client.expect(wire.UNSUBACK).reasons, [0])
            self.assertEqual(sender.publish("both/t", b"1", qos=1).reason, 0x10)
            self.assertEqual(client.messages, [])

    def test_stray_acknowledgements_do_not_widen_the_window(self):  # [MQTT-4.9.0-3]
        reader = self.client("narrow", properties=[(33, 2)])
        reader.subscribe(("narrow", 1))
        reader.send(b"".join(wire.ack(wire.PUBACK, i) for i in range(100, 150)))
        sender = self.client("sender")
        for i in range(10):
            sender.publish("narrow", str(i), qos=1)
        reader.settle(sender)
        self.assertEqual(len(reader.messages), 2)
        for message in list(reader.messages):
            reader.send(wire.ack(wire.PUBACK, message.packet_id))
        got = [reader.messages.pop(0).payload for _ in range(2)] + [reader.message().payload for _ in range(8)]
        self.assertEqual(got, [str(i).encode() for i in range(10)])

    def test_qos_2_is_once_over_a_resume(self):  # [MQTT-4.3.3-10]
        for version in (4, 5):
            kept = {"clean": False, "properties": [(17, 60)] if version == 5 else ()}
            reader = self.client("reader", version)
            reader.subscribe(("resume", 2))
            sender = self.client("resumer", version, **kept)
            sender.send(wire.publish("resume", b"once", 2, 5, version=version))
            sender.expect(wire.PUBREC)
            sender.reset()
            again = self.client("resumer", version, **kept)
            self.assertEqual(again.connack.session_present, 1)
            again.send(wire.publish("resume", b"once", 2, 5, dup=True, version=version))
            again.expect(wire.PUBREC)
            again.send(wire.ack(wire.PUBREL, 5, version=version))
            again.expect(wire.PUBCOMP)
            again.publish("resume", b"next", qos=2, packet_id=5)  # The id is free again.
            self.assertEqual([reader.message().payload for _ in range(2)], [b"once", b"next"])
            reader.settle(again)
            self.assertEqual(reader.messages, [])

    def test_half_a_packet_is_no_sign_of_life(self):  # [MQTT-3.1.2-22]
        client = self.client("half", keep_alive=1)
        begin = time.monotonic()
        client.send(b"\x30\x7f\0\1")
        try:
            self.assertEqual(client.recv(10).reason, 0x8D)
            client.expect_closed()
        except Closed:
            pass
        self.assertTrue(1.3 < time.monotonic() - begin < 6)

    def test_who_asks_and_never_reads_is_not_collected_for(self):
        client = self.client("deaf")
        client.socket.setblocking(False)
        before, sent, pings = self.broker.resident_bytes(), 0, b"\xc0\0" * 32_768
        idle_since = time.monotonic()
        while sent < (64 << 20) and time.monotonic() - idle_since < 0.5:
            try:
                sent += client.socket.send(pings[sent % 2:])  # A short write may end inside a packet.
                idle_since = time.monotonic()
            except BlockingIOError:
                pass
            except (ConnectionResetError, BrokenPipeError):
                break
        self.assertLess(sent, 64 << 20)  # The broker has stopped reading, instead of keeping 64 MiB of answers.
        if "tsan" not in BINARY:  # Whose shadow is several times what the program has.
            self.assertLess(self.broker.resident_bytes() - before, 32 << 20)
        other = self.client("other")
        other.expect_silence()


# Opens argv[2] connections with wills, says so, and waits to be killed.
DOOMED = """
import sys, wire
clients = [wire.Client(int(sys.argv[1]), 3 + i % 3).open(f"killed-{i}", will={"topic": f"killed/{i}", "payload": b"x", "qos": 1})
           for i in range(int(sys.argv[2]))]
print("ready", flush=True)
sys.stdin.read()
"""


class Death(unittest.TestCase):
    def test_each_will_of_a_killed_process_comes_once(self):
        with Broker() as broker:
            watcher = Client(broker.port).open("watcher")
            watcher.subscribe(("killed/+", 1))
            doomed = subprocess.Popen([sys.executable, "-c", DOOMED, str(broker.port), "200"], cwd=HERE, text=True,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.assertEqual(doomed.stdout.readline(), "ready\n")
            doomed.send_signal(signal.SIGKILL)
            doomed.wait()
            topics = sorted(int(watcher.message(20).topic.split("/")[1]) for _ in range(200))
            self.assertEqual(topics, list(range(200)))
            watcher.expect_silence()
            self.assertEqual(watcher.messages, [])
            doomed.stdin.close()
            doomed.stdout.close()
            watcher.close()

    def test_a_stop_waits_no_longer_than_it_was_told_to(self):
        broker = Broker("[server]\nstop_timeout_ms = 1000\n")
        deaf = Client(broker.port)
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.open("deaf").subscribe("flood")
        sender = Client(broker.port).open("sender")
        for i in range(100):
            sender.publish("flood", b"x" * 200_000)
        sender.expect_silence()
        begin = time.monotonic()
        self.assertEqual(broker.stop(), 0)
        self.assertLess(time.monotonic() - begin, 5)
        self.assertEqual(sender.expect(wire.DISCONNECT).reason, 0x8B)
        deaf.close()
        sender.close()


class TakenRights(WithBroker):
    CONFIG = ("[auth]\nacl_file = \"@DIR@/acl\"\n[[listeners]]\naddress = \"127.0.0.1\"\nport = 0\n"
              "[[users]]\nname = \"+\"\npassword = \"p\"\n[[users]]\nname = \"a/b\"\npassword = \"p\"\n")
    ACL = "topic readwrite news/#\nuser +\ntopic read x\npattern readwrite own/%u/%c\n"
    FILES = {"acl": ACL}

    def reload(self, acl):
        with open(self.broker.path("acl"), "w") as file:
            file.write(acl)
        before = self.broker.count_lines("read again")
        self.broker.signal(signal.SIGHUP)
        self.broker.wait_for_line("read again", count=before + 1)

    def revoked(self):
        """A session with a queued message, and a retained one, that may not be read any more."""
        self.addCleanup(self.reload, self.ACL)
        reader = self.client("reader", clean=False, properties=[(17, 60)], will={"topic": "news/lost"})
        reader.subscribe(("news/#", 1))
        sender = self.client("sender")
        sender.subscribe("news/lost")
        reader.reset()
        sender.message()  # The will: from here on messages are queued. One that was sent would have to come again.
        sender.publish("news/kept", b"kept", qos=1, retain=True)
        self.reload("topic read other/#\ntopic readwrite settle/#\n")
        self.assertEqual(sender.publish("news/x", b"", qos=1).reason, 0x87)

    def test_a_retained_message_is_not_replayed_after_the_right_is_gone(self):
        self.revoked()
        late = self.client("late")
        late.subscribe("+/kept")
        late.settle_retained(late)
        self.assertEqual(late.messages, [])

    def test_a_queued_message_is_not_delivered_after_the_right_is_gone(self):
        self.revoked()
        back = self.client("reader", clean=False)
        self.assertEqual(back.connack.session_present, 1)
        back.expect_silence()
        self.assertEqual(back.messages, [])

    def test_an_empty_file_denies(self):
        self.addCleanup(self.reload, self.ACL)
        client = self.client("client")
        self.assertIn(client.publish("news/x", b"", qos=1).reason, (0, 0x10))
        self.reload("")
        self.assertEqual(client.publish("news/x", b"", qos=1).reason, 0x87)
        self.assertEqual(client.subscribe("news/x"), [0x87])

    def test_new_rights_hold_on_every_core_once_the_log_says_so(self):
        self.addCleanup(self.reload, self.ACL)
        clients = [self.client(f"spread-{i}") for i in range(8)]
        for _ in range(10):
            for acl, allowed in (("", False), (self.ACL, True)):
                self.reload(acl)
                for client in clients:
                    client.send(wire.publish("news/x", b"", 1, 1))
                for client in clients:
                    self.assertEqual(client.expect(wire.PUBACK).reason != 0x87, allowed)

    def test_reloads_in_a_hurry(self):
        for _ in range(300):
            self.broker.signal(signal.SIGHUP)
        # Signals that arrive together may count as one, so the last reload tells its success by what it changes.
        with open(self.broker.path("acl"), "a") as file:
            file.write("topic hurry wrong\n")
        self.broker.signal(signal.SIGHUP)
        self.broker.wait_for_line("reload failed")
        self.reload(self.ACL)
        self.assertIn(self.client("hurry").publish("news/x", b"", qos=1).reason, (0, 0x10))

    def test_names_that_would_be_wildcards_or_levels_open_nothing(self):
        for user, name, topic in (("+", "c", "own/other/c"), ("a/b", "c", "own/a/b"), ("+", "#", "own/x/y"),
                                  ("+", "+", "own/z/z")):
            with self.subTest(user=user, name=name):
                client = Client(self.broker.port)
                self.addCleanup(client.close)
                client.send(wire.connect(name, username=user, password="p"))
                if client.expect(wire.CONNACK).reason != 0:
                    continue  # To refuse such a name is one right answer.
                self.assertEqual(client.publish(topic, b"", qos=1).reason, 0x87)
                reasons = client.subscribe(topic)
                self.assertEqual(reasons, [0x87])


class MosquittoTools(WithBroker):
    """What test_clients.py leaves out: shared subscriptions, wildcards and properties, as typed on a command line."""

    def subscriber(self, *args):
        process = subprocess.Popen(["stdbuf", "-oL", "mosquitto_sub", "-p", str(self.broker.port), "-d", "-W", "20", *args],
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for cleanup in (process.stdout.close, process.wait, process.kill):
            self.addCleanup(cleanup)
        while b"Subscribed" not in (line := process.stdout.readline()):
            self.assertTrue(line)
        return process

    def got(self, process, count):
        lines = []
        while len(lines) < count:
            line = process.stdout.readline()
            self.assertTrue(line, f"ended after {lines}")
            if line.startswith(b"got "):
                lines.append(line.strip().decode())
        return lines

    def publish(self, *args):
        subprocess.run(["mosquitto_pub", "-p", str(self.broker.port), *args], check=True, timeout=30, capture_output=True)

    def test_properties(self):
        reader = self.subscriber("-V", "5", "-t", "tools/p", "-C", "1", "-F", "got %p|%P|%C|%R|%D")
        self.publish("-V", "5", "-t", "tools/p", "-m", "hi", "-D", "publish", "user-property", "k", "v", "-D", "publish",
                     "content-type", "text", "-D", "publish", "response-topic", "back", "-D", "publish", "correlation-data",
                     "77")
        self.assertEqual(self.got(reader, 1), ["got hi|k:v|text|back|77"])

    def test_wildcards(self):
        reader = self.subscriber("-t", "tools/+/w/#", "-C", "3", "-F", "got %t")
        for topic in ("tools/1/w", "tools/x/other", "tools/2/w/deep/er", "tools//w/"):
            self.publish("-t", topic, "-m", "x", "-q", "1")
        self.assertEqual(self.got(reader, 3), ["got tools/1/w", "got tools/2/w/deep/er", "got tools//w/"])

    def test_a_shared_group(self):
        readers = [self.subscriber("-V", "5", "-q", "1", "-t", "$share/g/tools/s", "-C", "5", "-F", "got %p") for _ in range(2)]
        for i in range(10):
            self.publish("-t", "tools/s", "-q", "1", "-m", str(i))
        lines = self.got(readers[0], 5) + self.got(readers[1], 5)  # Round robin is the default.
        self.assertEqual(sorted(lines), [f"got {i}" for i in range(10)])


if __name__ == "__main__":
    unittest.main()
