# SPDX-License-Identifier: Apache-2.0
"""The programs in examples/, that is our client library, against ringmqd and against mosquitto."""
import os
import signal
import subprocess
import tempfile
import unittest

from broker import Broker
from mosquitto import Mosquitto

EXAMPLES = os.environ.get("RINGMQ_EXAMPLES", "build/dev/examples")


def command(name, *args):
    return [os.path.join(EXAMPLES, name), *args]


def run(name, *args, timeout=60):
    return subprocess.run(command(name, *args), capture_output=True, text=True, timeout=timeout)


class Background:
    """An example that says "ready" and ends by itself."""

    def __init__(self, name, *args):
        self.process = subprocess.Popen(command(name, *args), stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if line != "ready\n":
            raise AssertionError(f"{name} said {line!r}")

    def finish(self):
        """What it printed after that, and its exit code."""
        output, _ = self.process.communicate(timeout=30)
        return output.splitlines(), self.process.returncode


class Examples:
    """Mixed into a test case whose `start` gives a broker."""

    def setUp(self):
        self.broker = self.start()
        self.addCleanup(self.broker.__exit__, None, None, None)
        self.url = f"mqtt://127.0.0.1:{self.broker.port}"

    def test_publish_and_subscribe(self):
        for version in "3.1.1", "5":
            subscriber = Background("subscribe", f"{self.url}?version={version}", "news/#")
            for payload in "one", "two", "stop":
                done = run("publish", f"{self.url}?version={version}", "news/today", payload)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("acknowledged", done.stdout)
            lines, code = subscriber.finish()
            self.assertEqual(lines, ["news/today one", "news/today two", "news/today stop"])
            self.assertEqual(code, 0)

    def test_threads(self):
        done = run("threads", self.url)
        self.assertEqual((done.returncode, done.stdout), (0, "100 acknowledged\n"))

    def test_foreign_loop(self):
        done = run("foreign_loop", self.url)
        self.assertEqual((done.returncode, done.stdout), (0, "completed\n"))

    def test_coroutine(self):
        done = run("coroutine", self.url)
        self.assertEqual((done.returncode, done.stdout),
                         (0, "0: completed\n1: completed\n2: completed\n"))

    def test_asio(self):
        done = run("asio", self.url)
        self.assertEqual((done.returncode, done.stdout),
                         (0, "connected: acknowledged\n0: completed\n1: completed\n2: completed\n"))

    def test_router(self):
        done = run("router", self.url)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_request_and_respond(self):
        service = Background("respond", self.url, "service/upper", "1")
        done = run("request", self.url, "service/upper", "hello")
        self.assertEqual((done.returncode, done.stdout), (0, "HELLO\n"))
        self.assertEqual(service.finish()[1], 0)

    def test_manual_acknowledgements(self):
        worker = Background("manual_acks", self.url, "jobs", "20")
        publisher = subprocess.run(
            ["mosquitto_pub", "-p", str(self.broker.port), "-q", "1", "-t", "jobs", "-l"],
            input="".join(f"{i}\n" for i in range(20)), text=True, timeout=60)
        self.assertEqual(publisher.returncode, 0)
        lines, code = worker.finish()
        self.assertEqual(lines, [f"{i} done" for i in range(20)])
        self.assertEqual(code, 0)

    def test_messages_survive_kill(self):
        """Whatever was taken before kill -9 arrives after it: no number is missing."""
        subscriber = subprocess.Popen(
            ["mosquitto_sub", "-p", str(self.broker.port), "-q", "1", "-t", "durable/#", "-v",
             "-W", "60"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(subscriber.wait)
        self.addCleanup(subscriber.kill)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "session")
            first = subprocess.Popen(command("durable_publisher", self.url, path, "1000000"))
            seen = set()

            def next_number():
                """The number of the next message; None: the last one."""
                line = subscriber.stdout.readline()
                self.assertTrue(line, "nothing comes any more")
                word = line.split()[0].split("/")[1]
                return None if word == "end" else int(word)

            while len(seen) < 500:  # It is in full swing.
                seen.add(next_number())
            first.send_signal(signal.SIGKILL)
            first.wait()
            second = run("durable_publisher", self.url, path, "1")
            self.assertEqual(second.returncode, 0, second.stderr)
            self.assertIn("unfinished 0", second.stdout)
            done = run("publish", self.url, "durable/end", "x")
            self.assertEqual(done.returncode, 0)
            while (number := next_number()) is not None:
                seen.add(number)
            self.assertEqual(seen, set(range(max(seen) + 1)))

    def test_tells_what_is_wrong(self):
        done = run("publish", "mqtt://localhost?keepalive=1", "a", "b")
        self.assertEqual(done.returncode, 2)
        self.assertIn("did you mean 'keep_alive'", done.stderr)


class WithRingmqd(Examples, unittest.TestCase):
    @staticmethod
    def start():
        return Broker()


class WithMosquitto(Examples, unittest.TestCase):
    @staticmethod
    def start():
        return Mosquitto()

    @unittest.skip("Debian's mosquitto 2.0.11 sends four messages for each PUBACK, whatever our "
                   "Receive Maximum; the client ends such a connection with 0x93")
    def test_manual_acknowledgements(self):
        pass


if __name__ == "__main__":
    unittest.main()
