# SPDX-License-Identifier: Apache-2.0
"""mqtt-bench --processes: one run by several processes, with every message accounted for across them."""
import json
import os
import signal
import subprocess
import tempfile
import unittest

from broker import Broker

TOOLS = os.environ.get("RINGMQ_TOOLS", "build/dev/tools")
TOOL = os.path.join(TOOLS, "mqtt-bench/mqtt-bench")
FAULTS = "lost", "lost_permitted", "duplicates", "reordered", "corrupt", "misrouted", "wrong_qos", "foreign"


class Processes(unittest.TestCase):
    def setUp(self):
        self.broker = Broker()
        self.addCleanup(self.broker.__exit__, None, None, None)
        self.url = f"mqtt://127.0.0.1:{self.broker.port}"

    def measure(self, *args):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "result.json")
            done = subprocess.run([TOOL, *args, "-u", self.url, "--quiet", "--allow-invalid",
                                   "--watch-pid", str(self.broker.process.pid), "--json", path],
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            with open(path) as file:
                return json.load(file)

    def test_publishers_and_subscribers_of_different_processes_account_for_every_message(self):
        for processes, flags, deliveries in (("2", ["pubsub", "-p", "3", "-s", "4", "--threads", "2"], 4),
                                             ("2", ["pairs", "-p", "3"], 1),
                                             ("3", ["fanin", "-p", "5"], 1),
                                             ("3", ["shared", "-p", "3", "-s", "4"], 1)):
            for qos in "02":
                with self.subTest(processes=processes, flags=flags, qos=qos):
                    result = self.measure(*flags, "-q", qos, "-r", "2k", "-d", "500ms", "--warmup", "100ms",
                                          "--processes", processes)
                    counters, integrity = result["counters"], result["integrity"]
                    self.assertEqual(result["processes"], int(processes))
                    self.assertEqual(counters["sent"], 1000)
                    self.assertEqual(counters["expected"], 1000 * deliveries)
                    self.assertEqual(counters["received"], 1000 * deliveries)
                    self.assertEqual(counters["acked"], 0 if qos == "0" else 1000)
                    self.assertEqual({name: integrity[name] for name in FAULTS}, dict.fromkeys(FAULTS, 0))
                    self.assertEqual(self.samples(result, "response"), 1000 * deliveries)
                    # When it was sent is known to who received it in another process, but to the fastest.
                    self.assertGreater(self.samples(result, "service"), 300 * deliveries)
                    self.assertGreater(result["broker"]["cpu_s"], 0)

    @staticmethod
    def samples(result, metric):
        counts = result["histograms"][metric].split(";")[7]
        return sum(int(bucket.split(":")[1]) if ":" in bucket else 1 for bucket in counts.split(","))

    def test_a_closed_loop_has_one_window_for_all(self):
        result = self.measure("pubsub", "-p", "2", "-s", "2", "-n", "3k", "--inflight", "10", "--processes", "2")
        self.assertEqual(result["counters"]["sent"], 3000)
        self.assertEqual(result["counters"]["received"], 6000)
        self.assertTrue(result["verdict"]["text"].startswith("VALID, closed loop"), result["verdict"])

    def test_connections_are_shared_out(self):
        result = self.measure("conn", "-c", "301", "-d", "100ms", "--warmup", "0s", "--processes", "3")
        self.assertEqual(result["connections"], 301)

    def test_the_run_is_given_up_if_a_process_dies(self):
        tool = subprocess.Popen([TOOL, "pubsub", "-u", self.url, "-r", "1k", "-d", "60s", "--processes", "2"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in tool.stderr:  # One a second.
            if "measure" in line or "warmup" in line:
                break
        with open(f"/proc/{tool.pid}/task/{tool.pid}/children") as file:
            children = file.read().split()
        self.assertEqual(len(children), 2)
        os.kill(int(children[1]), signal.SIGKILL)
        _, said = tool.communicate(timeout=30)
        self.assertEqual(tool.returncode, 2)
        self.assertRegex(said, rf"process 2 of 2 \(pid {children[1]}\) was ended by signal 9; the run was given up")
        self.assertFalse(os.path.exists(f"/proc/{children[0]}"))


if __name__ == "__main__":
    unittest.main()
