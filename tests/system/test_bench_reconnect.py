# SPDX-License-Identifier: Apache-2.0
"""mqtt-bench --reconnect: connections that are cut, brokers that go and come, and the accounts."""
import json
import os
import re
import subprocess
import tempfile
import unittest

from broker import Broker
from cutter import Cutter
from mosquitto import Mosquitto

TOOL = os.path.join(os.environ.get("RINGMQ_TOOLS", "build/dev/tools"), "mqtt-bench/mqtt-bench")
# Lines of progress tell how far it is.
RECEIVED = re.compile(r"^measure .* received (?!0/s)")


class Run:
    """A run that is under way; a few seconds, so that something can happen to it."""

    def __init__(self, port, *args, duration="3s"):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "result.json")
        self.html = os.path.join(self.folder.name, "result.html")
        self.process = subprocess.Popen(
            [TOOL, *args, "-u", f"mqtt://127.0.0.1:{port}", "-d", duration, "--warmup", "0s",
             "--drain", "5s", "--allow-invalid", "--json", self.path, "--html", self.html],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def until_messages_come(self):
        for line in self.process.stderr:
            if RECEIVED.search(line):
                return
        raise AssertionError(self.process.stdout.read())

    def finish(self):
        """Its exit code, its result and its report."""
        text, _ = self.process.communicate(timeout=60)
        with self.folder, open(self.path) as file, open(self.html) as page:
            return self.process.returncode, json.load(file), text, page.read()


class Cut:
    qos_tried = "012"
    kept = (("1", "--expiry", "1h"), ("2", "--no-clean"), ("2", "--no-clean", "--version", "4"))

    def setUp(self):
        self.broker = self.start()
        self.addCleanup(lambda: self.broker.__exit__(None, None, None))
        self.cutter = Cutter(self.broker.port)
        self.addCleanup(self.cutter.__exit__)

    def run_and_cut(self, *args):
        run = Run(self.cutter.port, "--reconnect", *args)
        run.until_messages_come()
        self.cutter.cut()
        code, result, text, page = run.finish()
        self.assertEqual(code, 0, text)
        self.assertGreater(result["scalars"]["reconnects"], 0)
        self.assertEqual(result["scalars"]["reconnects"],
                         result["scalars"]["connections_ended"])
        self.assertEqual(result["errors"]["reconnects"], result["scalars"]["reconnects"])
        for name in "lost", "duplicates", "reordered", "corrupt", "misrouted", "wrong_qos":
            self.assertEqual(result["integrity"][name], 0, (name, result["integrity"]))
        self.assertIn("Connections that ended: ", text)
        self.assertRegex(text, r"\n  reconnects +\d")
        self.assertIn(">reconnects<", page)
        return result

    def test_every_message_is_accounted_for(self):
        for qos in self.qos_tried:
            with self.subTest(qos=qos):
                result = self.run_and_cut("-p", "3", "-s", "4", "-q", qos, "-r", "2k")
                self.assertEqual(result["counters"]["offered"], 6000)
                integrity = result["integrity"]
                self.assertEqual(integrity["received"] + integrity["lost_unpromised"] +
                                 integrity["lost_permitted"], 24000)
                self.assertEqual(result["scalars"]["reconnects"], 7)

    scenarios = ("fanin", ["-p", "3"]), ("shared", ["-p", "2", "-s", "2"]), ("rr", ["-p", "3"])

    def test_scenarios_go_on(self):
        for scenario, flags in self.scenarios:
            with self.subTest(scenario=scenario):
                result = self.run_and_cut(scenario, *flags, "-q", "1", "-r", "500")
                self.assertEqual(result["counters"]["offered"], 1500)

    def test_with_sessions_that_are_kept_nothing_is_missing(self):
        for qos, *flags in self.kept:
            with self.subTest(qos=qos, flags=flags):
                result = self.run_and_cut("-p", "3", "-s", "4", "-q", qos, "-r", "2k", *flags)
                integrity = result["integrity"]
                self.assertEqual(integrity["received"],
                                 24000 + integrity["duplicates_permitted"])
                self.assertEqual(integrity["lost_unpromised"], 0)
                if qos == "2":
                    self.assertEqual(integrity["duplicates_permitted"], 0)
                self.assertEqual(result["scalars"]["sessions_lost"], 0)

    def test_a_closed_loop_goes_on(self):
        for qos in self.qos_tried[:2]:
            with self.subTest(qos=qos):
                result = self.run_and_cut("-q", qos, "-p", "2", "--threads", "2")
                last = [second for second in result["series"] if second["received"] > 0][-1]
                self.assertGreaterEqual(last["at_s"], 3)


class CutFromRingmqd(Cut, unittest.TestCase):
    start = Broker

    def test_several_processes_account_as_one(self):
        result = self.run_and_cut("-p", "4", "-s", "2", "-q", "1", "-r", "1k", "--processes", "2")
        self.assertEqual(result["scalars"]["reconnects"], 6)
        self.assertEqual(result["integrity"]["received"] +
                         result["integrity"]["lost_unpromised"], 6000)

    def test_a_broker_that_goes_and_comes(self):
        run = Run(self.cutter.port, "--reconnect", "-p", "2", "-s", "2", "-q", "1", "-r", "1k",
                  "--assert", "reconnects>=4", "--assert", "loss==0", duration="4s")
        run.until_messages_come()
        self.assertEqual(self.broker.stop(), 0)  # It says why: DISCONNECT.
        self.broker = Broker()
        self.cutter.broker_port = self.broker.port
        code, result, text, _ = run.finish()
        self.assertEqual(code, 0, text)
        self.assertEqual(result["errors"]["by_reason"], {})
        self.assertIn("DISCONNECT: ", text)

    def test_without_the_flag_a_cut_is_an_error(self):
        run = Run(self.cutter.port, "-q", "1", "-r", "1k")
        run.until_messages_come()
        self.cutter.cut()
        code, result, text, _ = run.finish()
        self.assertEqual(code, 2, text)
        self.assertNotIn("reconnects", result["scalars"])


class CutFromMosquitto(Cut, unittest.TestCase):
    start = Mosquitto
    qos_tried = "1"
    kept = (("1", "--no-clean", "--version", "4"), ("2", "--expiry", "1h"))
    scenarios = (("pairs", ["-p", "3"]), ("rr", ["-p", "3", "-s", "2"]))


class Refused(unittest.TestCase):
    def test_sessions_that_would_be_clean_and_kept(self):
        for args, text in ((["--clean", "--expiry", "1h"], "--expiry: a clean session has none"),
                           (["session", "--clean"], "--clean: session is about"),
                           (["retain", "--expiry", "1h"], "--expiry: nobody returns"),
                           (["will", "--no-clean"], "--no-clean: nobody returns"),
                           (["--expiry", "soon"], "--expiry 1h")):
            done = subprocess.run([TOOL, *args], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 1, args)
            self.assertIn(text, done.stderr)

    def test_commands_whose_steps_need_every_connection(self):
        for command in (["session"], ["retain"], ["will"], ["conn", "--storm"]):
            done = subprocess.run([TOOL, *command, "--reconnect"], capture_output=True, text=True,
                                  timeout=60)
            self.assertEqual(done.returncode, 1, command)
            self.assertIn("--reconnect: the steps of ", done.stderr)


if __name__ == "__main__":
    unittest.main()
