# SPDX-License-Identifier: Apache-2.0
"""The broker as its operator sees it: users and rights, reload, limits, many connections, stopping, its command line."""
import os
import resource
import signal
import socket
import subprocess
import unittest

import broker as broker_module
import wire
from broker import Broker
from wire import Client

USERS = """[[listeners]]
address = "127.0.0.1"
port = 0
allow_anonymous = "never"
[auth]
password_file = "@DIR@/passwords"
acl_file = "@DIR@/acl"
"""
ACL = """user alice
topic readwrite alice/#
topic read shared/#
user bob
topic readwrite bob/#
topic write shared/news
pattern readwrite own/%u/%c
"""


def passwords(**users):
    """What mosquitto_passwd makes of them."""
    directory = broker_module.tempfile.mkdtemp()
    path = os.path.join(directory, "passwords")
    open(path, "w").close()
    for i, (name, password) in enumerate(users.items()):
        subprocess.run(["mosquitto_passwd", "-H", "sha512" if i % 2 else "sha512-pbkdf2", "-b", path, name, password],
                       check=True, capture_output=True)
    with open(path) as file:
        text = file.read()
    broker_module.shutil.rmtree(directory)
    return text


def run(*args):
    return subprocess.run([os.path.abspath(broker_module.BINARY), *args], capture_output=True, text=True, timeout=30)


class Rights(unittest.TestCase):
    def setUp(self):
        self.broker = Broker(USERS, files={"passwords": passwords(alice="a-secret", bob="b-secret"), "acl": ACL})
        self.addCleanup(lambda: self.assertEqual(self.broker.stop(), 0))

    def client(self, user, password, name=None, **options):
        client = Client(self.broker.port)
        self.addCleanup(client.close)
        client.send(wire.connect(name or user, username=user, password=password, **options))
        client.connack = client.expect(wire.CONNACK)
        return client

    def test_who_may_come_in(self):
        self.assertEqual(self.client("alice", "a-secret").connack.reason, 0)
        self.assertEqual(self.client("bob", "b-secret").connack.reason, 0)
        for user, password in (("alice", "wrong"), ("alice", ""), ("nobody", "x"), ("bob", "a-secret")):
            self.assertEqual(self.client(user, password).connack.reason, 0x86)
        anonymous = Client(self.broker.port)
        anonymous.send(wire.connect("x"))
        self.assertEqual(anonymous.expect(wire.CONNACK).reason, 0x87)
        old = Client(self.broker.port, 4)
        old.send(wire.connect("x", 4, username="alice", password="wrong"))
        self.assertEqual(old.expect(wire.CONNACK).reason, 4)

    def test_packets_behind_connect_wait_for_the_password_check(self):
        client = Client(self.broker.port)
        client.send(wire.connect("alice", username="alice", password="a-secret") + wire.subscribe([("alice/x", 0)]) +
                    wire.publish("alice/x", b"1"))
        client.expect(wire.CONNACK)
        client.expect(wire.SUBACK)
        self.assertEqual(client.message().payload, b"1")

    def test_rights_on_publish_subscribe_delivery_and_will(self):
        alice, bob = self.client("alice", "a-secret"), self.client("bob", "b-secret")
        self.assertEqual(alice.publish("bob/x", b"", qos=1).reason, 0x87)
        self.assertEqual(alice.publish("own/alice/alice", b"", qos=1).reason, 0x10)
        self.assertEqual(alice.publish("own/alice/bob", b"", qos=1).reason, 0x87)
        self.assertEqual(alice.subscribe("bob/#", "#", "shared/+"), [0x87, 0, 0])
        self.assertEqual(bob.publish("shared/news", b"for alice", qos=1).reason, 0)
        self.assertEqual(bob.publish("bob/private", b"", qos=1).reason, 0)  # Matches "#", but is not hers to read.
        self.assertEqual(alice.message().payload, b"for alice")
        alice.expect_silence()
        self.assertEqual(alice.messages, [])
        refused = self.client("bob", "b-secret", "other", will={"topic": "alice/x"})
        self.assertEqual(refused.connack.reason, 0x87)

    def test_a_session_belongs_to_who_made_it(self):
        alice = self.client("alice", "a-secret", "shared-id", clean=False, properties=[(17, 60)])
        alice.subscribe(("alice/x", 1))
        for clean in (False, True):
            self.assertEqual(self.client("bob", "b-secret", "shared-id", clean=clean).connack.reason, 0x87)
        alice.expect_silence()
        alice.close()
        back = self.client("alice", "a-secret", "shared-id", clean=False)
        self.assertEqual((back.connack.reason, back.connack.session_present), (0, 1))

    def test_reload_replaces_rights_and_a_broken_file_does_not(self):
        alice = self.client("alice", "a-secret")
        self.write("acl", ACL.replace("shared/#", "shared/#\ntopic write shared/alice"))
        self.write("passwords", passwords(alice="new-secret"))
        self.broker.signal(signal.SIGHUP)
        self.broker.wait_for_line("read again")
        self.assertEqual(alice.publish("shared/alice", b"", qos=1).reason, 0x10)
        self.assertEqual(self.client("alice", "new-secret", "again").connack.reason, 0)
        self.assertEqual(self.client("bob", "b-secret").connack.reason, 0x86)
        self.write("acl", "topic nonsense here is\n")
        self.broker.signal(signal.SIGHUP)
        self.broker.wait_for_line("reload failed.*acl:1")
        self.assertEqual(alice.publish("shared/alice", b"", qos=1).reason, 0x10)

    def write(self, name, text):
        with open(self.broker.path(name), "w") as file:
            file.write(text)


class Scale(unittest.TestCase):
    def test_ten_thousand_connections_at_once(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        count = min(10_000, hard - 200)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        with Broker() as broker:
            clients = []
            for i in range(count):
                client = Client(broker.port, 4, timeout=20)
                client.send(wire.connect(f"many-{i}", 4, keep_alive=0) + wire.subscribe([("many/all", 0)], version=4))
                clients.append(client)
            for client in clients:
                client.expect(wire.CONNACK, 20)
                client.expect(wire.SUBACK, 20)
            clients[0].publish("many/all", b"to all")
            for client in clients:
                self.assertEqual(client.message(20).payload, b"to all")
                client.close()

    def test_slow_reader_does_not_slow_others_and_its_losses_are_counted(self):
        config = ("[limits]\noutput_bytes_max = 262144\noutput_bytes_high_mark = 65536\nqueued_messages_max = 50\n"
                  "[mqtt]\nsys_interval_s = 1\n")
        with Broker(config) as broker:
            slow, quick = Client(broker.port).open("slow"), Client(broker.port).open("quick")
            slow.subscribe(("flood", 0))
            quick.subscribe(("flood", 0))
            sender = Client(broker.port).open("sender")
            for _ in range(600):  # 38 MB: more than the sockets' buffers and the limit together.
                sender.publish("flood", b"x" * 65_000)
                quick.message()
            broker.wait_for_line("client 'slow' on 'flood' dropped: the client reads too slowly")
            sys = Client(broker.port).open("sys")
            sys.subscribe("$SYS/broker/publish/messages/dropped")
            for _ in range(10):
                if int(sys.message().payload) > 0:
                    break
            else:
                self.fail("not counted")


class Limits(unittest.TestCase):
    def test_retained_messages_beyond_the_limit_are_delivered_and_not_kept(self):
        with Broker("[limits]\nretained_messages_max = 2\n[mqtt]\nsys_interval_s = 0\n") as broker:
            client = Client(broker.port).open("c")
            client.subscribe(("kept/#", 0x20))
            for i in range(4):
                client.publish(f"kept/{i}", b"x", qos=1, packet_id=i + 1, retain=True)
                self.assertEqual(client.message().topic, f"kept/{i}")
            broker.wait_for_line("retained_messages_max")
            client.publish("kept/0", b"new", qos=1, retain=True)  # One that is there is replaced.
            self.assertEqual(client.message().payload, b"new")
            late = Client(broker.port).open("late")
            late.subscribe("kept/#")
            self.assertEqual({late.message().payload for _ in range(2)}, {b"new", b"x"})
            late.settle(client)
            self.assertEqual(late.messages, [])

    def test_publishers_pause_when_memory_is_full(self):
        with Broker() as broker:
            resident = broker.resident_bytes()
        with Broker(f"[server]\nmemory_bytes_max = {resident + (48 << 20)}\n") as broker:
            client = Client(broker.port, timeout=20).open("c")
            client.socket.settimeout(3)
            sent = 0
            try:
                while sent < (1 << 30):
                    client.socket.sendall(wire.publish(f"fill/{sent}", b"x" * 60_000, retain=True))
                    sent += 60_000
            except (socket.timeout, TimeoutError):
                pass
            broker.wait_for_line("memory_bytes_max reached")
            self.assertLess(sent, 1 << 30)
            refused = Client(broker.port)
            refused.send(wire.connect("late"))
            self.assertEqual(refused.expect(wire.CONNACK).reason, 0x89)


class Life(unittest.TestCase):
    def test_a_graceful_stop_says_goodbye(self):
        for threads in (1, 3):
            broker = Broker(threads=threads)
            new, old = Client(broker.port).open("new"), Client(broker.port, 4).open("old", clean=False)
            self.assertEqual(broker.stop(), 0)
            self.assertEqual(new.expect(wire.DISCONNECT).reason, 0x8B)
            new.expect_closed()
            old.expect_closed()
            self.assertIn("stopped", broker.log())

    def test_sigint_stops_too(self):
        broker = Broker()
        broker.signal(signal.SIGINT)
        self.assertEqual(broker.process.wait(timeout=20), 0)
        broker.stop()

    def test_epoll_serves_the_same(self):
        with Broker(args=["--io", "epoll"]) as broker:
            for version in (3, 4, 5):
                for qos in (0, 1, 2):
                    client = Client(broker.port, version).open(f"e{version}{qos}")
                    client.subscribe(("epoll", qos))
                    client.publish("epoll", b"x" * 100_000, qos=qos)
                    self.assertEqual(client.message().qos, qos)
                    client.close()

    def test_a_message_reaches_every_core(self):
        with Broker(threads=3) as broker:
            readers = [Client(broker.port).open(f"reader{i}") for i in range(12)]
            for reader in readers:
                reader.subscribe(("cores", 2))
            for qos in (0, 1, 2):
                Client(broker.port).open(f"sender{qos}").publish("cores", bytes([qos]), qos=qos)
                for reader in readers:
                    self.assertEqual(reader.message().payload, bytes([qos]))


class CommandLine(unittest.TestCase):
    def test_version_features_and_configuration(self):
        self.assertRegex(run("--version").stdout, r"^ringmqd \d+\.\d+\.\d+\n$")
        features = run("--features")
        self.assertEqual(features.returncode, 0)
        self.assertIn("backend", features.stdout)
        printed = run("--print-config").stdout
        with broker_module.tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(printed)
            file.flush()
            self.assertEqual(run("-c", file.name, "--check").returncode, 0)

    def test_errors_say_where_and_what(self):
        with broker_module.tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write("[limits]\nconnect_timeout_ms = \"soon\"\n")
            file.flush()
            done = run("-c", file.name, "--check")
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, rf"{file.name}:2.*connect_timeout_ms.*expected")
        done = run("--prot", "1883")
        self.assertEqual(done.returncode, 1)
        self.assertIn("--prot", done.stderr)

    def test_a_port_that_is_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            done = run("-p", str(taken.getsockname()[1]))
            self.assertEqual(done.returncode, 1)
            self.assertIn(str(taken.getsockname()[1]), done.stderr)


if __name__ == "__main__":
    unittest.main()
