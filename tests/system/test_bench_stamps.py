# SPDX-License-Identifier: Apache-2.0
"""mqtt-bench with payloads that have no room for a stamp, and with less verified than there is."""
import json
import os
import select
import subprocess
import tempfile
import time
import unittest

from broker import Broker
from mosquitto import Mosquitto
from test_bench import TOOLS, run


class Measures(unittest.TestCase):
    def measure(self, broker, *args, more=()):
        with tempfile.TemporaryDirectory() as folder:
            files = {name: os.path.join(folder, name) for name in ("json", *more)}
            flags = [word for name, path in files.items() for word in ("--" + name, path)]
            done = run("-u", f"mqtt://127.0.0.1:{broker.port}", "-d", "200ms", "--warmup", "50ms",
                       "-r", "2k", "-p", "2", "-s", "2", "--allow-invalid", *flags, *args)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            texts = {}
            for name, path in files.items():
                with open(path) as file:
                    texts[name] = file.read()
            return json.loads(texts.pop("json")), done.stdout, texts

    def refuse(self, *args):
        done = run("-u", "mqtt://127.0.0.1:1", *args)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        return done.stderr


class SmallPayloads(Measures):
    def check(self, broker):
        for payload in "0", "8":
            result, text, _ = self.measure(broker, "--payload", payload, "-q", "1")
            self.assertEqual(result["stamp"], "corr")
            self.assertEqual(result["integrity"]["received"], 1000)
            self.assertEqual([result["integrity"][name] for name in ("lost", "duplicates", "corrupt", "foreign")], [0] * 4)
            self.assertIn("response", result["histograms"])
            self.assertIn(f"Payloads of {payload} bytes have no room for a stamp: it is in the Correlation Data", text)

            result, text, _ = self.measure(broker, "--payload", payload, "-V", "4", "-q", "1",
                                           "--assert", "loss==0", "--assert", "surplus==0")
            self.assertEqual(result["stamp"], "none")
            self.assertEqual(result["integrity"]["received"], 1000)
            self.assertEqual([result["integrity"][name] for name in ("lost", "surplus", "wrong_qos")], [0] * 3)
            self.assertEqual({result["integrity"][name] for name in ("duplicates", "reordered", "corrupt", "misrouted")},
                             {None})
            self.assertEqual(set(result["histograms"]) & {"response", "service"}, set())
            self.assertIn("ack", result["histograms"])
            self.assertIn("MQTT 3.1.1 has no other place for one: deliveries are only counted", text)

    def test_against_ringmqd(self):
        with Broker() as broker:
            self.check(broker)
            # By several processes, each of which knows a part of the totals.
            for flags in ["-V", "4"], ["--stamp", "corr"], ["--verify", "counts"]:
                result, _, _ = self.measure(broker, "--payload", "16", "--processes", "2", "-q", "1", *flags)
                self.assertEqual((result["integrity"]["received"], result["integrity"]["lost"]), (1000, 0))

    def test_against_mosquitto(self):
        with Mosquitto() as broker:
            self.check(broker)

    def test_sub_finds_the_stamps_of_others_wherever_they_are(self):
        with Broker() as broker, tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "pub.json")
            url = f"mqtt://127.0.0.1:{broker.port}"
            with open(os.path.join(folder, "payload"), "wb") as file:
                file.write(b"\xf6" * 16)  # Begins like a compact stamp.
            others = subprocess.Popen([os.path.join(TOOLS, "mqtt-bench/mqtt-bench"), "pub", "--quiet", "-u", url, "-r", "500",
                                       "--stamp", "corr", "--payload", "@" + file.name, "-d", "60s", "--json", path],
                                      stdout=subprocess.DEVNULL)
            try:
                result, _, _ = self.measure(broker, "sub")
            finally:
                others.terminate()
                others.wait(timeout=30)
            self.assertGreater(result["integrity"]["received"], 0)
            self.assertEqual((result["integrity"]["foreign"], result["integrity"]["lost"]), (0, 0))
            self.assertIn("response", result["histograms"])

    def test_a_form_that_does_not_fit_is_refused_with_one_that_does(self):
        for flags, example in ((["--payload", "31", "--stamp", "full"], "--payload 32 or --stamp corr"),
                               (["--payload", "8-64", "--stamp", "payload", "-V", "4"], "--payload 16 or --stamp none"),
                               (["--stamp", "corr", "-V", "4"], "--version 5 --stamp corr"),
                               (["rr", "--payload", "8", "-V", "4"], "--version 5 or --payload 16"),
                               (["rr", "--payload", "{seq}", "-V", "4"], "--stamp payload"),
                               (["session", "--stamp", "none"], "--stamp payload"),
                               (["retain", "--verify", "counts"], "--verify full"),
                               (["--reconnect", "--verify", "off"], "--verify full"),
                               (["will", "--payload", "8"], "--payload 16"),
                               (["will", "--stamp", "corr"], "--stamp payload"),
                               (["sub", "--verify", "counts"], "--verify off"),
                               (["--payload", "16", "--assert", "corrupt==0"], "--stamp corr"),
                               (["--payload", "16", "-V", "4", "--assert", "corrupt==0"],
                                "--version 5 --stamp corr or --payload 32 --stamp auto"),
                               (["rr", "--stamp", "none", "--assert", "corrupt==0"], "--stamp full"),
                               (["--payload", "{seq}", "-V", "4", "--assert", "duplicates==0"], "--stamp payload")):
            with self.subTest(flags=flags):
                self.assertIn("for example " + example, self.refuse(*flags))


class Templates(Measures):
    def test_fills_in_each_message_and_leaves_the_stamp_to_the_protocol(self):
        template = '{"id":{pub},"n":{seq},"t":{time},"v":{rand:10},"{x}":{}}'
        with Broker() as broker:
            hears = subprocess.Popen([os.path.join(TOOLS, "ringmq/ringmq"), "sub", "-p", str(broker.port), "-t", "bench/+",
                                      "-C", "20"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            self.addCleanup(hears.wait)
            self.addCleanup(hears.stdout.close)
            self.addCleanup(hears.terminate)
            payloads = []
            while not payloads:  # Until it has subscribed.
                result, text, _ = self.measure(broker, "--payload", template)
                if select.select([hears.stdout], [], [], 0)[0]:
                    payloads = [json.loads(line) for line in hears.stdout]
            self.assertEqual(len(payloads), 20)
            publishers = {payload["id"] for payload in payloads}
            self.assertLessEqual(publishers, {0, 1})
            for each in publishers:
                numbers = [payload["n"] for payload in payloads if payload["id"] == each]
                self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))))
            for payload in payloads:
                self.assertLess(payload["v"], 10)
                self.assertLess(abs(payload["t"] / 1000 - time.time()), 600)
                self.assertEqual(payload["{x}"], {})
            self.assertEqual(result["stamp"], "corr")
            self.assertEqual((result["integrity"]["received"], result["integrity"]["foreign"]), (1000, 0))
            self.assertIn("by a template", text)
            with tempfile.NamedTemporaryFile("w") as file:
                file.write(template)
                file.flush()
                for flags, stamp in (["-V", "4"], "none"), (["-V", "4", "--stamp", "payload"], "full"), ([], "corr"):
                    result, _, _ = self.measure(broker, "--payload-template", file.name, *flags)
                    self.assertEqual((result["stamp"], result["integrity"]["received"]), (stamp, 1000))

    def test_what_is_no_payload_is_refused_with_the_reason(self):
        with tempfile.NamedTemporaryFile() as empty:
            for flags, why in ((["--payload", "{rand:x}"], "is no {rand:N}"),
                               (["--payload", '{"n":{sqe}}'], "a template has {seq}, {pub}, {time} or {rand:N}"),
                               (["--payload-template", "/"], "'/' is a directory"),
                               (["--payload", "@/"], "'/' is a directory"),
                               (["--payload", "@/nowhere"], "'/nowhere' cannot be read"),
                               (["--payload-template", ""], "a file has a name"),
                               (["--payload", "@" + empty.name], "is empty"),
                               (["--payload-template", empty.name], "is empty")):
                with self.subTest(flags=flags):
                    self.assertIn(why, self.refuse(*flags))


class Verification(Measures):
    def test_off_leaves_blanks_where_nobody_looked(self):
        with Broker() as broker:
            result, text, files = self.measure(broker, "--verify", "off", more=("html", "prometheus", "junit"))
            self.assertEqual(result["integrity"].pop("received"), 1000)
            self.assertEqual(set(result["integrity"].values()), {None})
            self.assertEqual(result["verify"], "off")
            self.assertIn("response", result["histograms"])
            self.assertRegex(text, "lost +not verified")
            self.assertIn("not verified", files["html"])
            self.assertNotIn("mqtt_bench_faults{", files["prometheus"])
            self.assertNotIn("lost", files["junit"])

    def test_counts_knows_the_totals(self):
        with Broker() as broker:
            result, text, files = self.measure(broker, "--verify", "counts", "-q", "2", "--assert", "loss==0",
                                               more=("prometheus",))
            self.assertEqual((result["integrity"]["lost"], result["integrity"]["corrupt"]), (0, 0))
            self.assertIsNone(result["integrity"]["duplicates"])
            self.assertIn('kind="lost"} 0', files["prometheus"])
            self.assertNotIn('kind="duplicate"', files["prometheus"])
            self.assertRegex(text, "duplicates +not verified")

    def test_an_assertion_on_what_is_not_looked_at_is_refused_before_the_run(self):
        for flags in (["--verify", "off", "--assert", "loss==0"], ["--verify", "counts", "--assert", "duplicates==0"],
                      ["--stamp", "none", "--assert", "p99(e2e)<1s"], ["search", "--verify", "off"]):
            with self.subTest(flags=flags):
                self.assertIn("cannot tell", self.refuse(*flags))
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write('scenario = "pubsub"\nstamp = "none"\n[[phases]]\nname = "calm"\nduration = "1s"\nrate = 100\n'
                       'assert = "loss==0"\n')
            file.flush()
            self.assertIn(f"{file.name}:7: assert of phase calm: 'loss==0' is about what a run without stamps cannot tell",
                          self.refuse("run", file.name))


if __name__ == "__main__":
    unittest.main()
