# SPDX-License-Identifier: Apache-2.0
"""mqtt-bench against ringmqd and mosquitto: what it counts, what it notices, how it exits."""
import csv
import json
import os
import signal
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

from broker import Broker
from mosquitto import Mosquitto

TOOLS = os.environ.get("RINGMQ_TOOLS", "build/dev/tools")


def run(*args, timeout=60):
    return subprocess.run([os.path.join(TOOLS, "mqtt-bench/mqtt-bench"), "--quiet", *args],
                          capture_output=True, text=True, timeout=timeout)


class Counts:
    def measure(self, *args, duration="500ms"):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "result.json")
            done = run(*args, "-u", f"mqtt://127.0.0.1:{self.broker.port}", "-d", duration,
                       "--warmup", "100ms", "--allow-invalid", "--json", path)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            with open(path) as file:
                return json.load(file), done.stdout

    def setUp(self):
        self.broker = self.start()
        self.addCleanup(self.broker.__exit__, None, None, None)

    def test_accounts_for_every_message(self):
        for scenario, flags, deliveries in (("pubsub", ["-p", "3", "-s", "4"], 4),
                                            ("fanout", ["-s", "5"], 5),
                                            ("fanin", ["-p", "5"], 1),
                                            ("pairs", ["-p", "4"], 1),
                                            ("shared", ["-p", "3", "-s", "2"], 1)):
            for qos in "012":
                with self.subTest(scenario=scenario, qos=qos):
                    result, text = self.measure(scenario, *flags, "-q", qos, "-r", "2k")
                    counters, integrity = result["counters"], result["integrity"]
                    self.assertEqual(counters["sent"], 1000)
                    self.assertEqual(counters["received"], 1000 * deliveries)
                    self.assertEqual(counters["acked"], 0 if qos == "0" else 1000)
                    for name in "lost", "duplicates", "corrupt", "misrouted", "wrong_qos":
                        self.assertEqual(integrity[name], 0, name)
                    self.assertIn("response", text)

    def test_holds_connections(self):
        result, _ = self.measure("conn", "-c", "200", "--source-ip", "4")
        self.assertEqual(result["connections"], 200)


class WithRingmqd(Counts, unittest.TestCase):
    @staticmethod
    def start():
        return Broker()

    def judge(self, *assertions):
        flags = [word for assertion in assertions for word in ("--assert", assertion)]
        return run("-q", "1", "-r", "2k", "-u", f"mqtt://127.0.0.1:{self.broker.port}",
                   "-d", "300ms", "--warmup", "0s", "--allow-invalid", *flags)

    def test_assertions_decide_the_exit_code(self):
        done = self.judge("loss==0", "p50(e2e)<10s")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("loss==0 holds: 0", done.stdout)
        done = self.judge("loss==0", "p50(e2e)<1us")
        self.assertEqual(done.returncode, 4, done.stdout + done.stderr)
        self.assertIn("p50(e2e)<1us FAILS", done.stdout)
        # What was not measured does not hold.
        done = self.judge("cpu_per_million<100")
        self.assertEqual(done.returncode, 4)
        self.assertIn("cannot be told", done.stdout)
        done = self.judge("speed>9000")
        self.assertEqual(done.returncode, 1)
        self.assertIn("--assert", done.stderr)

    def test_the_series_has_every_second(self):
        result, _ = self.measure("-r", "2k", "--watch-pid", str(self.broker.process.pid),
                                 duration="2s")
        series = result["series"]
        self.assertGreaterEqual(len(series), 2)
        self.assertEqual(sum(second["sent"] for second in series), 4200)
        self.assertTrue(any(second["broker_rss_bytes"] > 0 for second in series))
        self.assertIn(result["environment"]["engine"], ("io_uring", "epoll"))
        for phase in "connect_s", "drain_s":
            self.assertGreater(result["phases"][phase], 0)
            self.assertLess(result["phases"][phase], 10)


class WithMosquitto(Counts, unittest.TestCase):
    @staticmethod
    def start():
        return Mosquitto()


class Outputs(unittest.TestCase):
    def test_files_for_other_programs_and_a_report_of_long_ago(self):
        with Broker() as broker, tempfile.TemporaryDirectory() as folder:
            names = {name: os.path.join(folder, name)
                     for name in ("json", "csv", "csv-latency", "junit", "prometheus")}
            flags = [word for name, path in names.items() for word in (f"--{name}", path)]
            done = run("-q", "1", "-r", "2k", "-u", f"mqtt://127.0.0.1:{broker.port}", "-d", "1s",
                       "--warmup", "0s", "--assert", "loss==0", "--allow-invalid", *flags)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            with open(names["csv"], newline="") as file:
                rows = list(csv.DictReader(file))
            self.assertEqual(sum(int(row["received"]) for row in rows), 2000)
            with open(names["csv-latency"], newline="") as file:
                metrics = {row["metric"]: row for row in csv.DictReader(file)}
            self.assertEqual(metrics["response"]["samples"], "2000")
            suite = xml.etree.ElementTree.parse(names["junit"]).getroot()
            self.assertEqual([case.get("name") for case in suite],
                             ["the measurement is valid", "loss==0"])
            with open(names["prometheus"]) as file:
                self.assertIn('mqtt_bench_messages{scenario="pubsub",stage="received"} 2000',
                              file.read())
            again = run("report", names["json"], "--allow-invalid")
            self.assertEqual((again.returncode, again.stdout), (0, done.stdout))
            stricter = run("report", names["json"], "--allow-invalid", "--assert", "rate>1M")
            self.assertEqual(stricter.returncode, 4)

    def test_says_which_file_is_none(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write('{"schema_version": 1, "counters": 7}')
            file.flush()
            done = run("report", file.name)
            self.assertEqual(done.returncode, 1)
            self.assertIn(file.name, done.stderr)
        done = run("report", "/nowhere")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nowhere: No such file", done.stderr)


class Errors(unittest.TestCase):
    def test_sub_measures_what_others_publish(self):
        with tempfile.TemporaryDirectory() as folder, Broker() as broker:
            path = os.path.join(folder, "result.json")
            url = ["-u", f"mqtt://127.0.0.1:{broker.port}"]
            load = subprocess.Popen([os.path.join(TOOLS, "mqtt-bench/mqtt-bench"), "sub", *url, "-s",
                                     "2", "-q", "1", "-d", "40s", "--warmup", "0s", "--json", path,
                                     "--allow-invalid"],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            while "measure" not in load.stderr.readline():
                pass
            done = run("pub", *url, "-p", "3", "-r", "300", "-q", "1", "-d", "1s", "--warmup", "0s",
                       "--allow-invalid")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("pub  3 pubs  qos1", done.stdout)
            while "received" not in load.stderr.readline():
                pass
            load.send_signal(signal.SIGINT)
            output, _ = load.communicate(timeout=60)
            with open(path) as file:
                result = json.load(file)
        self.assertIn("2 subs of what others publish", output)
        self.assertIn("response", output)
        self.assertIn("by this host's clock", output)
        self.assertEqual(result["integrity"]["received"], 600)
        self.assertEqual(result["integrity"]["lost"], 0)
        self.assertEqual(result["integrity"]["foreign"], 0)
        self.assertEqual(result["counters"]["received"], 600)

    def test_exit_codes(self):
        for args, code, text in ((["--nope"], 1, "--nope"),
                                 (["--rate", "fast"], 1, "--rate 20k"),
                                 (["--payload", "8", "--stamp", "full"], 1, "--payload 32"),
                                 (["--topic", "t"], 1, "--topic t/{pub}"),
                                 (["-u", "http://x"], 1, "expected mqtt, mqtts, ws, wss or unix"),
                                 (["--watch-pid", "999999999"], 1, "no process 999999999"),
                                 (["-u", "mqtt://127.0.0.1:1"], 2, "Connection refused")):
            done = run(*args)
            self.assertEqual(done.returncode, code, args)
            self.assertIn(text, done.stdout + done.stderr)

    def test_a_broker_that_dies_is_no_good_run(self):
        broker = Broker()
        load = subprocess.Popen([os.path.join(TOOLS, "mqtt-bench/mqtt-bench"), "-u",
                                 f"mqtt://127.0.0.1:{broker.port}", "-r", "1k", "-d", "20s",
                                 "--drain", "100ms"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        load.stderr.readline()  # It is running.
        broker.process.kill()
        broker.process.wait()
        output, _ = load.communicate(timeout=60)
        self.assertEqual(load.returncode, 2)
        self.assertRegex(output, r"Errors\n  ((send|receive): Connection reset by peer|send: Broken pipe|the broker closed the connection) +[12]\n")


if __name__ == "__main__":
    unittest.main()
