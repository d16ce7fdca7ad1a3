# SPDX-License-Identifier: Apache-2.0
"""The standard's sentences on the wire. Each test names what it proves; the versions it holds for are in the test."""
import socket
import time
import unittest

import wire
from broker import Broker
from wire import Client, Closed

NO_LOCAL, AS_PUBLISHED = 4, 8


class WithBroker(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(cls.CONFIG)
        cls.count = 0

    @classmethod
    def tearDownClass(cls):
        assert cls.broker.stop() == 0

    def client(self, name="c", version=5, **options):
        client = Client(self.broker.port, version)
        self.addCleanup(client.close)
        return client.open(name, **options)

    def topic(self, suffix=""):
        """A topic that no other test uses."""
        type(self).count += 1
        return f"t{self.count}{suffix}"


class Conversation(WithBroker):
    CONFIG = "[mqtt]\nsys_interval_s = 1\n"

    # ---- CONNECT and CONNACK.
    def test_connack_is_the_first_answer_and_speaks_the_clients_version(self):
        # [MQTT-3.2.0-1] [MQTT-3.2.0-2] [MQTT-3.2.2-1] [MQTT-3.1.4-5] [MQTT-3.1.2-2]
        for version in (3, 4, 5):
            client = self.client(f"v{version}", version)
            self.assertEqual((client.connack.session_present, client.connack.reason), (0, 0))
            self.assertEqual(client.connack.properties == [], version != 5)
            self.assertIsNone(client.connack.get(26))  # [MQTT-3.1.2-28]
            client.expect_silence()  # [MQTT-3.12.4-1]

    def test_assigned_client_identifier(self):
        # [MQTT-3.1.3-2] [MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16]
        one, other = self.client(""), self.client("")
        self.assertTrue(one.connack.get(18))
        self.assertNotEqual(one.connack.get(18), other.connack.get(18))
        self.assertIsNone(self.client("own").connack.get(18))
        self.client("", 4)

    def test_packets_right_behind_connect_are_handled_in_order(self):
        # [MQTT-3.1.4-6] [MQTT-4.6.0-5]
        for name in ("p1", "p2", "p3", "p4"):
            topic = self.topic()
            client = Client(self.broker.port)
            self.addCleanup(client.close)
            client.send(wire.connect(name) + wire.subscribe([(topic, 1)]) +
                        b"".join(wire.publish(topic, str(i), 1, i + 1) for i in range(20)))
            client.expect(wire.CONNACK)
            payloads = []
            while len(payloads) < 20:
                packet = client.recv()
                if packet.kind == wire.PUBLISH:
                    payloads.append(int(packet.payload))
            self.assertEqual(payloads, sorted(payloads))

    def test_take_over_ends_the_old_connection_with_a_reason(self):
        # [MQTT-3.1.4-3]
        old = self.client("taken", clean=False, properties=[(17, 60)])
        new = self.client("taken", clean=False, properties=[(17, 60)])
        self.assertEqual(old.expect(wire.DISCONNECT).reason, 0x8E)
        old.expect_closed()
        self.assertEqual(new.connack.session_present, 1)
        new.expect_silence()
        before = self.client("taken4", 4)
        self.client("taken4", 4)
        before.expect_closed()

    def test_clean_start_and_session_present(self):
        # [MQTT-3.1.2-4] [MQTT-3.1.2-5] [MQTT-3.1.2-6] [MQTT-3.2.2-2] [MQTT-3.2.2-3] [MQTT-3.1.4-4]
        topic = self.topic()
        first = self.client("session", clean=False, properties=[(17, 60)])
        self.assertEqual(first.connack.session_present, 0)
        first.subscribe((topic, 1))
        first.send(wire.disconnect())
        first.expect_closed()
        second = self.client("session", clean=False, properties=[(17, 60)])
        self.assertEqual(second.connack.session_present, 1)
        second.publish(topic, b"1", qos=1)
        self.assertEqual(second.message().payload, b"1")
        second.send(wire.disconnect())
        second.expect_closed()
        third = self.client("session", clean=True)
        self.assertEqual(third.connack.session_present, 0)
        self.assertEqual(third.publish(topic, b"2", qos=1).reason, 0x10)

    def test_a_session_ends_after_its_expiry_and_not_before(self):
        # [MQTT-3.1.2-23] [MQTT-4.1.0-1] [MQTT-4.1.0-2] [MQTT-3.14.2-2]
        for seconds, present in ((1, 0), (60, 1)):
            client = self.client("expiry", properties=[(17, seconds)])
            client.close()
            time.sleep(1.6)
            self.assertEqual(self.client("expiry", clean=False, properties=[(17, 0)]).connack.session_present, present)
        kept = self.client("longer", properties=[(17, 1)])
        kept.send(wire.disconnect(properties=[(17, 60)]))
        kept.expect_closed()
        time.sleep(1.6)
        self.assertEqual(self.client("longer", clean=False).connack.session_present, 1)
        none = self.client("none")
        none.send(wire.disconnect(properties=[(17, 60)]))
        self.assertEqual(none.expect(wire.DISCONNECT).reason, 0x82)

    def test_keep_alive_ends_a_silent_connection_at_one_and_a_half(self):
        # [MQTT-3.1.2-22]
        silent = self.client("silent", keep_alive=1)
        begin = time.monotonic()
        self.assertEqual(silent.expect(wire.DISCONNECT).reason, 0x8D)
        self.assertGreater(time.monotonic() - begin, 1.4)
        old = self.client("silent4", 4, keep_alive=1)
        old.expect_closed()
        lively = self.client("lively", keep_alive=1)
        for _ in range(4):
            time.sleep(0.8)
            lively.expect_silence()

    # ---- Wills.
    def will(self, name, topic, payload=b"gone", **options):
        properties = options.pop("will_properties", [])
        return self.client(name, will={"topic": topic, "payload": payload, "properties": properties,
                                       "qos": options.pop("qos", 0), "retain": options.pop("retain", False)}, **options)

    def test_a_will_is_published_when_the_connection_is_lost(self):
        # [MQTT-3.1.2-7] [MQTT-3.1.2-8] [MQTT-3.1.2-14] [MQTT-3.1.2-9] [MQTT-3.14.4-1]
        topic = self.topic()
        watcher = self.client("watcher")
        watcher.subscribe((topic, AS_PUBLISHED))
        self.will("w1", topic).reset()
        message = watcher.message()
        self.assertEqual((message.payload, message.retain), (b"gone", 0))
        self.will("w2", topic).send(wire.disconnect(4))
        self.assertEqual(watcher.message().payload, b"gone")
        self.will("w3", topic, version=4).reset()
        self.assertEqual(watcher.message().payload, b"gone")

    def test_a_retained_will_stays(self):
        # [MQTT-3.1.2-15]
        topic = self.topic()
        watcher = self.client("watcher")
        watcher.subscribe(topic)
        self.will("w", topic, retain=True).reset()
        watcher.message()
        late = self.client("late")
        late.subscribe(topic)
        message = late.message()
        self.assertEqual((message.payload, message.retain), (b"gone", 1))
        late.publish(topic, b"", retain=True)

    def test_a_normal_disconnection_takes_the_will_back(self):
        # [MQTT-3.1.2-10] [MQTT-3.14.4-3] [MQTT-3.14.4-2]
        topic = self.topic()
        watcher = self.client("watcher")
        watcher.subscribe(topic)
        client = self.will("w", topic)
        client.send(wire.disconnect())
        client.expect_closed()
        watcher.publish(topic, b"only", qos=1)
        self.assertEqual(watcher.message().payload, b"only")

    def test_a_delayed_will_waits_and_is_cancelled_by_the_clients_return(self):
        # [MQTT-3.1.3-9]
        topic = self.topic()
        watcher = self.client("watcher")
        watcher.subscribe(topic)
        options = {"will_properties": [(24, 1)], "properties": [(17, 60)], "clean": False}
        self.will("delayed", topic, b"never", **options).reset()
        time.sleep(0.2)
        back = self.client("delayed", clean=False, properties=[(17, 60)])
        self.assertEqual(back.connack.session_present, 1)
        begin = time.monotonic()
        self.will("delayed2", topic, b"late", **options).reset()
        self.assertEqual(watcher.message().payload, b"late")
        self.assertGreater(time.monotonic() - begin, 0.9)
        # Never later than the session's end.
        begin = time.monotonic()
        self.will("delayed3", topic, b"end", will_properties=[(24, 60)], properties=[(17, 1)]).reset()
        self.assertEqual(watcher.message().payload, b"end")
        self.assertLess(time.monotonic() - begin, 5)

    def test_will_properties_travel(self):
        # [MQTT-3.1.3-10] [MQTT-3.1.2-16]
        topic = self.topic()
        watcher = self.client("watcher")
        watcher.subscribe((topic, 2))
        pairs = [(38, ("b", "1")), (38, ("a", "2")), (38, ("b", "3"))]
        self.will("w", topic, qos=2, will_properties=[(1, 1), (3, "text"), (8, "r"), (9, b"c"), (2, 30)] + pairs).reset()
        message = watcher.message()
        self.assertEqual(message.all(38), [value for _, value in pairs])
        self.assertEqual((message.get(1), message.get(3), message.get(8), message.get(9), message.qos),
                         (1, "text", "r", b"c", 2))
        self.assertIn(message.get(2), (29, 30))

    # ---- QoS.
    def test_each_qos_arrives_at_the_lower_of_published_and_granted(self):
        # [MQTT-3.8.4-7] [MQTT-3.8.4-8] [MQTT-4.3.1-1] [MQTT-4.3.2-4] [MQTT-4.3.3-8]
        topic = self.topic()
        publisher = self.client("publisher")
        for granted in (0, 1, 2):
            receiver = self.client("receiver")
            self.assertEqual(receiver.subscribe((topic, granted)), [granted])
            for published in (0, 1, 2):
                publisher.publish(topic, bytes([published]), qos=published, packet_id=published or None)
            got = sorted((m.payload[0], m.qos) for m in (receiver.message() for _ in range(3)))
            self.assertEqual(got, [(q, min(q, granted)) for q in (0, 1, 2)])
            receiver.close()

    def test_unacknowledged_messages_come_again_with_dup_after_a_resume_only(self):
        # [MQTT-4.4.0-1] [MQTT-3.3.1-1] [MQTT-3.3.1-3] [MQTT-4.5.0-1] [MQTT-4.3.3-6] [MQTT-4.4.0-2]
        topic = self.topic()
        receiver = self.client("again", clean=False, properties=[(17, 60)])
        receiver.subscribe((topic, 2))
        publisher = self.client("publisher")
        publisher.publish(topic, b"1", qos=1)
        publisher.publish(topic, b"2", qos=2)
        first = {receiver.expect(wire.PUBLISH).qos: None for _ in range(2)}
        receiver.expect_silence()
        self.assertEqual(set(first), {1, 2})
        # Seen by the broker before anything is published: what it has begun to deliver comes again with DUP.
        receiver.send(wire.disconnect())
        receiver.expect_closed()
        publisher.publish(topic, b"3", qos=1)
        receiver = self.client("again", clean=False, properties=[(17, 60)])
        one, two, three = (receiver.expect(wire.PUBLISH) for _ in range(3))
        self.assertEqual([(m.payload, m.dup) for m in (one, two, three)], [(b"1", 1), (b"2", 1), (b"3", 0)])
        receiver.send(wire.ack(wire.PUBREC, two.packet_id))
        receiver.expect(wire.PUBREL)
        receiver.close()
        receiver = self.client("again", clean=False, properties=[(17, 60)])
        self.assertEqual(receiver.expect(wire.PUBREL).packet_id, two.packet_id)
        self.assertEqual(receiver.expect(wire.PUBLISH).payload, b"1")

    def test_qos_2_is_delivered_once_however_often_it_is_sent(self):
        # [MQTT-4.3.3-10] [MQTT-4.3.3-11] [MQTT-4.3.3-12] [MQTT-2.2.1-5] [MQTT-3.3.1-3] [MQTT-4.3.3-13]
        topic = self.topic()
        receiver = self.client("receiver")
        receiver.subscribe((topic, 2))
        sender = self.client("sender", clean=False, properties=[(17, 60)])
        for _ in range(3):
            sender.send(wire.publish(topic, b"once", 2, 5, dup=True))
            sender.expect(wire.PUBREC)
        sender.close()
        sender = self.client("sender", clean=False, properties=[(17, 60)])
        sender.send(wire.publish(topic, b"once", 2, 5, dup=True))
        sender.expect(wire.PUBREC)
        for reason in (0, 0x92):
            sender.send(wire.ack(wire.PUBREL, 5))
            self.assertEqual(sender.expect(wire.PUBCOMP).reason, reason)
        message = receiver.message()
        self.assertEqual((message.payload, message.dup), (b"once", 0))
        receiver.settle(sender)
        self.assertEqual(receiver.messages, [])

    def test_order_is_kept_per_publisher_topic_and_qos(self):
        # [MQTT-4.6.0-1] [MQTT-4.6.0-2] [MQTT-4.6.0-3] [MQTT-4.6.0-5] [MQTT-4.6.0-6] [MQTT-4.2-1]
        topic = self.topic()
        receiver = self.client("receiver", properties=[(33, 5)])
        receiver.subscribe((topic, 1))
        sender = self.client("sender")
        for i in range(200):
            sender.send(wire.publish(topic, str(i), 1, i + 1))
        got = [int(receiver.message().payload) for _ in range(200)]
        self.assertEqual(got, list(range(200)))
        self.assertEqual([sender.expect(wire.PUBACK).packet_id for _ in range(200)], list(range(1, 201)))

    def test_never_more_in_flight_than_the_clients_receive_maximum(self):
        # [MQTT-3.3.4-9] [MQTT-4.9.0-1] [MQTT-4.9.0-2] [MQTT-4.9.0-3] [MQTT-3.3.4-10]
        topic = self.topic()
        receiver = self.client("small", properties=[(33, 2)])
        receiver.subscribe((topic, 1))
        sender = self.client("sender")
        for i in range(5):
            sender.publish(topic, str(i), qos=1)
        packets = [receiver.expect(wire.PUBLISH) for _ in range(2)]
        receiver.settle(sender)
        self.assertEqual(receiver.messages, [])
        sender.publish(topic, b"zero", qos=0)  # Does not count.
        self.assertEqual(receiver.expect(wire.PUBLISH).qos, 0)
        receiver.send(wire.ack(wire.PUBACK, packets[0].packet_id))
        self.assertEqual(receiver.expect(wire.PUBLISH).payload, b"2")
        receiver.settle(sender)
        self.assertEqual(receiver.messages, [])

    # ---- Retained messages.
    def test_retained_messages_replace_and_clear(self):
        # [MQTT-3.3.1-5] [MQTT-3.3.1-6] [MQTT-3.3.1-7] [MQTT-3.3.1-8] [MQTT-3.3.1-12] [MQTT-4.8.2-3]
        topic = self.topic()
        sender = self.client("sender")
        live = self.client("live")
        live.subscribe((topic, 0x20))  # Live ones only.
        for payload in (b"1", b"2"):
            sender.publish(topic, payload, qos=1, retain=True)
            self.assertEqual(live.message().retain, 0)
        late = self.client("late")
        late.subscribe(topic)
        self.assertEqual((lambda m: (m.payload, m.retain))(late.message()), (b"2", 1))
        sender.publish(topic, b"", qos=1, retain=True)
        self.assertEqual(live.message().payload, b"")
        sender.publish(topic, b"plain", qos=1)  # Not retained: it neither replaces nor clears.
        later = self.client("later")
        later.subscribe(topic)
        later.settle(sender)
        later.settle_retained(sender)
        self.assertEqual(later.messages, [])

    def test_retain_handling(self):
        # [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11] [MQTT-3.8.4-3] [MQTT-3.8.4-4]
        topic = self.topic()
        client = self.client("handling")
        client.publish(topic, b"r", qos=1, retain=True)
        for options, expected in ((0x20, 0), (0x10, 0), (0x00, 1), (0x00, 1)):
            client.subscribe((topic, options))
            for _ in range(expected):
                self.assertEqual(client.message().payload, b"r")
            client.settle_retained(client)
            self.assertEqual(client.messages, [], options)
        client.send(wire.unsubscribe([topic]))
        self.assertEqual(wire.Packet(0xB0, client.expect(wire.UNSUBACK).body, 5).reasons, [0])
        client.subscribe((topic, 0x10))
        self.assertEqual(client.message().payload, b"r")

    def test_retain_as_published(self):
        # [MQTT-3.3.1-12] [MQTT-3.3.1-13]
        topic = self.topic()
        plain, kept = self.client("plain"), self.client("kept")
        plain.subscribe(topic)
        kept.subscribe((topic, AS_PUBLISHED))
        plain.publish(topic, b"x", qos=1, retain=True)
        self.assertEqual((plain.message().retain, kept.message().retain), (0, 1))

    def test_many_retained_messages_all_come(self):
        prefix = self.topic("/")
        sender = self.client("sender")
        for i in range(700):
            sender.publish(f"{prefix}{i}", str(i), qos=1, packet_id=i + 1, retain=True)
        reader = self.client("reader", properties=[(33, 10)])
        reader.subscribe((prefix + "#", 1))
        self.assertEqual({int(reader.message().payload) for _ in range(700)}, set(range(700)))

    # ---- Subscriptions.
    def test_suback_has_the_identifier_and_a_code_for_each_filter_in_order(self):
        # [MQTT-3.8.4-1] [MQTT-3.8.4-2] [MQTT-3.8.4-5] [MQTT-3.8.4-6] [MQTT-3.9.3-1] [MQTT-3.9.3-2] [MQTT-2.2.1-6]
        client = self.client("subs")
        self.assertEqual(client.subscribe(("a", 2), ("b", 0), ("c", 1), packet_id=77), [2, 0, 1])
        old = self.client("subs4", 4)
        self.assertEqual(old.subscribe(("a", 2), ("b", 0)), [2, 0])

    def test_unsubscribe(self):
        # [MQTT-3.3.2-3] [MQTT-3.10.4-1] [MQTT-3.10.4-2] [MQTT-3.10.4-3] [MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-3.10.4-6] [MQTT-3.11.3-1]
        # [MQTT-3.11.3-2]
        topic = self.topic("/x")
        client = self.client("unsub")
        client.subscribe((topic, 0), (topic + "/#", 0))
        client.send(wire.unsubscribe([topic, "never", topic + "/+"], 99))
        answer = client.expect(wire.UNSUBACK)
        self.assertEqual((answer.packet_id, answer.reasons), (99, [0, 0x11, 0x11]))
        client.publish(topic, b"still by the other filter", qos=1)
        self.assertEqual(client.message().payload, b"still by the other filter")
        client.send(wire.unsubscribe([topic + "/#"], 100))
        client.expect(wire.UNSUBACK)
        self.assertEqual(client.publish(topic, b"", qos=1).reason, 0x10)
        old = self.client("unsub4", 4)
        old.send(wire.unsubscribe(["x"], 5, 4))
        self.assertEqual(old.expect(wire.UNSUBACK).body, b"\0\5")

    def test_overlapping_subscriptions_deliver_once_with_all_identifiers(self):
        # [MQTT-3.3.4-2] [MQTT-3.3.4-3] [MQTT-3.3.4-4] [MQTT-3.3.4-1]
        topic = self.topic("/a")
        client = self.client("overlap")
        client.subscribe((topic, 1), properties=[(11, 7)])
        client.subscribe((topic.split("/")[0] + "/#", 2), properties=[(11, 268_435_455)])
        client.subscribe((topic.split("/")[0] + "/+", 0))
        client.publish(topic, b"x", qos=2)
        message = client.message()
        self.assertEqual((message.qos, sorted(message.all(11))), (2, [7, 268_435_455]))
        client.settle(client)
        self.assertEqual(client.messages, [])

    def test_no_local(self):
        # [MQTT-3.8.3-3]
        topic = self.topic()
        one, other = self.client("one"), self.client("other")
        one.subscribe((topic, NO_LOCAL))
        other.subscribe((topic, NO_LOCAL))
        one.publish(topic, b"x", qos=1)
        self.assertEqual(other.message().payload, b"x")
        one.settle(one)
        self.assertEqual(one.messages, [])

    def test_dollar_topics_are_not_for_wildcards(self):
        # [MQTT-4.7.2-1] [MQTT-4.7.3-4]
        client = self.client("dollar")
        client.subscribe(("#", 0x20))
        client.publish("$other/x", b"x", qos=1)
        sys = self.client("sys")
        sys.subscribe("$SYS/broker/uptime")
        self.assertIn(b"seconds", sys.message().payload)
        client.settle(client)
        self.assertEqual([m for m in client.messages if m.topic.startswith("$")], [])

    def test_shared_subscriptions_give_each_message_to_one_member(self):
        # [MQTT-4.8.2-3] [MQTT-4.8.2-4]
        topic = self.topic()
        members = [self.client(f"m{i}") for i in range(4)]
        for i, member in enumerate(members):
            self.assertEqual(member.subscribe((f"$share/group/{topic}", 1 if i else 0)), [1 if i else 0])
        sender = self.client("sender")
        for i in range(80):
            sender.publish(topic, str(i), qos=1)
        got = []
        for i, member in enumerate(members):
            member.settle(sender)
            self.assertGreater(len(member.messages), 5)
            self.assertEqual({m.qos for m in member.messages}, {1 if i else 0})
            got += [int(m.payload) for m in member.messages]
        self.assertEqual(sorted(got), list(range(80)))

    def test_what_a_member_never_acknowledged_goes_to_another_when_its_session_ends(self):
        # [MQTT-4.8.2-5] [MQTT-4.8.2-6]
        topic = self.topic()
        leaver = self.client("leaver")
        leaver.subscribe((f"$share/group/{topic}", 2))
        sender = self.client("sender")
        sender.publish(topic, b"1", qos=1)
        sender.publish(topic, b"2", qos=2)
        packets = [leaver.expect(wire.PUBLISH) for _ in range(2)]
        self.assertEqual({p.qos for p in packets}, {1, 2})
        stayer = self.client("stayer")
        stayer.subscribe((f"$share/group/{topic}", 2))
        leaver.reset()
        message = stayer.message()
        self.assertEqual((message.payload, message.qos), (b"1", 1))
        stayer.expect_silence()
        self.assertEqual(stayer.messages, [])  # QoS 2 that was sent goes to nobody else.

    def test_suback_means_that_every_core_knows(self):
        # Race 1 of DESIGN.md: seen SUBACK, told a publisher elsewhere, received.
        for i in range(30):
            topic = self.topic()
            reader = self.client(f"reader{i}")
            reader.subscribe(topic)
            sender = self.client(f"sender{i}")
            self.assertEqual(sender.publish(topic, b"x", qos=1).reason, 0)
            self.assertEqual(reader.message().payload, b"x")

    # ---- Properties.
    def test_properties_are_forwarded_unaltered_and_in_order(self):
        # [MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20] [MQTT-3.3.2-12]
        # [MQTT-1.5.4-3] [MQTT-1.5.7-1]
        topic = self.topic()
        reader, old = self.client("reader"), self.client("old", 4)
        reader.subscribe(topic)
        old.subscribe(topic)
        pairs = [("z", "1"), ("a", "2"), ("z", "1"), ("", "\ufeff")]
        sent = [(1, 1), (3, "type"), (8, "reply/to"), (9, b"\0\1\2")] + [(38, pair) for pair in pairs]
        self.client("sender").publish(topic, "text", properties=sent)
        self.assertEqual(reader.message().properties, sent)
        self.assertEqual(old.message().payload, b"text")

    def test_message_expiry_is_reduced_by_the_time_spent_waiting(self):
        # [MQTT-3.3.2-5] [MQTT-3.3.2-6]
        topic = self.topic()
        reader = self.client("waiting", clean=False, properties=[(17, 60)])
        reader.subscribe((topic, 1))
        # Seen by the broker before anything is published: what it has begun to deliver does not expire.
        reader.send(wire.disconnect())
        reader.expect_closed()
        sender = self.client("sender")
        sender.publish(topic, b"short", qos=1, properties=[(2, 1)])
        sender.publish(topic, b"long", qos=1, properties=[(2, 100)])
        time.sleep(2.1)
        reader = self.client("waiting", clean=False, properties=[(17, 60)])
        message = reader.message()
        self.assertEqual(message.payload, b"long")
        self.assertIn(message.get(2), (97, 98))

    def test_topic_aliases_in_both_directions(self):
        # [MQTT-3.3.2-11] [MQTT-3.1.2-26] [MQTT-3.1.2-27] [MQTT-3.2.2-17] [MQTT-3.2.2-18] [MQTT-3.3.2-7]
        topic = self.topic("/alias")
        reader, plain = self.client("aliased", properties=[(34, 3)]), self.client("plain")
        reader.subscribe(topic)
        plain.subscribe(topic)
        sender = self.client("sender")
        self.assertGreater(sender.connack.get(34), 0)
        sender.send(wire.publish(topic, b"1", properties=[(35, 1)]) + wire.publish("", b"2", properties=[(35, 1)]))
        one, two = reader.message(), reader.message()
        self.assertEqual((one.topic, two.topic, two.get(35)), (topic, "", one.get(35)))
        self.assertEqual([(m.topic, m.get(35)) for m in (plain.message(), plain.message())], [(topic, None)] * 2)

    def test_nothing_larger_than_the_clients_maximum_is_sent(self):
        # [MQTT-3.1.2-24] [MQTT-3.1.2-25] [MQTT-3.1.2-29]
        topic = self.topic()
        reader = self.client("small", properties=[(39, 60)])
        reader.subscribe((topic, 1))
        sender = self.client("sender")
        self.assertEqual(sender.publish(topic, b"x" * 100, qos=1).reason, 0)
        sender.publish(topic, b"fits", qos=1)
        self.assertEqual(reader.message().payload, b"fits")

    def test_no_matching_subscribers(self):
        # [MQTT-3.4.2-1] [MQTT-3.5.2-1]
        client = self.client("lonely")
        self.assertEqual(client.publish(self.topic(), b"", qos=1).reason, 0x10)
        client.send(wire.publish(self.topic(), b"", 2, 3))
        self.assertEqual(client.expect(wire.PUBREC).reason, 0x10)

    def test_an_error_ends_the_connection_with_a_reason(self):
        # [MQTT-4.13.1-1] [MQTT-4.13.2-1] [MQTT-3.14.0-1]
        client = self.client("error")
        client.send(b"\x30\x03\x00\x05a")
        self.assertEqual(client.expect(wire.DISCONNECT).reason, 0x81)
        client.expect_closed()

    def test_auth_without_a_method_is_a_protocol_error(self):
        # [MQTT-4.12.0-6] [MQTT-4.12.0-7] [MQTT-4.12.1-1]
        client = self.client("auth")
        client.send(wire.frame(wire.AUTH, 0, b"\x19" + wire.props([(21, "x")])))
        self.assertEqual(client.expect(wire.DISCONNECT).reason, 0x82)


class Restricted(WithBroker):
    """What a server that offers less says, and enforces."""
    CONFIG = ("[mqtt]\nqos_max = 1\nretain_available = false\nkeep_alive_s_max = 30\nsession_expiry_s_max = 40\n"
              "[limits]\npacket_size_bytes_max = 2000\npacket_size_bytes_max_before_connect = 2000\nreceive_maximum = 3\ntopic_alias_inbound_max = 2\n"
              "subscriptions_per_session_max = 2\n")

    def test_connack_tells_the_limits(self):
        # [MQTT-3.2.2-9] [MQTT-3.2.2-21] [MQTT-3.2.2-22] [MQTT-3.1.2-21] [MQTT-3.2.2-10]
        client = self.client("limits", keep_alive=100, properties=[(17, 1000)])
        told = dict(client.connack.properties)
        self.assertEqual((told[36], told[37], told[19], told[17], told[39], told[33], told[34]),
                         (1, 0, 30, 40, 2000, 3, 2))
        self.assertEqual(client.subscribe(("a", 2)), [1])

    def test_what_is_not_offered_is_refused(self):
        # [MQTT-3.2.2-11] [MQTT-3.2.2-12] [MQTT-3.2.2-13] [MQTT-3.2.2-14] [MQTT-3.2.2-15]
        for data, reason in ((wire.publish("a", b"", 2, 1), 0x9B), (wire.publish("a", retain=True), 0x9A),
                             (wire.publish("a", b"x" * 3000), 0x95)):
            client = self.client("refused")
            client.send(data)
            self.assertEqual(client.expect(wire.DISCONNECT).reason, reason)
        for will, reason in (({"topic": "w", "qos": 2}, 0x9B), ({"topic": "w", "retain": True}, 0x9A)):
            client = Client(self.broker.port)
            client.send(wire.connect("will", will=will))
            self.assertEqual(client.expect(wire.CONNACK).reason, reason)
            client.expect_closed()

    def test_subscriptions_and_connections_beyond_the_limit(self):
        # [MQTT-3.2.2-6] [MQTT-3.2.2-7] [MQTT-3.1.4-2]
        client = self.client("many")
        self.assertEqual(client.subscribe(("a", 0), ("b", 0), ("c", 0)), [0, 0, 0x97])
        with Broker("[limits]\nconnections_max = 4\n") as broker:
            clients = [Client(broker.port).open(f"c{i}") for i in range(4)]
            extra = Client(broker.port)
            extra.send(wire.connect("extra"))
            packet = extra.expect(wire.CONNACK)
            self.assertEqual((packet.session_present, packet.reason), (0, 0x97))
            extra.expect_closed()
            clients[0].close()
            self.await_place(broker)

    def await_place(self, broker):
        for _ in range(100):  # As soon as the broker has noticed.
            client = Client(broker.port)
            self.addCleanup(client.close)
            client.send(wire.connect("again"))
            if client.expect(wire.CONNACK).reason == 0:
                return
            time.sleep(0.02)
        self.fail("no place became free")


if __name__ == "__main__":
    unittest.main()
