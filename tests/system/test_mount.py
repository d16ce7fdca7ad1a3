# SPDX-License-Identifier: Apache-2.0
"""Listeners with mount points, through mosquitto's tools: each client sees its part of the topics as if it were all."""
import shutil
import subprocess
import unittest

import wire
from broker import Broker

CONFIG = """
[auth]
acl_file = "@DIR@/acl"
[[listeners]]
[[listeners]]
port = 0
mount_point = "plant-7/"
"""
# Rights mean the whole topic.
ACL = """
topic readwrite #
topic read $SYS/#
topic deny plant-7/secret
topic deny outside
"""


@unittest.skipUnless(shutil.which("mosquitto_pub"), "mosquitto-clients is not installed")
class MountTest(unittest.TestCase):
    def setUp(self):
        self.broker = Broker(config=CONFIG, files={"acl": ACL})
        self.addCleanup(self.broker.__exit__, None, None, None)
        self.broker.wait_for_line("listening", count=2)
        self.outside = self.broker.port
        self.inside = int(self.broker.lines[-1].split(":")[-1].split()[0])

    def tool(self, name, port, *args):
        # No -c: mosquitto_sub begins a clean session and exits after what it was to count.
        return subprocess.run([name, "-V", "5", "-p", str(port), "-q", "1", *args], capture_output=True, text=True, timeout=30)

    def publish(self, port, topic, payload, *args):
        return self.tool("mosquitto_pub", port, "-t", topic, "-m", payload, *args)

    def retained(self, port, topic, count):
        """What is there, and then the end of it: the count makes the tool stop."""
        heard = self.tool("mosquitto_sub", port, "-t", topic, "-C", str(count), "-W", "20", "-F", "%t %p %R")
        return sorted(heard.stdout.splitlines())

    def listen(self, port, *topics, name):
        client = wire.Client(port).open(name)
        self.addCleanup(client.close)
        self.assertEqual(client.subscribe(*topics), [0] * len(topics))
        return client

    def test_retained_messages_cross_with_the_names_of_each_side(self):
        self.publish(self.inside, "a", "1", "-r", "-D", "publish", "response-topic", "answers/here")
        self.publish(self.outside, "plant-7/b", "2", "-r")
        self.publish(self.outside, "plant-7", "3", "-r")
        self.publish(self.outside, "c", "4", "-r")
        self.assertEqual(self.retained(self.outside, "#", 4),
                         ["c 4 ", "plant-7 3 ", "plant-7/a 1 answers/here", "plant-7/b 2 "])
        self.assertEqual(self.retained(self.inside, "#", 2), ["a 1 answers/here", "b 2 "])

    def test_live_messages_and_shared_ones_cross(self):
        inside = self.listen(self.inside, "#", "$share/g/s", "$SYS/#", name="i")
        outside = self.listen(self.outside, "plant-7/#", name="o")
        for port, topic in ((self.inside, "x"), (self.outside, "plant-7/y")):
            self.assertEqual(self.publish(port, topic, "hi").returncode, 0)
        self.assertEqual([inside.message().topic for _ in range(2)], ["x", "y"])
        self.assertEqual([outside.message().topic for _ in range(2)], ["plant-7/x", "plant-7/y"])
        self.publish(self.outside, "plant-7/s", "both ways")
        self.assertEqual([inside.message().topic for _ in range(2)], ["s", "s"])

    def test_rights_are_asked_for_the_whole_topic(self):
        self.assertIn("Not authorized", self.publish(self.inside, "secret", "x").stderr)
        self.assertIn("Not authorized", self.publish(self.outside, "outside", "x").stderr)
        self.assertEqual(self.publish(self.inside, "outside", "x").stderr, "")
        self.broker.wait_for_line("publish of client '.*' to 'plant-7/secret' refused")

    def test_wills_stay_behind_it(self):
        outside = self.listen(self.outside, "plant-7/gone", name="o")
        client = wire.Client(self.inside).open("w", will={"topic": "gone", "payload": b"bye"})
        client.reset()
        self.assertEqual(outside.message().topic, "plant-7/gone")

    def test_a_session_is_resumed_through_its_mount_point_only(self):
        keep = [(0x11, 1000)]
        first = wire.Client(self.inside).open("s", clean=False, properties=keep)
        self.assertEqual(first.subscribe(("a", 1)), [1])
        first.close()
        self.publish(self.outside, "plant-7/a", "queued")
        again = wire.Client(self.inside).open("s", clean=False, properties=keep)
        self.assertTrue(again.connack.body[0] & 1)
        self.assertEqual(again.message().topic, "a")
        again.close()
        elsewhere = wire.Client(self.outside).open("s", clean=False, properties=keep)
        self.assertFalse(elsewhere.connack.body[0] & 1)
        elsewhere.close()


if __name__ == "__main__":
    unittest.main()
