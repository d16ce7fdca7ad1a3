# SPDX-License-Identifier: Apache-2.0
"""The HdrHistogram log, read by hdr-histogram-js, says what our own files say."""
import csv
import json
import os
import shutil
import subprocess
import tempfile
import unittest

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
