# SPDX-License-Identifier: Apache-2.0
"""What broke real brokers: each class is answered as the standard says, and the broker goes on serving others."""
import socket
import struct
import time
import unittest

import wire
from broker import Broker
from wire import Client, Closed, frame, props, text

CONFIG = "[limits]\nconnect_timeout_ms = 700\n"


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(CONFIG)

    @classmethod
    def tearDownClass(cls):
        assert cls.broker.stop() == 0

    def tearDown(self):
        self.others_are_served()

    def others_are_served(self):
        client = Client(self.broker.port).open("witness")
        client.subscribe("witness")
        client.publish("witness", b"alive", qos=1)
        self.assertEqual(client.message().payload, b"alive")
        client.close()

    def answered(self, data, reason, version=5, **options):
        """An open connection sends `data`: 5.0 gets DISCONNECT with the reason, earlier versions just the end."""
        client = Client(self.broker.port, version).open("hostile", **options)
        client.send(data)
        if version == 5:
            packet = client.expect(wire.DISCONNECT)
            self.assertEqual(packet.reason, reason, packet)
        client.expect_closed()
        client.close()

    def refused(self, data, reason=None, version=5):
        """Before CONNACK: CONNACK with the reason, or the end without a word."""
        client = Client(self.broker.port, version)
        client.send(data)
        if reason is not None:
            packet = client.expect(wire.CONNACK)
            self.assertEqual((packet.session_present, packet.reason), (0, reason))
        client.expect_closed()
        client.close()

    # ---- Before authentication.
    def test_first_packet_is_not_connect(self):  # [MQTT-3.1.0-1]
        for data in (frame(wire.PINGREQ, 0, b""), wire.ack(wire.PUBACK, 1), frame(wire.CONNACK, 0, b"\0\0\0"),
                     wire.publish("a", b"x"), wire.disconnect()):
            self.refused(data)

    def test_reserved_types_and_flags(self):  # [MQTT-2.1.3-1]
        for first in (0x00, 0x11, 0xF1):
            self.refused(bytes([first, 0]))
        for first in (0x00, 0x41, 0x60, 0x80, 0xA0, 0xC1, 0xE1, 0xF1):
            self.answered(bytes([first, 2, 0, 1]), 0x81)

    def test_reserved_connect_flag(self):  # [MQTT-3.1.2-3]
        self.refused(wire.connect(flags=0x03), 0x81)

    def test_will_flags_that_contradict(self):  # [MQTT-3.1.2-11] [MQTT-3.1.2-12] [MQTT-3.1.2-13]
        for flags in (0x0A, 0x12, 0x22, 0x1E):
            self.refused(wire.connect(flags=flags), 0x81)

    def test_unknown_protocol_name_and_level(self):  # [MQTT-3.1.2-1] [MQTT-3.1.2-2]
        self.refused(frame(1, 0, text("HTTP") + b"\x05\x02\0\x3c\0" + text("c")))
        client = Client(self.broker.port, 4)
        client.send(frame(1, 0, text("MQTT") + b"\x09\x02\0\x3c\0" + text("c")))
        self.assertIn(client.expect(wire.CONNACK).reason, (1, 0x84))
        client.expect_closed()

    def test_password_without_username_is_forbidden_before_5(self):
        body = text("MQTT") + b"\x04\x42\0\x3c" + text("c") + text("secret")
        client = Client(self.broker.port, 4)
        client.send(frame(1, 0, body))
        with self.assertRaises(Closed):
            while True:
                self.assertNotEqual(client.recv().reason, 0)

    def test_empty_client_id_with_a_session(self):  # [MQTT-3.1.3-8]
        self.refused(wire.connect("", 4, clean=False), 2, 4)

    def test_trailing_bytes_and_truncated_fields(self):  # [MQTT-3.1.4-1]
        good = wire.connect("c")[2:]
        self.refused(frame(1, 0, good + b"x"), 0x81)
        for size in range(0, len(good)):
            client = Client(self.broker.port)
            client.send(frame(1, 0, good[:size]))
            with self.assertRaises(Closed):
                self.assertNotEqual(client.recv().reason, 0)
                client.recv()

    def test_zero_receive_maximum_and_packet_size(self):
        self.refused(wire.connect(properties=[(33, 0)]), 0x82)
        self.refused(wire.connect(properties=[(39, 0)]), 0x82)

    def test_doubled_and_misplaced_properties(self):
        self.refused(wire.connect(properties=[(17, 1), (17, 1)]), 0x82)
        self.assertIn(self.first_reason(wire.connect(properties=[(35, 1)])), (0x81, 0x82))
        self.answered(wire.publish("a", properties=[(1, 1), (1, 1)]), 0x82)

    def first_reason(self, data):
        client = Client(self.broker.port)
        client.send(data)
        return client.expect(wire.CONNACK).reason

    def test_auth_data_without_method(self):
        self.refused(wire.connect(properties=[(22, b"data")]), 0x82)

    def test_unknown_auth_method(self):  # [MQTT-4.12.0-1]
        self.refused(wire.connect(properties=[(21, "no-such-method")]), 0x8C)

    def test_a_hundred_thousand_user_properties(self):
        many = frame(3, 0, text("a") + props([(38, ("k", "v"))] * 100_000) + b"x")
        self.answered(many, 0x97)

    def test_variable_byte_integers(self):  # [MQTT-1.5.5-1]
        self.refused(b"\x10\xff\xff\xff\xff\x01")
        self.answered(b"\x30\xff\xff\xff\xff\x01", 0x81)
        self.answered(b"\x30\x84\x80\x00\x00\x01a\x00", 0x81)
        self.answered(frame(3, 0, text("a") + b"\x80\x00"), 0x81)

    def test_huge_remaining_length_reserves_nothing(self):
        # Each as soon as it is there: fifty handshakes take longer than CONNECT is waited for.
        clients = [Client(self.broker.port).open(f"huge-{i}") for i in range(50)]
        self.others_are_served()
        before = self.broker.resident_bytes()  # Handshakes have their own memory.
        for client in clients:
            client.send(b"\x30\xff\xff\xff\x7f\x00\x01a\x00")
            client.socket.settimeout(5)
        self.others_are_served()
        self.assertLess(self.broker.resident_bytes() - before, 16 << 20)
        for client in clients:
            client.close()

    def test_a_connect_larger_than_the_cap(self):
        client = Client(self.broker.port)
        client.send(b"\x10\xff\xff\xff\x7f\x00\x04MQTT\x05")
        with self.assertRaises(Closed):
            self.assertEqual(client.recv().reason, 0x95)
            client.recv()

    def test_connect_timeout_also_byte_by_byte(self):
        silent = Client(self.broker.port)
        slow = Client(self.broker.port)
        begin = time.monotonic()
        data = wire.connect("slow")
        slow.send(data[:1])
        silent.expect_closed()
        self.assertGreater(time.monotonic() - begin, 0.5)
        slow.expect_closed()

    def test_connect_byte_by_byte_and_pipelined(self):
        client = Client(self.broker.port)
        for byte in wire.connect("bytes") + wire.subscribe([("bytes", 0)]) + wire.publish("bytes", b"x"):
            client.send(bytes([byte]))
        client.expect(wire.CONNACK)
        kinds = {client.recv().kind, client.recv().kind}
        self.assertEqual(kinds, {wire.SUBACK, wire.PUBLISH})

    def test_second_connect(self):  # [MQTT-3.1.0-2]
        self.answered(wire.connect("hostile"), 0x82)
        self.answered(wire.connect("hostile", 4), None, 4)

    # ---- Topics.
    def test_ill_formed_topics(self):  # [MQTT-1.5.4-1] [MQTT-1.5.4-2] [MQTT-3.3.2-2] [MQTT-4.7.3-2]
        for topic in (b"a\x00b", b"\xed\xa0\x80", b"\xff", b"\xc0\x80", b"sport/+", b"#"):
            body = struct.pack(">H", len(topic)) + topic + b"\0x"
            self.answered(frame(3, 0, body), 0x81)
            self.answered(frame(3, 0, body[:-2] + b"x"), None, 4)

    def test_empty_topic_without_alias(self):  # [MQTT-3.3.2-1]
        self.answered(wire.publish(""), 0x82)

    def test_ill_formed_filters(self):  # [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.8.2-1] [MQTT-4.8.2-2] [MQTT-3.8.3-1]
        for name in ("sport+", "+a", "#/x", "a/#/b", "", "$share/grp", "$share//t", "$share/g+/t", "$share/g/", "a\0"):
            with self.subTest(name):
                self.answered(wire.subscribe([(name, 0)]), 0x81)
                self.answered(wire.unsubscribe([name]), 0x81)

    def test_shared_with_no_local(self):  # [MQTT-3.8.3-4]
        self.answered(wire.subscribe([("$share/g/t", 4)]), 0x82)

    def test_subscribe_option_bits(self):  # [MQTT-3.8.3-5]
        for options in (0x03, 0x30, 0x40, 0x80):
            client = Client(self.broker.port).open("hostile")
            client.send(wire.subscribe([("a", options)]))
            self.assertIn(client.expect(wire.DISCONNECT).reason, (0x81, 0x82))
            client.expect_closed()

    def test_empty_lists_and_missing_options(self):  # [MQTT-3.8.3-2] [MQTT-3.10.3-2]
        self.answered(wire.subscribe([]), 0x82)
        self.answered(wire.unsubscribe([]), 0x82)
        self.answered(frame(8, 2, b"\0\1\0" + text("a")), 0x81)
        self.answered(frame(8, 2, b"\0\1" + text("a")), None, 4)

    def test_packet_id_zero(self):  # [MQTT-2.2.1-3]
        client = Client(self.broker.port).open("hostile")
        client.send(wire.publish("a", qos=1, packet_id=0))
        self.assertIn(client.expect(wire.DISCONNECT).reason, (0x81, 0x82))
        self.answered(wire.subscribe([("a", 0)], packet_id=0), 0x82)

    def test_subscription_identifiers(self):  # [MQTT-3.3.4-6]
        self.answered(wire.subscribe([("a", 0)], properties=[(11, 0)]), 0x82)
        self.answered(wire.publish("a", properties=[(11, 1)]), 0x82)

    def test_dup_with_qos_0_and_qos_3(self):  # [MQTT-3.3.1-2] [MQTT-3.3.1-4]
        self.answered(wire.publish("a", dup=True), 0x81)
        self.answered(frame(3, 6, text("a") + b"\0\1\0"), 0x81)

    def test_wildcard_in_response_topic(self):  # [MQTT-3.3.2-14]
        client = Client(self.broker.port).open("hostile")
        client.send(wire.publish("a", properties=[(8, "x/+")]))
        self.assertIn(client.expect(wire.DISCONNECT).reason, (0x81, 0x82))

    def test_topic_aliases(self):  # [MQTT-3.3.2-8] [MQTT-3.3.2-9] [MQTT-3.3.2-10]
        self.answered(wire.publish("", properties=[(35, 7)]), 0x94)       # Unknown.
        self.answered(wire.publish("a", properties=[(35, 0)]), 0x94)      # Zero.
        self.answered(wire.publish("a", properties=[(35, 65535)]), 0x94)  # Above the maximum.

    def test_an_alias_does_not_outlive_its_connection(self):  # [MQTT-3.3.2-7]
        client = Client(self.broker.port).open("hostile", clean=False, properties=[(17, 60)])
        client.send(wire.publish("a", properties=[(35, 1)]))
        client.expect_silence()
        client.close()
        again = Client(self.broker.port).open("hostile", clean=False)
        again.send(wire.publish("", properties=[(35, 1)]))
        self.assertEqual(again.expect(wire.DISCONNECT).reason, 0x94)

    def test_a_topic_of_nothing_but_slashes(self):
        client = Client(self.broker.port).open("slashes")
        self.assertEqual(client.subscribe("/" * 65_400), [0x8F])
        self.assertEqual(client.publish("/" * 65_400, qos=1).reason, 0x90)

    def test_sys_is_not_writable(self):
        client = Client(self.broker.port).open("sys")
        self.assertEqual(client.publish("$SYS/broker/uptime", b"x", qos=1).reason, 0x87)
        old = Client(self.broker.port, 4).open("sys4")
        old.publish("$SYS/broker/uptime", b"x", qos=1)
        self.assertEqual(client.subscribe("$SYS/broker/uptime"), [0])
        self.assertNotEqual(client.message().payload, b"x")

    # ---- QoS state.
    def test_more_in_flight_than_the_receive_maximum(self):  # [MQTT-3.3.4-8]
        client = Client(self.broker.port).open("greedy")
        maximum = client.connack.get(33)
        for packet_id in range(1, maximum + 1):
            client.send(wire.publish("a", b"", 2, packet_id))
        for _ in range(maximum):
            client.expect(wire.PUBREC)
        client.send(wire.publish("a", b"", 2, 1, dup=True))  # The same once more is not one more.
        client.expect(wire.PUBREC)
        client.send(wire.ack(wire.PUBREL, 60_000))  # A stray PUBREL raises nothing.
        self.assertEqual(client.expect(wire.PUBCOMP).reason, 0x92)
        client.send(wire.publish("a", b"", 2, maximum + 1))
        self.assertEqual(client.expect(wire.DISCONNECT).reason, 0x93)
        client.expect_closed()

    def test_stray_acks_are_ignored(self):
        client = Client(self.broker.port).open("stray")
        client.send(wire.ack(wire.PUBACK, 5) + wire.ack(wire.PUBCOMP, 5))
        client.expect_silence()
        client.send(wire.ack(wire.PUBREC, 5))
        self.assertEqual(client.expect(wire.PUBREL).reason, 0x92)

    def test_ack_of_the_wrong_kind(self):
        client = Client(self.broker.port).open("wrong")
        client.subscribe(("wrong", 1))
        client.publish("wrong", b"x", qos=0)
        client.send(wire.publish("wrong", b"x", 1, 9))
        packets = [client.recv() for _ in range(3)]
        mine = next(p for p in packets if p.kind == wire.PUBLISH and p.qos == 1)
        client.send(wire.ack(wire.PUBREC, mine.packet_id))
        self.assertEqual(client.expect(wire.DISCONNECT).reason, 0x82)

    # ---- Sessions.
    def test_a_storm_with_one_client_id(self):
        clients = []
        for i in range(200):
            client = Client(self.broker.port)
            client.send(wire.connect("one", clean=i % 2 == 0, properties=[(17, 60)]) +
                        wire.subscribe([("one", 1)]) + wire.publish("one", b"x", 1, 7))
            clients.append(client)
        alive = 0
        for client in clients:
            client.send(frame(wire.PINGREQ, 0, b""))
            try:
                while client.recv().kind != wire.PINGRESP:
                    pass
                alive += 1
            except (Closed, socket.timeout):
                pass
        # Those that were taken over later have answered the ping before: only the last is left now.
        left = 0
        for client in clients:
            try:
                client.send(frame(wire.PINGREQ, 0, b""))
                while client.recv(1).kind != wire.PINGRESP:
                    pass
                left += 1
            except (Closed, socket.timeout, OSError):
                pass
            client.close()
        self.assertEqual(left, 1)
        self.assertGreaterEqual(alive, 1)

    def test_random_bytes(self):
        import random
        dice = random.Random(42)
        for _ in range(200):
            client = Client(self.broker.port)
            if dice.random() < 0.7:
                client.send(wire.connect(f"random-{dice.randrange(5)}"))
            client.send(dice.randbytes(dice.randrange(1, 200)))
            client.close()


if __name__ == "__main__":
    unittest.main()
