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

    def measure(self, *args, url=None):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "result.json")
            done = subprocess.run([TOOL, *args, "-u", url or self.url, "--quiet", "--allow-invalid",
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
        # On a busy machine the tool may have been kept from running, and says so.
        self.assertRegex(result["verdict"]["text"],
                         r"^(VALID, |INVALID, generator-limited \(thread .* was kept from running .*; )closed loop, service")

    def test_connections_are_shared_out(self):
        result = self.measure("conn", "-c", "301", "-d", "100ms", "--warmup", "0s", "--processes", "3")
        self.assertEqual(result["connections"], 301)

    def test_each_retained_message_comes_once_to_each_subscriber_of_every_process(self):
        for processes, qos in (("2", "0"), ("3", "1"), ("3", "2")):
            result = self.measure("retain", "-n", "1001", "-p", "3", "-s", "4", "-q", qos, "--processes", processes,
                                  "--assert", "max(last)<50s")
            self.assertEqual(result["counters"]["sent"], 1001)
            self.assertEqual(result["counters"]["expected"], 4 * 1001)
            self.assertEqual(result["counters"]["received"], 4 * 1001)
            self.assertEqual({name: result["integrity"][name] for name in FAULTS}, dict.fromkeys(FAULTS, 0))
            self.assertEqual(self.samples(result, "first_message"), 4)
            self.assertEqual(self.samples(result, "last_message"), 4)
            # Rates are of the time that all of them took together.
            scalars = result["scalars"]
            self.assertAlmostEqual(scalars["retained_per_s"] * scalars["retained_all_s"], 4004, delta=1)
            self.assertAlmostEqual(result["rates"]["received_per_s"], scalars["retained_per_s"], delta=1)
            self.assertGreater(scalars["removed_per_s"], 0)
        # Nothing was left over.
        result = self.measure("retain", "-n", "1", "-p", "3", "--processes", "2")
        self.assertEqual(result["integrity"]["foreign"], 0)

    def test_queues_of_sessions_drain_in_all_processes(self):
        for flags in ["-V", "4"], ["-q", "2"], ["--rate", "5k"]:
            result = self.measure("session", "-n", "1k", "-p", "2", "-s", "3", "--processes", "3", *flags,
                                  "--assert", "sessions_lost==0")
            self.assertEqual(result["counters"]["received"], 3000)
            self.assertEqual({name: result["integrity"][name] for name in FAULTS}, dict.fromkeys(FAULTS, 0))
            self.assertEqual(self.samples(result, "last_message"), 3)
            scalars = result["scalars"]
            self.assertAlmostEqual(scalars["drained_per_s"] * scalars["drained_all_s"], 3000, delta=1)

    def test_a_storm_is_one_in_all_processes(self):
        result = self.measure("conn", "-c", "301", "--storm", "-d", "100ms", "--processes", "3")
        self.assertEqual(result["connections"], 301)
        self.assertEqual(self.samples(result, "connect"), 602)
        scalars = result["scalars"]
        self.assertAlmostEqual(scalars["connects_per_s"] * scalars["connected_all_s"], 301, delta=1)
        self.assertAlmostEqual(scalars["reconnects_per_s"] * scalars["reconnected_all_s"], 301, delta=1)

    def test_lines_tell_of_the_last_second_of_all_processes(self):
        done = subprocess.run([TOOL, "pairs", "-p", "4", "-r", "2k", "-d", "4s", "-u", self.url, "--allow-invalid",
                               "--processes", "2"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"(?m)^(measure|drain) .* received [0-9.]+k?/s  p99 [0-9.]+(µs|ms|s)")

    def test_a_ramp_is_one_schedule(self):
        result = self.measure("conn", "-c", "200", "--ramp", "500/s", "-d", "100ms", "--processes", "3")
        scalars = result["scalars"]
        self.assertGreaterEqual(scalars["connected_all_s"], 0.398)  # The last one is due then.
        self.assertAlmostEqual(scalars["connects_per_s"] * scalars["connected_all_s"], 200, delta=1)
        self.assertNotIn("closed loop", result["verdict"]["text"])

    def test_a_ramp_that_a_broker_does_not_follow_is_its_limit_for_any_number_of_processes(self):
        with Broker(config="[[listeners]]\nport = 0\nconnections_per_second_max = 100\n") as broker:
            for processes in "1", "3":
                result = self.measure("conn", "-c", "400", "--ramp", "4k/s", "-d", "100ms", "--processes", processes,
                                      url=f"mqtt://127.0.0.1:{broker.port}")
                self.assertRegex(result["verdict"]["text"], "^VALID, target-limited at [0-9.]+/s connects$")
                self.assertEqual(result["connections"], 400)

    def test_wills_of_clients_of_other_processes_come_once(self):
        for flags in [], ["--will-delay", "1s", "-q", "2"]:
            result = self.measure("will", "-c", "50", "--churn", "500/s", "-s", "3", "--processes", "3", *flags,
                                  "--assert", "wills_early==0")
            self.assertEqual(result["counters"]["sent"], 50)
            self.assertEqual(result["counters"]["received"], 150)
            self.assertEqual({name: result["integrity"][name] for name in FAULTS}, dict.fromkeys(FAULTS, 0))
            self.assertEqual(self.samples(result, "will"), 150)
            self.assertAlmostEqual(result["scalars"]["cuts_per_s"], 500, delta=1)

    def test_a_queue_that_has_no_room_loses_as_much_as_with_one_process(self):
        with Broker(config="[limits]\nqueued_messages_max = 100\n") as broker:
            command = [TOOL, "session", "-n", "301", "-s", "4", "--drain", "2s", "--quiet", "--allow-invalid", "--processes", "2",
                       "-u", f"mqtt://127.0.0.1:{broker.port}", "--assert", "loss==804"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stdout.count("queued_messages_max"), 1)

    def test_a_run_with_steps_is_given_up_if_a_process_dies(self):
        tool = subprocess.Popen([TOOL, "conn", "-c", "10", "--storm", "-d", "60s", "-u", self.url, "--processes", "2"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in tool.stderr:
            if "measure" in line:
                break
        with open(f"/proc/{tool.pid}/task/{tool.pid}/children") as file:
            children = file.read().split()
        os.kill(int(children[0]), signal.SIGKILL)
        _, said = tool.communicate(timeout=30)
        self.assertEqual(tool.returncode, 2)
        self.assertRegex(said, rf"process 1 of 2 \(pid {children[0]}\) was ended by signal 9; the run was given up")

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
