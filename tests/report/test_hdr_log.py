# SPDX-License-Identifier: Apache-2.0
"""The HdrHistogram log, read by hdr-histogram-js, says what our own files say."""
import csv
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import hdr_v2

HERE = os.path.dirname(os.path.abspath(__file__))
READER = os.path.join(HERE, "hdr_log")
# measure::Histogram counts its buckets from 999 ns on, an HdrHistogram from 0.
FIRST_BUCKET = 999


def buckets_of(encoded):
    """The text form of measure::Histogram as {HdrHistogram's index: count}."""
    index, counts = FIRST_BUCKET, {}
    for bucket in encoded.split(";", 7)[7].split(","):
        gap, _, count = bucket.partition(":")
        index += int(gap)
        counts[index] = int(count or 1)
    return counts


def index_of(ns):
    """As the format defines it for three digits and a lowest value of 1."""
    shift = max(ns.bit_length() - 11, 0)
    return shift * 1024 + (ns >> shift)


class HdrSecondsTest(unittest.TestCase):
    """Intervals of a second, by a reader of our own that was written from the specification."""

    def setUp(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([os.environ["REPORT_SAMPLES"], folder], check=True)
            with open(os.path.join(folder, "seconds.hlog"), encoding="utf8") as file:
                self.lines = hdr_v2.read(file.read())
            self.connects = {}
            for name in "seconds", "later", "churn":
                with open(os.path.join(folder, name + ".hlog"), encoding="utf8") as file:
                    self.connects[name] = {(line.tag, line.start_s, line.length_s) for line in hdr_v2.read(file.read())
                                           if line.tag.startswith("conn")}
            with open(os.path.join(folder, "seconds.json"), encoding="utf8") as file:
                self.result = json.load(file)

    def test_each_second_has_a_line_of_its_own_in_the_order_of_time(self):
        began_s = self.result["phases"]["connect_s"] + self.result["phases"]["warmup_s"]
        found = [(line.tag, round(line.start_s - began_s), line.length_s)
                 for line in self.lines if line.tag in ("response", "send_lag")]
        self.assertEqual(found, [("response", 0, 1), ("send_lag", 0, 1),
                                 ("response", 1, 1), ("send_lag", 1, 1)])
        for line, second in zip((line for line in self.lines if line.tag == "response"),
                                self.result["intervals"]):
            self.assertEqual(line.counts, buckets_of(second["histograms"]["response"]))
            highest = hdr_v2.value_of(max(line.counts))
            self.assertLessEqual(abs(line.max_ms * 1e6 - highest), highest / 1000)

    def test_the_seconds_add_up_to_the_run(self):
        sums = hdr_v2.sums(self.lines)
        self.assertEqual(set(sums), set(self.result["histograms"]))
        for metric, counts in sums.items():
            self.assertEqual(counts, buckets_of(self.result["histograms"][metric]), metric)

    def test_what_has_no_seconds_is_one_interval(self):
        lines = [line for line in self.lines if line.tag == "ack"]
        self.assertEqual([line.length_s for line in lines], [self.result["phases"]["measure_s"]])

    def test_times_of_connecting_are_from_when_clients_connected(self):
        phases = self.result["phases"]
        self.assertTrue(self.connects["seconds"])
        for _, start_s, length_s in self.connects["seconds"]:
            self.assertEqual((start_s, length_s), (0, round(phases["connect_s"], 3)))
        for _, start_s, length_s in self.connects["later"]:
            self.assertEqual(start_s, 0)
            self.assertGreater(length_s, phases["connect_s"] + phases["warmup_s"])
        for _, start_s, length_s in self.connects["churn"]:
            self.assertAlmostEqual(start_s, phases["connect_s"] + phases["warmup_s"], places=3)


@unittest.skipUnless(shutil.which("node") and os.path.isdir(os.path.join(READER, "node_modules")),
                     "hdr-histogram-js is not installed (npm ci in tests/report/hdr_log)")
class HdrLogTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([os.environ["REPORT_SAMPLES"], folder], check=True)
            read = subprocess.run(["node", "read.js", os.path.join(folder, "hdr.hlog")], check=True,
                                  capture_output=True, text=True, cwd=READER)
            cls.found = json.loads(read.stdout)
            with open(os.path.join(folder, "hdr.json"), encoding="utf8") as file:
                cls.result = json.load(file)
            with open(os.path.join(folder, "hdr.csv"), newline="", encoding="utf8") as file:
                cls.latency = {row["metric"]: row for row in csv.DictReader(file)}

    def test_every_metric_is_there_under_its_name(self):
        self.assertEqual(set(self.found), set(self.latency))
        self.assertIn("response", self.found)

    def test_every_bucket_has_our_count(self):
        for metric, found in self.found.items():
            with self.subTest(metric=metric):
                theirs = {index_of(value): count for value, count in found["buckets"]}
                ours = buckets_of(self.result["histograms"][metric])
                if metric == "connect_tls":  # Two values below 1 us are one bucket of ours.
                    self.assertEqual(ours[FIRST_BUCKET], 2)
                self.assertEqual(theirs, ours)
                self.assertEqual(found["samples"], int(self.latency[metric]["samples"]))

    def test_the_percentiles_are_ours(self):
        checked = 0
        for metric, found in self.found.items():
            for name, value in found["percentiles"].items():
                ours = self.latency[metric][f"{name}_ns"]
                # Ranks are rounded another way there, which matters for a handful of samples.
                if ours and found["samples"] > 10_000:
                    with self.subTest(metric=metric, percentile=name):
                        self.assertLessEqual(abs(value - int(ours)), int(ours) / 1000)
                        checked += 1
        self.assertGreaterEqual(checked, 4 * 8)

    def test_the_interval_is_the_measure_phase(self):
        response, phases = self.found["response"], self.result["phases"]
        began_s = 1795492800 + phases["connect_s"] + phases["warmup_s"]  # 2026-11-24T04:00:00Z
        self.assertAlmostEqual(response["start_ms"] / 1000, began_s, places=2)
        self.assertAlmostEqual(response["end_ms"] - response["start_ms"],
                               phases["measure_s"] * 1000, delta=2)


if __name__ == "__main__":
    unittest.main()
