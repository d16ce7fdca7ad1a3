# SPDX-License-Identifier: Apache-2.0
"""The clients that people use: mosquitto's tools, paho in Python and C, mqtt.js."""
import os
import shutil
import subprocess
import tempfile
import threading
import unittest

import paho.mqtt.client as paho
from broker import Broker

HERE = os.path.dirname(os.path.abspath(__file__))
VERSIONS = ("mqttv31", "mqttv311", "mqttv5")


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker("[mqtt]\nsys_interval_s = 1\n")
        cls.count = 0

    @classmethod
    def tearDownClass(cls):
        assert cls.broker.stop() == 0

    def topic(self):
        type(self).count += 1
        return f"clients/{self.count}"

    def subscriber(self, *args):
        """mosquitto_sub that has seen its SUBACK."""
        process = subprocess.Popen(["stdbuf", "-oL", "mosquitto_sub", "-p", str(self.broker.port), "-d", "-W", "20", *args],
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.lines_until(process, b"Subscribed")
        return process

    def lines_until(self, process, words):
        while True:
            line = process.stdout.readline()
            self.assertTrue(line, f"ended before {words}")
            if words in line:
                return line

    def publish(self, *args, data=None):
        subprocess.run(["mosquitto_pub", "-p", str(self.broker.port), *args], input=data, check=True, timeout=30,
                       capture_output=True)

    def test_mosquitto_at_every_qos_and_version(self):
        for version in VERSIONS:
            for qos in "012":
                with self.subTest(version=version, qos=qos):
                    topic = self.topic()
                    reader = self.subscriber("-V", version, "-t", topic, "-q", qos, "-C", "1", "-F", "got %p q%q")
                    self.publish("-V", version, "-t", topic, "-q", qos, "-m", "hello")
                    self.lines_until(reader, f"got hello q{qos}".encode())

    def test_mosquitto_retained_wills_and_sessions(self):
        topic = self.topic()
        self.publish("-t", topic, "-r", "-q", "1", "-m", "kept")
        self.lines_until(self.subscriber("-t", topic, "-C", "1", "-F", "got %p %r"), b"got kept 1")
        watcher = self.subscriber("-t", topic + "/will", "-C", "1", "-F", "got %p")
        doomed = self.subscriber("-t", "x", "--will-topic", topic + "/will", "--will-payload", "dead", "-q", "1")
        doomed.kill()  # kill -9: no DISCONNECT.
        self.lines_until(watcher, b"got dead")
        first = self.subscriber("-t", topic + "/s", "-c", "-i", "keeper", "-q", "1")
        first.terminate()
        first.wait()
        # One publisher for all of them: order is promised for one, not between several. [MQTT-4.6.0-6]
        self.publish("-t", topic + "/s", "-q", "1", "-l", data="".join(f"{i}\n" for i in range(50)).encode())
        again = subprocess.run(["mosquitto_sub", "-p", str(self.broker.port), "-t", topic + "/s", "-c", "-i", "keeper", "-q",
                                "1", "-C", "50", "-W", "20"], capture_output=True, text=True, check=True)
        self.assertEqual(again.stdout.split(), [str(i) for i in range(50)])

    def test_mosquitto_large_payloads(self):
        for size in (1 << 20, 20 << 20):
            topic = self.topic()
            with tempfile.TemporaryFile() as out:
                # A session made first, so that nothing has to be timed: the message waits for its reader.
                maker = self.subscriber("-t", topic, "-q", "1", "-i", f"large-{size}", "-c")
                maker.terminate()
                maker.wait()
                self.publish("-t", topic, "-q", "1", "-s", data=b"z" * size)
                subprocess.run(["mosquitto_sub", "-p", str(self.broker.port), "-t", topic, "-C", "1", "-N", "-q", "1", "-W",
                                "30", "-i", f"large-{size}", "-c"], stdout=out, check=True, timeout=60)
                self.assertEqual(out.seek(0, 2), size)

    def test_sys_has_mosquittos_names(self):
        reader = subprocess.run(["mosquitto_sub", "-p", str(self.broker.port), "-t", "$SYS/#", "-F", "%t", "-W", "3"],
                                capture_output=True, text=True)
        names = set(line[len("$SYS/broker/"):] for line in reader.stdout.splitlines())
        for name in ("version", "uptime", "clients/total", "clients/connected", "messages/received", "messages/sent",
                     "bytes/received", "publish/messages/dropped", "subscriptions/count", "retained messages/count",
                     "heap/current", "load/messages/received/1min", "store/messages/count"):
            self.assertIn(name, names)

    def paho_round_trip(self, protocol, qos):
        topic = self.topic()
        done, got = threading.Event(), []
        client = paho.Client(f"paho-{protocol}-{qos}", protocol=protocol)

        def on_connect(*_):
            client.subscribe(topic, qos)

        def on_subscribe(*_):
            for i in range(100):
                client.publish(topic, str(i), qos)

        def on_message(_client, _data, message):
            got.append((int(message.payload), message.qos))
            if len(got) == 100:
                done.set()

        client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
        client.connect("127.0.0.1", self.broker.port)
        client.loop_start()
        try:
            self.assertTrue(done.wait(20), f"{len(got)} of 100")
        finally:
            client.disconnect()
            client.loop_stop()
        self.assertEqual(got, [(i, qos) for i in range(100)])

    def test_paho_python(self):
        for protocol in (paho.MQTTv31, paho.MQTTv311, paho.MQTTv5):
            for qos in (0, 1, 2):
                with self.subTest(protocol=protocol, qos=qos):
                    self.paho_round_trip(protocol, qos)

    def paho_in_c(self, variable):
        program = os.environ.get(variable, "")
        self.assertTrue(os.path.exists(program), f"{variable}={program}: not built (tools/setup installs libpaho-mqtt-dev)")
        for version in ("3", "5"):
            for qos in "012":
                with self.subTest(version=version, qos=qos):
                    done = subprocess.run([program, f"tcp://127.0.0.1:{self.broker.port}", version, qos], timeout=30,
                                          capture_output=True, text=True)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_paho_c_synchronous(self):
        self.paho_in_c("PAHO_C")

    def test_paho_c_asynchronous(self):
        self.paho_in_c("PAHO_C_ASYNC")

    @unittest.skipUnless(shutil.which("node") and os.path.isdir(os.path.join(HERE, "mqttjs", "node_modules", "mqtt")),
                         "mqtt.js is not installed (tools/setup runs npm ci)")
    def test_mqtt_js(self):
        for version in ("4", "5"):
            with self.subTest(version=version):
                subprocess.run(["node", "round_trip.js", str(self.broker.port), version], check=True, timeout=30,
                               cwd=os.path.join(HERE, "mqttjs"))


if __name__ == "__main__":
    unittest.main()
