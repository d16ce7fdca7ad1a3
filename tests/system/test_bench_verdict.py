# SPDX-License-Identifier: Apache-2.0
"""What mqtt-bench says of runs that measured nothing, a part, or itself; the same in all its files."""
import json
import os
import resource
import signal
import socket
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

from broker import Broker
from faulty_broker import FaultyBroker

BENCH = os.path.join(os.environ.get("RINGMQ_TOOLS", "build/dev/tools"), "mqtt-bench/mqtt-bench")
NOBODY = "mqtt://127.0.0.1:1"


class Verdicts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.files = {name: os.path.join(folder.name, name) for name in ("json", "html", "junit", "prometheus")}

    def command(self, *args):
        outputs = [word for name, path in self.files.items() for word in (f"--{name}", path)]
        return [BENCH, "--quiet", *args, *outputs]

    def run_bench(self, *args, **options):
        return subprocess.run(self.command(*args), capture_output=True, text=True, timeout=100, **options)

    def expect(self, kind, start, text):
        """That every file has the verdict that the first line of the report is."""
        first = text.splitlines()[0]
        self.assertTrue(first.startswith(start), text)
        with open(self.files["json"]) as file:
            result = json.load(file)
        self.assertEqual(result["verdict"], {"kind": kind, "text": first})
        with open(self.files["html"]) as file:
            page = file.read()
        self.assertIn('class="verdict bad"', page)
        self.assertIn(first, "".join(xml.etree.ElementTree.fromstring(page).itertext()))
        suite = xml.etree.ElementTree.parse(self.files["junit"]).getroot()
        self.assertEqual(suite.get("errors"), "1")
        with open(self.files["prometheus"]) as file:
            self.assertRegex(file.read(), r"(?m)^mqtt_bench_valid\{[^}]*\} 0$")
        return result


class NothingMeasured(Verdicts):
    def test_if_nobody_can_connect(self):
        for args in (["pubsub"], ["pubsub", "-r", "100"], ["conn", "-c", "3"], ["retain", "-n", "10"],
                     ["session", "-n", "10"], ["will", "-c", "2"], ["churn", "-c", "2"],
                     ["pubsub", "--processes", "2", "-p", "2"]):
            with self.subTest(args=args):
                done = self.run_bench(*args, "-u", NOBODY, "-d", "1s")
                self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                self.expect("not_measured", "INVALID, not measured: no client could connect "
                            "(connect: Connection refused)", done.stdout)

    def test_if_there_was_no_time(self):
        with Broker() as broker:
            done = self.run_bench("-d", "0s", "--warmup", "0s", "--allow-invalid",
                                  "-u", f"mqtt://127.0.0.1:{broker.port}")
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.expect("not_measured", "INVALID, not measured: the measured phase had no time", done.stdout)


class APartMeasured(Verdicts):
    def test_if_the_tool_may_not_have_so_many_descriptors(self):
        limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
        with Broker() as broker:
            done = self.run_bench("conn", "-c", "200", "-d", "100ms", "-u", f"mqtt://127.0.0.1:{broker.port}",
                                  preexec_fn=limit)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        # Told before it began, as doctor would.
        self.assertIn("mqtt-bench: descriptors: 100: each connection is one, and 200 are wanted; ulimit -Hn", done.stderr)
        result = self.expect("incomplete", "INVALID, incomplete: ", done.stdout)
        missing = 200 - result["connections"]
        self.assertIn(f"{missing} of 200 clients did not connect (socket: Too many open files, this process may have 100)",
                      done.stdout)

    def test_if_the_broker_dies(self):
        for flags in [], ["-r", "200"], ["--processes", "2"]:
            with self.subTest(flags=flags):
                broker = Broker()
                load = subprocess.Popen(
                    [word for word in self.command("-q", "1", "-d", "60s", "--warmup", "0s",
                                                   "-u", f"mqtt://127.0.0.1:{broker.port}", *flags)
                     if word != "--quiet"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                for line in load.stderr:
                    if line.startswith("measure"):
                        break
                broker.process.kill()
                broker.process.wait()
                output, errors = load.communicate(timeout=60)
                self.assertEqual(load.returncode, 2, output + errors)
                result = self.expect("incomplete", "INVALID, incomplete: 2 of 2 connections were lost from ", output)
                self.assertNotIn("Nothing but the generator's own lag", output)
                # What was not sent is not lost.
                counters, integrity = result["counters"], result["integrity"]
                self.assertEqual(integrity["lost"], counters["expected"] - counters["received"], counters)


class TheBrokerMeasured(Verdicts):
    def test_every_fault_is_found_and_named(self):
        faults = {5: "drop", 15: "twice", 25: "late", 35: "corrupt", 45: "topic", 55: "qos", 99: "drop"}
        for version in "4", "5":
            for load in [], ["-r", "1k"], ["--topic", "t/{pub}/{rand:3}"]:
                with self.subTest(version=version, load=load), FaultyBroker(faults) as broker:
                    done = self.run_bench("-q", "1", "-n", "100", *load, "--version", version, "--drain", "300ms",
                                          "--allow-invalid", "-u", f"mqtt://127.0.0.1:{broker.port}")
                    with open(self.files["json"]) as file:
                        found = json.load(file)["integrity"]
                    # Who never saw it intact on its topic misses it, too.
                    expected = {"lost": 4, "duplicates": 1, "reordered": 1, "corrupt": 1, "misrouted": 1, "wrong_qos": 1}
                    if "{rand:3}" in "".join(load):
                        expected["reordered"] = 0  # Order is promised within a topic.
                    self.assertEqual({name: found[name] for name in expected}, expected, done.stdout + done.stderr)

    def test_without_verifying_every_message_counts(self):
        faults = {n: ("corrupt", "topic")[n % 2] for n in range(100)}
        with FaultyBroker(faults) as broker:
            for args in ["-r", "1k"], []:
                with self.subTest(args=args):
                    broker.count = 0
                    done = self.run_bench("-q", "1", "-n", "100", *args, "--verify", "off", "--allow-invalid",
                                          "-u", f"mqtt://127.0.0.1:{broker.port}")
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                    with open(self.files["json"]) as file:
                        result = json.load(file)
                    self.assertEqual(result["counters"]["received"], 100)
                    self.assertIsNone(result["integrity"]["corrupt"])

    def test_what_the_totals_and_stamps_cannot_say_is_a_note(self):
        url = "mqtt://127.0.0.1:{}"
        with FaultyBroker({7: "twice"}) as broker:
            done = self.run_bench("-q", "1", "-n", "50", "--stamp", "none", "-u", url.format(broker.port), "--allow-invalid")
            self.assertIn("1 more messages arrived than were expected", done.stdout)
        # This broker hands no properties on.
        with FaultyBroker({}) as broker:
            done = self.run_bench("-q", "1", "-n", "50", "--stamp", "corr", "-u", url.format(broker.port), "--drain", "100ms")
            self.assertIn("50 messages came without Correlation Data", done.stdout)

    def test_a_window_that_is_lost_as_a_whole_does_not_end_the_load(self):
        faults = {n: "drop" for n in range(50, 70)}
        for args, is_seen in (([], True), (["--stamp", "none"], False)):
            with self.subTest(args=args), FaultyBroker(faults) as broker:
                done = self.run_bench("-q", "0", "-d", "2500ms", "--warmup", "0s", "--drain", "200ms", "--allow-invalid", *args,
                                      "-u", f"mqtt://127.0.0.1:{broker.port}")
                with open(self.files["json"]) as file:
                    result = json.load(file)
                # The whole window of twenty was lost; then it went on.
                self.assertGreater(result["counters"]["received"], 100, done.stdout)
                self.assertGreaterEqual(result["integrity"]["lost_permitted"], 20)
                if not is_seen:
                    # Whatever else is wrong on a loaded machine.
                    self.assertTrue(done.stdout.startswith("INVALID, generator-limited ("), done.stdout)
                    self.assertIn("What was lost stayed in the window", done.stdout)


class TheToolMeasured(Verdicts):
    def test_by_the_lag_that_is_allowed(self):
        with Broker() as broker:
            url = ("-u", f"mqtt://127.0.0.1:{broker.port}", "-d", "500ms", "--warmup", "0s")
            for args in (["pubsub", "-r", "200"], ["conn", "-c", "20", "--ramp", "200"]):
                with self.subTest(args=args):
                    done = self.run_bench(*args, *url, "--lag-max", "1ns")
                    self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
                    self.expect("generator_limited", "INVALID, generator-limited (a ", done.stdout)
                    self.assertIn(" is over the allowed 1ns)", done.stdout.splitlines()[0])
            refused = self.run_bench(*url, "--lag-max", "0s")
        self.assertEqual(refused.returncode, 1, refused.stdout)
        self.assertIn("--lag-max: no run is never late; for example --lag-max 200us", refused.stderr)

    def stop_meanwhile(self, broker, *args):
        """Runs it and stops it for as long as another run takes, which is a second and more."""
        url = ("-u", f"mqtt://127.0.0.1:{broker.port}", "--warmup", "0s")
        load = subprocess.Popen([word for word in self.command(*args, "-d", "5s", *url) if word != "--quiet"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in load.stderr:
            if line.startswith("measure"):
                break
        load.send_signal(signal.SIGSTOP)
        try:
            subprocess.run([BENCH, "-r", "10", "-d", "1s", *url], capture_output=True, timeout=60)
        finally:
            load.send_signal(signal.SIGCONT)
        output, errors = load.communicate(timeout=60)
        self.assertEqual(load.returncode, 3, output + errors)
        return output

    def test_if_it_did_not_run(self):
        with Broker() as broker:
            for args, why in ((("pub", "-q", "1", "-r", "200"), r"send lag .* is over 10 % of the median acknowledgement"),
                              (("pub", "-r", "200"), r"send lag .* is over 10.0ms"),
                              (("pairs", "-q", "1"), r"thread 0 was kept from running for .* of the time, once for \S+; "
                                                     "closed loop, service time only")):
                with self.subTest(args=args):
                    output = self.stop_meanwhile(broker, *args)
                    self.expect("generator_limited", "INVALID, generator-limited (", output)
                    self.assertRegex(output.splitlines()[0], why)

    def test_a_search_says_so_at_each_point(self):
        with Broker() as broker:
            done = self.run_bench("search", "-q", "1", "-d", "300ms", "--warmup", "0s", "--from", "1k", "--to", "2k",
                                  "--factor", "2", "--assert", "loss==0", "--allow-invalid",
                                  "-u", f"mqtt://127.0.0.1:{broker.port}")
        self.assertIn(done.returncode, (0, 4), done.stdout + done.stderr)
        with open(self.files["json"]) as file:
            result = json.load(file)
        invalid = [point for point in result["search"] if not point["is_valid"]]
        marked = [line for line in done.stdout.splitlines() if "/s " in line and ", INVALID" in line]
        self.assertEqual(len(marked), len(invalid), done.stdout)
        held = [point for point in result["search"] if point["holds"]]
        if held and not held[-1]["is_valid"]:  # As on a busy machine.
            self.expect("generator_limited", f"INVALID, generator-limited at {len(invalid)} of ", done.stdout)


class ABrokerThatIsSilent(Verdicts):
    def test_is_not_waited_for(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            for args in ["conn", "-c", "2"], ["pairs"], ["churn", "-c", "2"]:
                done = self.run_bench(*args, "-d", "1s", "--connect-timeout", "300ms",
                                      "-u", f"mqtt://127.0.0.1:{server.getsockname()[1]}")
                self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                self.expect("not_measured", "INVALID, not measured: no client could connect (no CONNACK within 300ms)",
                            done.stdout)
            done = self.run_bench("--connect-timeout", "0s", "-u", "mqtt://127.0.0.1:1")
            self.assertEqual(done.returncode, 1)
            self.assertIn("--connect-timeout 30s", done.stderr)


if __name__ == "__main__":
    unittest.main()
