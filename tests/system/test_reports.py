# SPDX-License-Identifier: Apache-2.0
"""The report files of mqtt-bench that people open: pages for a browser, a log for HdrHistogram's plotters."""
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

from broker import Broker

REPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "report")
sys.path.append(REPORT)
import hdr_v2  # noqa: E402: a reader of ours, from the specification.

TOOLS = os.environ.get("RINGMQ_TOOLS", "build/dev/tools")
READER = os.path.join(REPORT, "hdr_log")
XHTML = "{http://www.w3.org/1999/xhtml}"
CHARTS = ["percentiles", "histogram", "traffic", "heat", "lag", "broker-cpu", "broker-memory"]


def run(*args, timeout=60):
    return subprocess.run([os.path.join(TOOLS, "mqtt-bench/mqtt-bench"), "--quiet", *args],
                          capture_output=True, text=True, timeout=timeout)


def charts_of(page):
    return [figure.get("id") for figure in xml.etree.ElementTree.fromstring(page).iter(XHTML + "figure")]


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), encoding="utf8", newline="") as file:
            return file.read()

    def measure(self, broker, *args):
        done = run("-u", f"mqtt://127.0.0.1:{broker.port}", "--allow-invalid", *args)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class OneRun(Files):
    def test_a_page_and_a_log_now_and_the_same_ones_later(self):
        with Broker() as broker:
            self.measure(broker, "-p", "2", "-q", "1", "-r", "2k", "-d", "3s", "--warmup", "0s",
                         "--user", "me", "--pass", "secret", "--topic", "it's <b>/{pub}", "--watch-pid", str(broker.process.pid),
                         "--json", self.path("run.json"), "--html", self.path("run.html"),
                         "--hdr", self.path("run.hlog"), "--csv-latency", self.path("run.csv"))
        page = self.read("run.html")
        self.assertEqual(charts_of(page)[:len(CHARTS)], CHARTS)
        result = json.loads(self.read("run.json"))
        text = "".join(xml.etree.ElementTree.fromstring(page).itertext())
        self.assertIn(result["verdict"]["text"], text)
        # A shell makes of the command what was typed.
        self.assertIn("'--topic' 'it'\\''s <b>/{pub}'", text)
        self.assertIn('\'--pass\' "$PASSWORD"', text)
        self.assertNotIn("secret", page + self.read("run.json"))
        done = run("report", self.path("run.json"), "--allow-invalid",
                   "--html", self.path("later.html"), "--hdr", self.path("later.hlog"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.read("later.html"), page)
        self.assertEqual(self.read("later.hlog"), self.read("run.hlog"))
        self.check_log("run.hlog", "run.csv")

    def check_log(self, log, latency):
        lines = self.read(log).splitlines()
        self.assertEqual(lines[0], "#[Histogram log format version 1.3]")
        rows = list(csv.DictReader(self.read(latency).splitlines()))
        tags = [line.partition(",")[0] for line in lines if line.startswith("Tag=")]
        self.assertEqual(sorted(set(tags)), sorted(f"Tag={row['metric']}" for row in rows))
        intervals = hdr_v2.read(self.read(log))
        for row in rows:
            of_metric = [line for line in intervals if line.tag == row["metric"]]
            with self.subTest(metric=row["metric"]):
                self.assertEqual(sum(hdr_v2.sums(of_metric)[row["metric"]].values()), int(row["samples"]))
                if row["metric"] in ("response", "service", "ack", "send_lag"):
                    self.assertGreaterEqual(len(of_metric), 3)
                    self.assertEqual({line.length_s for line in of_metric}, {1})
                    starts = [line.start_s for line in of_metric]
                    self.assertEqual(starts, sorted(set(starts)))
        if not (shutil.which("node") and os.path.isdir(os.path.join(READER, "node_modules"))):
            return
        read = subprocess.run(["node", "read.js", self.path(log)], check=True, capture_output=True,
                              text=True, cwd=READER)
        for row in rows:
            theirs = json.loads(read.stdout)[row["metric"]]
            with self.subTest(metric=row["metric"]):
                self.assertEqual(theirs["samples"], int(row["samples"]))
                # The last bucket is told by its end.
                self.assertLessEqual(abs(theirs["max_ns"] - int(row["max_ns"])),
                                     int(row["max_ns"]) / 1000)

    def test_seconds_are_in_the_result_only_if_somebody_wants_them(self):
        flags = "-q", "1", "-r", "1k", "-d", "1s", "--warmup", "0s"
        with Broker() as broker:
            self.measure(broker, *flags, "--json", self.path("small.json"))
            self.measure(broker, *flags, "--intervals", "--processes", "2", "-p", "2", "-s", "2",
                         "--json", self.path("large.json"))
        for name, metrics in ("small", set()), ("large", {"response", "service", "ack", "send_lag"}):
            result = json.loads(self.read(name + ".json"))
            found = {metric for second in result["intervals"] for metric in second["histograms"]}
            self.assertEqual(found, metrics)
            done = run("report", self.path(name + ".json"), "--allow-invalid", "--hdr", self.path(name + ".hlog"))
            self.assertEqual(done.returncode, 0, done.stderr)
            lines = [line for line in hdr_v2.read(self.read(name + ".hlog")) if line.tag == "response"]
            self.assertEqual(sum(hdr_v2.sums(lines)["response"].values()), result["counters"]["received"])
            if not metrics:
                self.assertEqual([line.length_s for line in lines], [round(result["phases"]["measure_s"], 3)])

    def test_a_closed_loop_that_nobody_watched(self):
        with Broker() as broker:
            self.measure(broker, "-n", "2k", "-q", "1", "--html", self.path("run.html"))
        self.assertEqual(charts_of(self.read("run.html")),
                         ["percentiles", "histogram", "traffic", "heat"])


class Comparison(Files):
    def test_two_results_as_a_page(self):
        with Broker() as broker:
            for name in "ab":
                self.measure(broker, "-q", "1", "-n", "2k", "-r", "10k",
                             "--json", self.path(name + ".json"))
        files = self.path("a.json"), self.path("b.json")
        done = run("compare", "--allow-invalid", *files, "--html", self.path("page.html"))
        self.assertEqual(done.returncode, 0, done.stderr)
        page = self.read("page.html")
        self.assertEqual(charts_of(page), ["response", "service", "ack"])
        text = "".join(xml.etree.ElementTree.fromstring(page).itertext())
        self.assertIn("Nobody can tell whether B differs.", text)
        self.assertIn(files[1], text)

    def test_the_points_of_a_search_are_links_from_where_the_page_lies(self):
        os.mkdir(self.path("pages"))
        with Broker() as broker:
            self.measure(broker, "search", "--scenario", "pairs", "-p", "2", "-d", "200ms",
                         "--warmup", "0s", "--from", "2k", "--to", "4k",
                         "--assert", "p50(response)<10s", "--points", self.path("points"),
                         "--html", self.path("pages/search.html"))
        page = xml.etree.ElementTree.fromstring(self.read("pages/search.html"))
        links = {link.get("href") for link in page.iter(XHTML + "a")}
        self.assertGreaterEqual(len(links), 1)
        for link in links:
            self.assertTrue(link.startswith("../points/"), link)
            self.assertTrue(os.path.exists(self.path("pages/" + link)), link)

    def test_two_brokers_as_a_page(self):
        with Broker() as one, Broker() as other:
            urls = [f"mqtt://127.0.0.1:{broker.port}" for broker in (one, other)]
            self.measure(one, "ab", "--url-b", urls[1], "--pairs", "1", "-q", "1", "-n", "500",
                         "-r", "5k", "--html", self.path("page.html"))
        page = xml.etree.ElementTree.fromstring(self.read("page.html"))
        text = "".join(page.itertext())
        for url in urls:
            self.assertIn(url, text)

    def test_says_which_file_cannot_be_written(self):
        with Broker() as broker:
            self.measure(broker, "-n", "100", "-q", "1", "--json", self.path("a.json"))
        file = self.path("a.json")
        done = run("compare", file, file, "--csv", self.path("x.csv"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("--csv: compare writes nothing but a page; for example --html page.html",
                      done.stderr)
        done = run("compare", file, file, "--html", "/nowhere/page.html")
        self.assertEqual(done.returncode, 1)
        self.assertIn("--html: cannot write /nowhere/page.html: No such file", done.stderr)
        self.assertEqual(done.stdout, "")
        # Before a run, and for each flag by its name; there is no broker that it could reach.
        for flag, path in ("--json", self.folder), ("--csv", "/nowhere/x.csv"):
            done = run("pubsub", "-u", "mqtt://127.0.0.1:1", flag, path)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(f"{flag}: cannot write {path}: ", done.stderr)
        done = run("search", "-u", "mqtt://127.0.0.1:1", "--points", "/proc/none/points")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("--points: cannot write to /proc/none/points: No such file", done.stderr)
        # What can be written is: a device that is full is noticed only then.
        done = run("report", file, "--html", "/dev/full", "--json", self.path("b.json"),
                   "--csv", self.path("b.csv"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("--html: cannot write /dev/full: No space", done.stderr)
        self.assertTrue(self.read("b.json") and self.read("b.csv"))

    def test_what_belongs_to_a_run_is_refused_where_none_is_made(self):
        for flags in ["--trials", "2"], ["--scrape", "http://127.0.0.1:1/"], ["--sys"], ["--jsonl-fd", "1"]:
            for command in ["report", "a.json"], ["compare", "a.json", "b.json"], ["merge", "a.json"], ["doctor"]:
                with self.subTest(flags=flags, command=command):
                    done = run(*command, *flags)
                    self.assertEqual(done.returncode, 1)
                    self.assertIn(f"{flags[0]}: {command[0]} makes no run; it belongs to",
                                  done.stderr)


if __name__ == "__main__":
    unittest.main()
