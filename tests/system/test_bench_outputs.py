# SPDX-License-Identifier: Apache-2.0
"""What mqtt-bench hands to programs that follow it while it runs."""
import html
import http.server
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import unittest
import urllib.request

from broker import Broker
from mosquitto import Mosquitto

BENCH = os.path.join(os.environ.get("RINGMQ_TOOLS", "build/dev/tools"), "mqtt-bench/mqtt-bench")
SHORT = ["-q", "1", "-r", "1k", "-d", "1s", "--warmup", "0s", "--allow-invalid", "--quiet"]
TWO = [flag.replace("1s", "2s") for flag in SHORT]
LONG = ["-q", "1", "-r", "1k", "-d", "20s", "--warmup", "0s", "--allow-invalid", "--quiet"]


class Lines(unittest.TestCase):
    def run_with(self, fd, *args, **more):
        with Broker() as broker:
            return subprocess.run([BENCH, "-u", f"mqtt://127.0.0.1:{broker.port}", *SHORT, *args,
                                   "--jsonl-fd", str(fd)],
                                  capture_output=True, text=True, timeout=60, pass_fds=[fd], **more)

    def test_a_line_a_second_between_start_and_verdict(self):
        for flags in [], ["--processes", "2", "-p", "2", "-s", "2"]:
            with self.subTest(flags=flags), tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "run.json")
                with open(os.path.join(folder, "lines"), "w+") as file:
                    done = self.run_with(file.fileno(), *flags, "--json", path)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    file.seek(0)
                    lines = [json.loads(line) for line in file]
                with open(path) as file:
                    result = json.load(file)
                self.assertEqual([lines[0]["type"], lines[-1]["type"]], ["start", "end"])
                self.assertEqual(lines[0]["command_line"], result["command_line"])
                self.assertEqual(lines[0]["start_time"], result["start_time"])
                self.assertEqual(lines[-1]["verdict"], result["verdict"])
                self.assertEqual(lines[-1]["exit_code"], 0)
                seconds = lines[1:-1]
                self.assertEqual({line.pop("type") for line in seconds}, {"second"})
                self.assertEqual([line["at_s"] for line in seconds],
                                 [second["at_s"] for second in result["series"]])
                self.assertEqual(sum(line["sent"] for line in seconds), 1000)

    def test_a_reader_that_goes_or_never_reads_stops_nothing(self):
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        try:
            while True:
                os.write(writer, b"x" * 4096)
        except BlockingIOError:
            os.set_blocking(writer, True)
        done = self.run_with(writer)  # Full, and it would block.
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("response", done.stdout)
        os.close(reader)
        done = self.run_with(writer)
        os.close(writer)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"--jsonl-fd \d+ \d+ were dropped, for nobody read them")

    def test_a_descriptor_that_is_not_open_is_a_usage_error(self):
        done = subprocess.run([BENCH, *SHORT, "--jsonl-fd", "77"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--jsonl-fd: it is not open; for example", done.stderr)


class Metrics(unittest.TestCase):
    def test_are_served_while_it_runs_on_a_port_of_the_kernels_choice(self):
        with Broker() as broker:
            bench = subprocess.Popen([BENCH, "-u", f"mqtt://127.0.0.1:{broker.port}", *LONG,
                                      "--prometheus", "127.0.0.1:0"],
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.addCleanup(bench.stdout.close)
            self.addCleanup(bench.stderr.close)
            line = bench.stderr.readline()
            url = line.split()[-1]
            self.assertRegex(line, r"^metrics at http://127.0.0.1:\d+/metrics$")
            sent = 0
            while sent == 0:  # The first ones are served before anything is sent.
                with urllib.request.urlopen(url, timeout=20) as answer:
                    self.assertIn("version=0.0.4", answer.headers["Content-Type"])
                    page = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines()
                                if not line.startswith("#"))
                sent = float(page['mqtt_bench_sent_total{scenario="pubsub"}'])
            self.assertEqual(page['mqtt_bench_running{scenario="pubsub"}'], "1")
            # One who asks for nothing does not hold up the end.
            with socket.create_connection(("127.0.0.1", int(url.split(":")[2].split("/")[0]))):
                bench.send_signal(signal.SIGINT)
                self.assertEqual(bench.wait(timeout=30), 130)

    def test_a_port_that_is_taken_is_a_usage_error(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            done = subprocess.run([BENCH, *SHORT, "--prometheus", address], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--prometheus: cannot listen on 127.0.0.1 port", done.stderr)


class Page(http.server.BaseHTTPRequestHandler):
    """A page of metrics on which a counter rises by 10 with each look."""
    looks = 0

    def do_GET(self):
        if self.path == "/loop":
            self.send_response(302)
            self.send_header("Location", "loop")
            self.end_headers()
            return
        if self.path in ("/endless", "/html"):
            self.send_response(200)
            self.end_headers()
            try:
                self.wfile.write(b"<html>\na 1\n")
                while self.path == "/endless":
                    self.wfile.write(b"a 1\n" * 65536)
            except OSError:
                pass
            return
        if self.path == "/moved":
            self.send_response(301)
            self.send_header("Location", "/metrics")
            self.end_headers()
            return
        if self.path == "/metrics":
            Page.looks += 1
        text = ("# TYPE seen_total counter\n"
                f'seen_total{{a="b c"}} {90 + 10 * Page.looks}\nstill_total 7\n'
                f"level {Page.looks % 2}\nlevel_other 1\n")
        self.send_response(200 if self.path == "/metrics" else 404)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


class Scrape(unittest.TestCase):
    def serve(self):
        Page.looks = 0
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(lambda: (server.shutdown(), thread.join(), server.server_close()))
        return f"http://127.0.0.1:{server.server_port}"

    def measure(self, broker, *args):
        with tempfile.TemporaryDirectory() as folder:
            names = [os.path.join(folder, name) for name in ("run.json", "run.html")]
            done = subprocess.run([BENCH, "-u", f"mqtt://127.0.0.1:{broker.port}", *TWO, *args,
                                   "--json", names[0], "--html", names[1]],
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            texts = []
            for name in names:
                with open(name, encoding="utf8") as file:
                    texts.append(file.read())
            return json.loads(texts[0]), texts[1], done.stdout

    def test_shows_what_changed_on_a_page_and_why_another_said_nothing(self):
        url = self.serve()
        with Broker() as broker:
            result, page, text = self.measure(broker, "--scrape", url + "/metrics", "--scrape", url + "/other",
                                              "--scrape-only", "^(seen|still|level$)")
        (telemetry,) = result["telemetry"]
        self.assertEqual(telemetry["source"], url + "/metrics")
        self.assertGreaterEqual(telemetry["looks"], 3)
        (counter,) = telemetry["counters"]
        self.assertEqual(counter["name"], 'seen_total{a="b c"}')
        self.assertEqual(counter["after"] - counter["before"], 10 * (Page.looks - 1))
        self.assertGreater(counter["per_s"], 0)
        self.assertEqual([gauge["name"] for gauge in telemetry["gauges"]], ["level"])
        for report in text, html.unescape(page):
            self.assertIn('seen_total{a="b c"}', report)
            self.assertRegex(report, r"--scrape http://127.0.0.1:\d+/other: (\d+) of \1 looks failed, the last "
                                     "for this: it answered with status 404")
            self.assertNotIn("still_total", report)

    def test_says_why_a_page_has_nothing(self):
        url = self.serve()
        pages = [flag for name in ("endless", "html", "loop", "moved") for flag in ("--scrape", f"{url}/{name}")]
        with Broker() as broker:
            result, _, text = self.measure(broker, *pages, "--scrape-only", "nomatch")
        self.assertEqual(result["telemetry"], [])
        for name, why in ("endless", "it is larger than 16 MiB"), ("html", "there are no metrics"), \
                         ("loop", f"it redirects more than 5 times, the last time to {url}/loop"):
            self.assertRegex(text, rf"/{name}: (\d+) of \1 looks failed, the last for this: {why}")
        self.assertIn("/moved: nothing there fits --scrape-only 'nomatch'", text)

    def test_what_is_no_url_pattern_or_port_is_a_usage_error(self):
        for flags, why in (["--scrape", "localhost:9090"], "--scrape: 'localhost:9090' is no URL"), \
                          (["--scrape-only", "(a"], "--scrape-only: '(a' is no regular expression"), \
                          (["--prometheus", ":99999"], "--prometheus: '99999' is no port; for example :9300"):
            done = subprocess.run([BENCH, *SHORT, *flags], capture_output=True, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertIn(why, done.stderr)


class Sys(unittest.TestCase):
    def measure(self, port, *args):
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            done = subprocess.run([BENCH, "-u", f"mqtt://127.0.0.1:{port}", *TWO, "--sys", *args, "--json", file.name],
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            return json.load(file), done.stdout

    def test_hears_what_the_broker_counts(self):
        with Broker(config="[mqtt]\nsys_interval_s = 1\n") as broker:
            result, text = self.measure(broker.port)
        (telemetry,) = result["telemetry"]
        self.assertEqual(telemetry["source"], "$SYS")
        self.assertGreaterEqual(telemetry["looks"], 2)
        counters = {counter["name"]: counter for counter in telemetry["counters"]}
        received = counters["$SYS/broker/publish/messages/received"]
        self.assertGreater(received["after"], received["before"])
        self.assertLessEqual(received["after"] - received["before"], 2000)
        self.assertFalse([name for name in counters if "/heap/" in name])
        self.assertIn("Counters of $SYS", text)
        self.assertRegex(text, r"--sys: figures are from .* the last [\d.]+ s of the run are not in them")

    def test_one_look_is_no_difference_and_a_wrong_name_is_told(self):
        with Mosquitto() as broker:  # Which speaks every 10 s.
            result, text = self.measure(broker.port, "--scrape-only", "publish/messages")
        self.assertEqual([len(result["telemetry"][0][kind]) for kind in ("counters", "gauges")], [0, 3])
        # Once, or not at all since the first look.
        self.assertRegex(text, "--sys: the broker (spoke once only|only said what it had kept), so nothing is known")
        with Broker(config="[mqtt]\nsys_interval_s = 0\n") as broker:
            result, text = self.measure(broker.port)
        self.assertEqual(result["telemetry"], [])
        self.assertIn("--sys: nothing came in $SYS/#.", text)


class Trials(unittest.TestCase):
    def bench(self, *args):
        return subprocess.run([BENCH, *args], capture_output=True, text=True, timeout=120)

    def test_all_are_kept_shown_and_compared(self):
        with Broker() as broker, tempfile.TemporaryDirectory() as folder:
            path, page = os.path.join(folder, "run.json"), os.path.join(folder, "run.html")
            flags = ["-u", f"mqtt://127.0.0.1:{broker.port}", *SHORT, "--trials", "2", "--assert", "loss==0"]
            done = self.bench(*flags, "--json", path, "--html", page)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertRegex(done.stdout, r"trial 1.*\n.*trial 2(.*\n)+.*median(.*\n)+.*max")
            with open(path) as file:
                trials = json.load(file)
            self.assertEqual([trial["counters"]["sent"] for trial in trials], [1000, 1000])
            self.assertNotEqual(trials[0]["start_time"], trials[1]["start_time"])
            with open(page) as file:
                self.assertIn("Trials", file.read())
            again = self.bench("report", path, "--allow-invalid")
            self.assertEqual((again.returncode, again.stdout), (0, done.stdout))
            # One that does not hold is enough.
            self.assertEqual(self.bench("report", path, "--allow-invalid", "--assert", "rate>1M").returncode, 4)
            compared = self.bench("compare", path, "--with", path, "--allow-invalid")
            self.assertEqual(compared.returncode, 0, compared.stderr)
            self.assertIn("p50 response", compared.stdout)
            merged = self.bench("merge", path, path)
            self.assertEqual(merged.returncode, 1)
            self.assertIn("these are 2 trials, and one result is needed", merged.stderr)

    def test_not_of_what_makes_several_runs_itself(self):
        done = self.bench("search", "--trials", "2")
        self.assertEqual(done.returncode, 1)
        self.assertIn("--trials: search is not made several times", done.stderr)


class Merge(unittest.TestCase):
    def test_generators_that_ran_together_are_one(self):
        with Broker() as broker, tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, name) for name in ("a.json", "b.json", "all.json")]
            running = [subprocess.Popen([BENCH, "-u", f"mqtt://127.0.0.1:{broker.port}", *SHORT,
                                         "--client-id", f"{number}-{{role}}{{i}}", "--topic", f"{number}/{{pub}}", "--json", paths[number]],
                                        stdout=subprocess.DEVNULL) for number in range(2)]
            self.assertEqual([bench.wait(timeout=60) for bench in running], [0, 0])
            merge = [BENCH, "merge", *paths[:2], "--allow-invalid", "-o", paths[2]]
            done = subprocess.run(merge, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            parts = []
            for path in paths:
                with open(path) as file:
                    parts.append(json.load(file))
            for name in "sent", "received":
                self.assertEqual(parts[2]["counters"][name], 2000)
            self.assertEqual(sum(second["sent"] for second in parts[2]["series"]), 2000)
            self.assertIn("2 generators", done.stdout)
            self.assertIn("0/{pub}, 1/{pub}", done.stdout)
            self.assertRegex(done.stdout, r"rate +2k \(1k \+ 1k\)")
            done = subprocess.run([*merge, "--json", paths[0]], capture_output=True, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertIn("-o and --json are the same", done.stderr)
            parts[1]["scenario"] = "pairs"
            with open(paths[1], "w") as file:
                json.dump(parts[1], file)
            done = subprocess.run(merge, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 1)
            self.assertIn("the scenario differs: pubsub and pairs; --force", done.stderr)
            done = subprocess.run([*merge, "--force"], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
