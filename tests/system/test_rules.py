# SPDX-License-Identifier: Apache-2.0
"""Sentences of MQTT 5 about how packets are built and numbered, each seen on the wire: flags, fields, packet identifiers,
reason codes, what a Maximum Packet Size forbids to add, and the order of the steps of QoS 1 and 2."""
import unittest

import wire
from broker import Broker
from test_conversation import WithBroker
from wire import Client, frame, text


class Rules(WithBroker):
    CONFIG = "[limits]\nconnect_timeout_ms = 2000\n"

    def ends_with(self, data, *reasons, version=5, **options):
        client = self.client("rules", version, **options)
        client.send(data)
        if version == 5:
            self.assertIn(client.expect(wire.DISCONNECT).reason, reasons, data[:20].hex())
        client.expect_closed()

    def connack(self, data):
        client = Client(self.broker.port)
        self.addCleanup(client.close)
        client.send(data)
        return client.expect(wire.CONNACK)

    # ---- Fixed headers.
    def test_flags_that_the_standard_fixes(self):
        # [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1] [MQTT-3.14.1-1] [MQTT-3.15.1-1]
        bodies = {wire.PUBREL: b"\0\1", wire.SUBSCRIBE: b"\0\1\0" + text("a") + b"\0", wire.DISCONNECT: b"",
                  wire.UNSUBSCRIBE: b"\0\1\0" + text("a"), wire.AUTH: b""}
        for kind, body in bodies.items():
            allowed = 2 if kind in (wire.PUBREL, wire.SUBSCRIBE, wire.UNSUBSCRIBE) else 0
            for flags in range(16):
                if flags != allowed:
                    with self.subTest(kind=kind, flags=flags):
                        self.ends_with(frame(kind, flags, body), 0x81)

    # ---- CONNECT.
    def test_what_the_flags_promise_must_be_there(self):
        # [MQTT-3.1.2-17] [MQTT-3.1.2-19] [MQTT-3.1.3-1] [MQTT-3.1.3-3]
        for flags, rest in ((0x82, b""), (0x42, b""), (0xC2, text("user")), (0x06, b"\0" + text("topic")), (0x02, text("x"))):
            with self.subTest(flags=flags):
                body = text("MQTT") + bytes([5, flags]) + b"\0\x3c\0" + text("c") + rest
                self.assertEqual(self.connack(frame(1, 0, body)).reason, 0x81)
        topic = self.topic()
        watcher = self.client("watcher")
        watcher.subscribe(topic)
        self.client("order", username="u", password=b"p", will={"topic": topic, "payload": b"w"}).reset()
        self.assertEqual(watcher.message().payload, b"w")

    def test_text_in_connect_is_utf_8(self):
        # [MQTT-3.1.3-4] [MQTT-3.1.3-11] [MQTT-3.1.3-12] [MQTT-1.5.4-1]
        for bad in (b"\xff", b"a\xc0\xaf", b"\xed\xa0\x80", b"a\0"):
            for options in ({"client_id": bad}, {"will": {"topic": bad}}, {"username": bad}):
                with self.subTest(bad=bad, options=list(options)):
                    self.assertIn(self.connack(wire.connect(**options)).reason, (0x81, 0x85))

    def test_ordinary_client_identifiers_are_allowed(self):
        # [MQTT-3.1.3-5]
        letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        for version in (3, 4, 5):
            for name in [letters[i:i + 23] for i in range(0, 62, 23)] + list("aZ9"):
                self.client(name, version).close()

    def test_extra_words_obey_the_maximum_packet_size(self):
        # [MQTT-3.2.2-19] [MQTT-3.2.2-20] [MQTT-3.4.2-2] [MQTT-3.4.2-3] [MQTT-3.5.2-2] [MQTT-3.5.2-3] [MQTT-3.9.2-1]
        # [MQTT-3.9.2-2] [MQTT-3.11.2-1] [MQTT-3.11.2-2] [MQTT-3.7.2-2] [MQTT-3.7.2-3] [MQTT-3.14.2-3] [MQTT-3.14.2-4]
        small = self.client("small", properties=[(39, 40)])
        self.assertLessEqual(len(small.connack.body) + 2, 40)
        small.send(wire.publish("$SYS/a", b"", 1, 1) + wire.publish("$SYS/a", b"", 2, 2) + wire.ack(wire.PUBREL, 9) +
                   wire.subscribe([("a", 0), ("b" + "/" * 200, 0)], 3) + wire.unsubscribe(["none"], 4))
        packets = [small.recv() for _ in range(5)]
        small.send(b"\xc0\x01x")
        packets.append(small.recv())
        self.assertEqual(sorted(p.kind for p in packets),
                         [wire.PUBACK, wire.PUBREC, wire.PUBCOMP, wire.SUBACK, wire.UNSUBACK, wire.DISCONNECT])
        for packet in packets:
            self.assertLessEqual(len(packet.body) + 2, 40, packet)

    # ---- Packet identifiers.
    def test_the_broker_numbers_what_it_sends(self):
        # [MQTT-2.2.1-2] [MQTT-2.2.1-4] [MQTT-2.2.1-3]
        topic = self.topic()
        reader, sender = self.client("reader"), self.client("sender")
        reader.subscribe((topic, 2))
        for i in range(40):
            sender.publish(topic, bytes([i]), qos=i % 3, packet_id=i + 1 if i % 3 else None)
        packets = [reader.expect(wire.PUBLISH) for _ in range(40)]
        used = [p.packet_id for p in packets if p.qos]
        self.assertEqual(len(set(used)), len(used))
        self.assertNotIn(0, used)
        for p in packets:  # Were there an identifier at QoS 0, it would stand before the payload.
            self.assertEqual((len(p.payload), p.packet_id is None), (1, p.qos == 0))

    def test_an_identifier_serves_each_direction_for_itself(self):
        # [MQTT-2.2.1-6] [MQTT-2.2.1-5]
        topic = self.topic()
        client = self.client("both")
        client.subscribe((topic, 1))
        client.send(wire.publish(topic, b"x", 1, 1))
        kinds = {}
        for _ in range(2):
            packet = client.recv()
            kinds[packet.kind] = packet.packet_id
        self.assertEqual(kinds, {wire.PUBACK: 1, wire.PUBLISH: kinds[wire.PUBLISH]})
        client.send(wire.ack(wire.PUBACK, kinds[wire.PUBLISH]))
        client.expect_silence()

    def test_identifiers_in_use_are_not_given_again_over_a_resume(self):
        # [MQTT-2.2.1-4] [MQTT-4.4.0-1]
        topic = self.topic()
        kept = {"clean": False, "properties": [(17, 60), (33, 6)]}
        reader, sender = self.client("ids", **kept), self.client("sender")
        reader.subscribe((topic, 2))
        for i in range(3):
            sender.publish(topic, f"old{i}", qos=1 + i % 2)
        old = [reader.expect(wire.PUBLISH).packet_id for _ in range(3)]
        reader.reset()
        reader = self.client("ids", **kept)
        for i in range(3):
            sender.publish(topic, f"new{i}", qos=1 + i % 2)
        packets = [reader.expect(wire.PUBLISH) for _ in range(6)]
        self.assertEqual([p.packet_id for p in packets if p.payload.startswith(b"old")], old)
        self.assertEqual(len({p.packet_id for p in packets}), 6)

    # ---- The steps of QoS 1 and 2.
    def test_qos_1_from_the_broker(self):
        # [MQTT-4.3.2-1] [MQTT-4.3.2-2] [MQTT-4.3.2-3] [MQTT-4.3.2-4]
        topic = self.topic()
        reader, sender = self.client("one", properties=[(33, 1)]), self.client("sender")
        reader.subscribe((topic, 1))
        for payload in (b"1", b"2"):
            sender.publish(topic, payload, qos=1)
        first = reader.expect(wire.PUBLISH)
        self.assertEqual((first.payload, first.dup, first.qos), (b"1", 0, 1))
        reader.settle(sender)
        self.assertEqual(reader.messages, [])  # It counts until PUBACK.
        reader.send(wire.ack(wire.PUBACK, first.packet_id))
        self.assertEqual(reader.message().payload, b"2")

    def test_qos_1_towards_the_broker_is_new_after_puback(self):
        # [MQTT-4.3.2-5] [MQTT-4.3.2-4]
        topic = self.topic()
        reader, sender = self.client("reader"), self.client("sender")
        reader.subscribe((topic, 1))
        for i in range(3):  # The same identifier and even DUP: after PUBACK it is another message.
            self.assertEqual(sender.publish(topic, str(i), 1, 7, dup=i > 0).packet_id, 7)
        self.assertEqual([reader.message().payload for _ in range(3)], [b"0", b"1", b"2"])

    def test_qos_2_from_the_broker(self):
        # [MQTT-4.3.3-1] [MQTT-4.3.3-2] [MQTT-4.3.3-3] [MQTT-4.3.3-4] [MQTT-4.3.3-5] [MQTT-4.3.3-7] [MQTT-3.6.2-1]
        topic = self.topic()
        reader, sender = self.client("two", properties=[(33, 1)]), self.client("sender")
        reader.subscribe((topic, 2))
        for payload in (b"1", b"2", b"3"):
            sender.publish(topic, payload, qos=2)
        first = reader.expect(wire.PUBLISH)
        self.assertEqual((first.payload, first.dup, first.qos), (b"1", 0, 2))
        for _ in range(2):  # A PUBREC again gets the PUBREL again.
            reader.send(wire.ack(wire.PUBREC, first.packet_id))
            released = reader.expect(wire.PUBREL)
            self.assertEqual((released.packet_id, released.reason, released.flags), (first.packet_id, 0, 2))
        reader.settle(sender)
        self.assertEqual(reader.messages, [])  # The place is taken until PUBCOMP.
        reader.send(wire.ack(wire.PUBCOMP, first.packet_id))
        second = reader.expect(wire.PUBLISH)
        self.assertEqual(second.payload, b"2")
        reader.send(wire.ack(wire.PUBREC, second.packet_id, 0x80))  # A failure ends it, without PUBREL.
        self.assertEqual(reader.expect(wire.PUBLISH).payload, b"3")

    def test_qos_2_towards_the_broker(self):
        # [MQTT-4.3.3-8] [MQTT-4.3.3-9] [MQTT-4.3.3-10] [MQTT-4.3.3-11] [MQTT-3.7.2-1]
        topic = self.topic()
        reader, sender = self.client("reader"), self.client("sender")
        reader.subscribe((topic, 2))
        self.assertEqual(sender.publish("$SYS/refused", b"", 2, 5).reason, 0x87)
        self.assertEqual(sender.publish(topic, b"1", 2, 5).reason, 0)  # The refused identifier is free again.
        self.assertEqual(reader.message().payload, b"1")
        sender.send(wire.ack(wire.PUBREL, 5))
        self.assertEqual(sender.expect(wire.PUBCOMP).reason, 0x92)

    # ---- Reason codes.
    def test_reason_codes_that_do_not_exist(self):
        # [MQTT-3.6.2-1] [MQTT-3.14.2-1] [MQTT-3.15.2-1]
        self.ends_with(wire.ack(wire.PUBREL, 1, 0x55), 0x81, 0x82)
        self.ends_with(frame(wire.DISCONNECT, 0, b"\x55"), 0x81, 0x82)
        self.ends_with(frame(wire.AUTH, 0, b"\x55"), 0x81, 0x82)

    def test_auth_without_a_method(self):
        # [MQTT-4.12.0-5] [MQTT-4.12.1-2] [MQTT-4.12.0-2]
        self.ends_with(frame(wire.AUTH, 0, b""), 0x82)
        self.ends_with(frame(wire.AUTH, 0, b"\x18\0"), 0x82)
        self.assertEqual(self.connack(wire.connect(properties=[(21, "unheard-of"), (22, b"x")])).reason, 0x8C)

    # ---- PUBLISH and topics.
    def test_text_in_publish_is_utf_8(self):
        # [MQTT-3.3.2-13] [MQTT-3.3.2-19] [MQTT-1.5.4-2]
        for number in (3, 8):
            for bad in (b"\xff", b"\xed\xbf\xbf", b"a\0b"):
                self.ends_with(wire.publish("a", properties=[(number, bad)]), 0x81)
        self.ends_with(wire.publish("a", properties=[(38, (b"\xff", "v"))]), 0x81)
        self.ends_with(wire.publish("a", properties=[(38, ("k", b"\xff"))]), 0x81)

    def test_wildcards_are_for_filters_and_names_have_a_character(self):
        # [MQTT-4.7.0-1] [MQTT-4.7.3-1] [MQTT-3.10.3-1] [MQTT-4.7.3-2]
        for version in (4, 5):
            for topic in ("a/+", "#", "a#", "+"):
                self.ends_with(wire.publish(topic, version=version), 0x81, 0x82, 0x90, version=version)
            for data in (wire.subscribe([("", 0)], version=version), wire.unsubscribe([""], version=version),
                         wire.unsubscribe([b"\xff"], version=version), wire.unsubscribe([b"a\0"], version=version)):
                self.ends_with(data, 0x81, 0x82, 0x8F, version=version)
        for topic in (" ", "/", "//", "\u00e9/\u4e16", "A", "a"):
            reader = self.client("exact")
            reader.subscribe((topic, 1))
            reader.publish(topic, b"x", qos=1)
            self.assertEqual(reader.message().topic, topic)  # [MQTT-4.7.3-4]: as it is, case and all.
            reader.settle(reader)
            self.assertEqual(reader.messages, [])
            reader.close()


class Churn(WithBroker):
    CONFIG = None

    def test_subscribe_and_unsubscribe_in_one_breath(self):
        # [MQTT-3.8.4-1] [MQTT-3.10.4-4]: each is answered, and what was said last counts, on every core.
        for last in ("subscribe", "unsubscribe"):
            for _ in range(10):
                topic = self.topic("/x")
                client, sender = self.client("churn"), self.client("sender")
                pair = [wire.subscribe([(topic, 1)], 1), wire.unsubscribe([topic], 2)]
                client.send(b"".join(pair * 20) + (pair[0] if last == "subscribe" else b""))
                kinds = [client.recv().kind for _ in range(41 if last == "subscribe" else 40)]
                self.assertEqual(kinds.count(wire.UNSUBACK), 20)
                reason = sender.publish(topic, b"x", qos=1).reason
                self.assertEqual(reason, 0 if last == "subscribe" else 0x10)
                client.settle(sender)
                self.assertEqual([m.payload for m in client.messages], [b"x"] if last == "subscribe" else [])


class EachSubscription(WithBroker):
    CONFIG = "[mqtt]\noverlapping = \"per_subscription\"\n"

    def test_each_copy_has_the_identifier_of_its_subscription(self):
        # [MQTT-3.3.4-5] [MQTT-3.3.4-3]
        client = self.client("copies")
        client.subscribe(("a/b", 1), properties=[(11, 1)])
        client.subscribe(("a/#", 0), properties=[(11, 2)])
        client.subscribe(("+/b", 2))
        client.publish("a/b", b"x", qos=2)
        got = sorted((m.all(11), m.qos) for m in (client.message() for _ in range(3)))
        self.assertEqual(got, [([], 2), ([1], 1), ([2], 0)])


if __name__ == "__main__":
    unittest.main()
