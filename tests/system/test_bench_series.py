# SPDX-License-Identifier: Apache-2.0
"""The commands of mqtt-bench that are made of several runs, or of files, against ringmqd."""
import json
import os
import resource
import signal
import subprocess
import tempfile
import unittest

from broker import Broker

BENCH = os.path.join(os.environ.get("RINGMQ_TOOLS", "build/dev/tools"), "mqtt-bench/mqtt-bench")


class WithBroker(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker()
        cls.addClassCleanup(cls.broker.__exit__, None, None, None)
        cls.folder = tempfile.mkdtemp(prefix="ringmq-series-")

    def path(self, name):
        return os.path.join(self.folder, name)

    def run_bench(self, *args, code=0):
        done = subprocess.run([BENCH, *args, "-u", f"mqtt://127.0.0.1:{self.broker.port}"],
                              capture_output=True, text=True, timeout=100)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def read(self, name):
        with open(self.path(name)) as file:
            return json.load(file)


class Search(WithBroker):
    def search(self, *args, code=0):
        return self.run_bench("search", "-q", "1", "-d", "300ms", "--warmup", "0s",
                              "--allow-invalid", *args, code=code)

    def test_finds_the_border_and_keeps_every_point(self):
        # A demand that holds below 3000/s however loaded this machine is, and never above.
        done = self.search("--from", "1k", "--tolerance", "20%", "--assert", "offered_rate<3k",
                           "--assert", "loss==0", "--points", self.path("points"),
                           "--json", self.path("search.json"), "--html", self.path("search.html"))
        result = self.read("search.json")
        with open(self.path("search.html")) as file:
            page = file.read()
        points = result["search"]
        rates = [point["rate_per_s"] for point in points]
        self.assertEqual(rates, sorted(set(rates)))
        self.assertEqual(rates[0], 1000)
        holding = [point["rate_per_s"] for point in points if point["holds"]]
        failing = [point["rate_per_s"] for point in points if not point["holds"]]
        self.assertLess(max(holding), 3000)
        self.assertLessEqual(min(failing), max(holding) * 1.2001)
        self.assertEqual(result["scalars"]["highest_per_s"], max(holding))
        self.assertIn(" hold, ", result["verdict"]["text"])
        for point in points:
            with open(point["result_file"]) as file:
                self.assertEqual(round(json.load(file)["rates"]["offered_per_s"], -2),
                                 round(point["rate_per_s"], -2))
            # The curve leads to the page of the run.
            page_of_point = os.path.basename(point["result_file"]).replace(".json", ".html")
            self.assertIn(f'href="points/{page_of_point}"', page)
            self.assertTrue(os.path.exists(self.path(os.path.join("points", page_of_point))))
        # Each that does not hold was tried twice, and every run is there.
        runs = done.stderr.count("\n") - 1
        self.assertEqual(len(os.listdir(self.path("points"))), 2 * runs)
        self.assertGreaterEqual(runs, len(holding) + 2 * len(failing))
        self.assertIn("the highest that does", done.stdout)
        self.assertGreaterEqual(done.stderr.count("again"), len(failing))

    def test_says_when_not_even_the_lowest_rate_holds(self):
        done = self.search("--from", "1k", "--assert", "offered_rate<1", code=4)
        self.assertIn("not even 1.0k/s hold", done.stdout)

    def test_says_at_once_what_no_rate_can_tell(self):
        done = self.search("--from", "100", "--assert", "p99(e2e)<10s", code=1)
        self.assertIn("too few samples", done.stderr)
        self.assertIn("--from 10k", done.stderr)

    def test_stops_where_it_is_told_to(self):
        done = self.search("--from", "500", "--to", "800", "--assert", "loss==0", "--scenario",
                           "pairs")
        self.assertIn("at least 800/s hold, which was the last to try", done.stdout)

    def test_what_held_until_it_was_interrupted_is_shown_and_kept(self):
        bench = subprocess.Popen(
            [BENCH, "search", "-q", "1", "-d", "300ms", "--warmup", "0s", "--allow-invalid", "-u",
             f"mqtt://127.0.0.1:{self.broker.port}", "--from", "500", "--factor", "1.05",
             "--assert", "loss==0", "--json", self.path("stopped.json")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        bench.stderr.readline()  # What is searched.
        self.assertIn("holds", bench.stderr.readline())
        bench.send_signal(signal.SIGINT)  # In the next run, or just before it.
        shown, said = bench.communicate(timeout=60)
        self.assertEqual(bench.returncode, 130, shown + said)
        self.assertRegex(shown, r"at least \d+/s hold: stopped there")
        self.assertRegex(shown, r"Interrupted at \d+/s after \d rates?: the search was not over")
        result = self.read("stopped.json")
        self.assertTrue(result["interrupted"] and result["search"])

    def test_a_broker_that_is_not_there_is_no_answer(self):
        done = subprocess.run([BENCH, "search", "-u", "mqtt://127.0.0.1:1", "--drain", "0s"],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn("the first run failed", done.stderr)

    def test_flags_that_make_no_sense(self):
        for flags, text in ((["-r", "5k"], "--from 5k"), (["--tolerance", "0"], "--tolerance 5%"),
                            (["--from", "2k", "--to", "1k"], "below --from")):
            self.assertIn(text, self.search(*flags, code=1).stderr)


class Preset(WithBroker):
    def test_every_preset_is_a_command_that_runs(self):
        listed = subprocess.run([BENCH, "preset"], capture_output=True, text=True, timeout=60)
        self.assertEqual(listed.returncode, 0)
        names = [line.split()[0] for line in listed.stdout.splitlines() if " connections " in line]
        self.assertGreater(len(names), 15)
        for name in names:
            with self.subTest(name=name):
                shown = self.run_bench("preset", name, "--scale", "0.002", "-d", "100ms",
                                       "--ramp", "5k", "--show")
                self.assertIn("--duration 100ms", shown.stdout)
                words = shown.stdout.split()[1:]
                url = words.index("--url")
                del words[url:url + 2]
                self.run_bench(*words, "--warmup", "0s", "--quiet", "--allow-invalid")

    def test_the_title_says_what_was_run(self):
        self.run_bench("preset", "singlenode-p2p-1K-1K-1K-1K", "--scale", "0.02", "-d", "500ms", "--warmup", "0s",
                       "--allow-invalid", "--quiet", "--json", self.path("preset.json"))
        result = self.read("preset.json")
        self.assertIn("preset p2p-1K-1K-1K-1K at scale 0.02, with --duration 500ms: 20 pubs", result["title"])
        self.assertEqual(result["scenario"], "pairs")
        self.assertGreater(result["counters"]["received"], 0)
        self.assertEqual(result["counters"]["received"], result["counters"]["sent"])
        self.assertIn("3.1.1", json.dumps(result["config"]))

    def test_says_what_this_machine_cannot_hold(self):
        # Of what runs, which is not what the preset alone would be.
        few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (150, 150))
        for clients, is_warned in ("200", True), ("20", False):
            done = subprocess.run([BENCH, "preset", "conn-tcp-1M-5K", "-u", "mqtt://127.0.0.1:1", "--clients", clients,
                                   "-d", "0s", "--quiet"], capture_output=True, text=True, timeout=60, preexec_fn=few)
            self.assertEqual("mqtt-bench: descriptors: 150: " in done.stderr, is_warned, done.stderr)

    def test_names_and_scales_that_make_no_sense(self):
        for flags, text in ((["p2p"], "p2p-qos0"), (["fanout-100", "--scale", "0"], "--scale 0.01")):
            self.assertIn(text, self.run_bench("preset", *flags, code=1).stderr)


class Soak(WithBroker):
    def test_prints_windows_and_says_what_drifts(self):
        done = self.run_bench("soak", "--scenario", "pairs", "-p", "2", "-r", "100", "-d", "9s", "--warmup", "0s", "--window",
                              "1s", "--watch-pid", str(self.broker.process.pid), "--allow-invalid", "--json",
                              self.path("soak.json"))
        result = self.read("soak.json")
        self.assertEqual(result["scenario"], "soak")
        self.assertEqual(result["integrity"]["lost"], 0)
        self.assertGreaterEqual(done.stderr.count("  memory "), 8)
        # Whatever they say: of each thing that was measured something is said.
        for what in "memory", "p99", "CPU", "throughput":
            self.assertRegex(done.stdout, rf"(?m)^  {what}(: no drift that is certain| (grows|falls) by )")

    def test_a_window_is_no_shorter_than_a_second(self):
        done = self.run_bench("soak", "--window", "10ms", code=1)
        self.assertIn("--window: from 1s to 1d; for example --window 1m", done.stderr)


class Phases(WithBroker):
    FILE = """
scenario = "pairs"
pubs = 2
qos = 1
warmup = "1s"
assert = ["loss==0"]
[[phases]]
name = "ramp"
duration = "2s"
rate = "100"
to = "300"
[[phases]]
duration = "1s"
[[phases]]
name = "hold"
duration = "1s"
rate = "200"
run = "echo faulty >&2"
"""

    def run_file(self, text, *args, code=0):
        with open(self.path("run.toml"), "w") as file:
            file.write(text)
        return self.run_bench("run", self.path("run.toml"), *args, code=code)

    def test_the_rate_changes_while_connections_stay(self):
        done = self.run_file(self.FILE, "--allow-invalid", "--json", self.path("run.json"))
        result = self.read("run.json")
        self.assertEqual(result["counters"]["offered"], 400 + 200)
        self.assertEqual(result["integrity"]["lost"], 0)
        self.assertEqual(result["connections"], 4)
        self.assertIn("faulty", done.stderr)
        notes = [note for note in result["notes"] if note.startswith("phase ")]
        self.assertRegex(notes[0], r"^phase ramp \(2\.0s, 100/s to 300/s\): sent ")
        self.assertRegex(notes[1], r"^phase 2 \(1\.0s, no load\): sent ")
        self.assertRegex(notes[2], r"^phase hold \(1\.0s, 200/s\): sent ")
        self.assertEqual(notes[3], "phase hold: 'echo faulty >&2' ended with 0")

    def test_a_wrong_file_names_line_key_and_what_was_expected(self):
        phase = '[[phases]]\nduration = "1s"\nrate = "100"\n'
        for text, line, what in ((f"qos = 7\n{phase}", 1, "qos: see above"), (f"\npbus = 3\n{phase}", 2, "pbus: no flag has this name"),
                                 (f'rate = "1k"\n{phase}', 1, "rate: the phases have this"),
                                 (f'retain = "yes"\n{phase}', 1, "retain: expected true or false"),
                                 (f'scenario = "x"\n{phase}', 1, "scenario: expected pubsub"),
                                 (f'{phase}to = "-1"\n', 4, "to: "), (f'{phase}color = 1\n', 4, "color: phases have name"),
                                 ('pubs = 1\n', 1, "phases: there are none"), ("x = [\n", 1, ""),
                                 (f'{phase}assert = ["p99(e2e)"]\n', 4, "assert: assertion 'p99(e2e)'"),
                                 (f'{phase}assert = "cpu_per_million<1"\n', 4, "assert: 'cpu_per_million<1' is about the whole run"),
                                 (f'{phase}assert = [1979-05-27]\n', 4, "assert: expected a text or a list"),
                                 ('[[phases]]\nduration = "1500ms"\n', 1, "duration: a phase takes whole seconds")):
            with self.subTest(text=text):
                done = self.run_file(text, code=1)
                self.assertIn(f"run.toml:{line}: {what}", done.stderr)

    # The first one holds for certain, the last one does not.
    JUDGED = """
scenario = "pairs"
pubs = 3
qos = 1
warmup = "1s"
[[phases]]
name = "first"
duration = "1s"
rate = "200"
assert = ["loss==0", "max(service)<50s", "offered_rate==200"]
[[phases]]
name = "second"
duration = "1s"
rate = "400"
assert = "offered_rate==399"
"""

    def test_each_phase_is_judged_by_its_own_assertions(self):
        for processes in "1", "3":
            done = self.run_file(self.JUDGED, "--allow-invalid", "--processes", processes, "--json", self.path("judged.json"),
                                 "--junit", self.path("judged.xml"), "--html", self.path("judged.html"), code=4)
            self.assertIn("Not all assertions hold.", done.stdout)
            self.assertRegex(done.stdout, r"(?m)^  phase first: loss==0 holds: 0$")
            self.assertRegex(done.stdout, r"(?m)^  phase second: offered_rate==399 .*400")
            phases = self.read("judged.json")["load_phases"]
            self.assertEqual([phase["name"] for phase in phases], ["first", "second"])
            for phase, count in zip(phases, (200, 400)):
                self.assertEqual(phase["counters"]["offered"], count)
                self.assertEqual(phase["counters"]["expected"], count)
                self.assertEqual(phase["integrity"]["received"], count)
                self.assertEqual(phase["integrity"]["lost"], 0)
                self.assertIn("response", phase["histograms"])
            self.assertEqual([each["holds"] for phase in phases for each in phase["assertions"]], [True, True, True, False])
            with open(self.path("judged.xml")) as file:
                self.assertIn('tests="5" failures="1"', file.read())
            with open(self.path("judged.html")) as file:
                self.assertIn("phase second: offered_rate==399", file.read())

    def test_all_phases_hold(self):
        self.run_file(self.JUDGED.replace("==399", "==400"), "--allow-invalid")

    def test_the_command_line_has_the_last_word(self):
        self.run_file(self.FILE, "--pubs", "3", "--allow-invalid", "--json", self.path("more.json"))
        self.assertEqual(self.read("more.json")["connections"], 6)
        self.assertIn("--rate: the phases of", self.run_file(self.FILE, "--rate", "5", code=1).stderr)


if __name__ == "__main__":
    unittest.main()
