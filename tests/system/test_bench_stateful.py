# SPDX-License-Identifier: Apache-2.0
"""The commands of mqtt-bench that do more than publish and subscribe, against ringmqd."""
import json
import os
import subprocess
import tempfile
import unittest

from broker import Broker

BENCH = os.path.join(os.environ.get("RINGMQ_TOOLS", "build/dev/tools"), "mqtt-bench/mqtt-bench")
WRONG = "lost", "duplicates", "corrupt", "misrouted", "wrong_qos"


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker()
        cls.addClassCleanup(cls.broker.__exit__, None, None, None)

    def measure(self, *args, code=0):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "result.json")
            done = subprocess.run([BENCH, "--quiet", *args, "-u",
                                   f"mqtt://127.0.0.1:{self.broker.port}", "--allow-invalid",
                                   "--json", path], capture_output=True, text=True, timeout=100)
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            with open(path) as file:
                result = json.load(file)
        for name in WRONG:
            self.assertEqual(result["integrity"][name], 0, name)
        return result

    def test_request_and_response(self):
        for version in "4", "5":
            result = self.measure("rr", "-p", "4", "-s", "2", "-q", "1", "-r", "2k", "-d", "500ms",
                                  "--warmup", "0s", "-V", version)
            self.assertEqual(result["counters"]["received"], 1000)

    def test_a_number_of_messages(self):
        result = self.measure("pubsub", "-n", "2k", "-q", "1", "--payload", "64-4k")
        self.assertEqual(result["counters"]["received"], 2000)


if __name__ == "__main__":
    unittest.main()
