# SPDX-License-Identifier: Apache-2.0
"""Flags of mqtt-bench: what they do to the messages, and what bad values are answered with."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest

from broker import Broker
from mosquitto import Mosquitto

TOOL = os.path.join(os.environ.get("RINGMQ_TOOLS", "build/dev/tools"), "mqtt-bench/mqtt-bench")


def run(*args):
    return subprocess.run([TOOL, *args], capture_output=True, text=True, timeout=60)


class Flags(unittest.TestCase):
    def measure(self, broker, *args):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "result.json")
            url = [] if "-u" in args else ["-u", f"mqtt://127.0.0.1:{broker.port}"]
            done = run("--quiet", *args, *url, "-d", "500ms", "--warmup", "0s", "--allow-invalid",
                       "--json", path)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            with open(path) as file:
                return json.load(file)

    def test_what_they_do(self):
        cpu = str(min(os.sched_getaffinity(0)))
        with Broker() as broker:
            result = self.measure(broker, "-p", "3", "--rate-per-client", "200", "-q", "1")
            self.assertEqual(result["counters"]["sent"], 300)
            # Properties, retained messages and the cores change nothing about the accounting.
            result = self.measure(broker, "-r", "1k", "--prop", "region=eu", "--user-property",
                                  "unit=C", "--retain", "--cpu-list", cpu, "--watch-pid",
                                  str(broker.process.pid), "--legacy-latency", "service")
            self.assertEqual(result["counters"]["received"], 500)
            self.assertEqual(result["histograms"]["response"], result["histograms"]["service"])
            notes = " ".join(result["notes"])
            self.assertIn("method: from the send on", notes)
            self.assertIn(f"same cores as this tool: {cpu}.", notes)
            # The last message is there for whoever comes later, and is none of this run.
            result = self.measure(broker, "-r", "1k", "-q", "1")
            self.assertEqual(result["integrity"]["foreign"], 1)
            result = self.measure(broker, "shared", "-s", "3", "--share", "workers", "-r", "1k",
                                  "-q", "1", "--topic", "work/{pub}")
            self.assertEqual(result["counters"]["received"], 500)

    def test_clients_come_as_if_through_a_proxy(self):
        config = ('[[listeners]]\ntransport = "any"\nproxy_protocol = "required"\n'
                  'trusted_proxies = ["127.0.0.1"]\nallow_anonymous = "always"\n')
        for version, scheme, source, seen in (
                ("1", "mqtt", "198.18.0.255", r"198\.18\.1\.0:1025"),
                ("2", "ws", "2001:db8::ffff:ffff", r"\[2001:db8::\]:1025")):
            with self.subTest(version=version), Broker(config + "[log]\nlevel = \"debug\"\n") as broker:
                result = self.measure(broker, "-p", "2", "-s", "1", "-r", "100", "-u",
                                      f"{scheme}://127.0.0.1:{broker.port}", "--proxy-protocol",
                                      version, "--proxy-source", source)
                self.assertEqual(result["counters"]["received"], 50)
                broker.wait_for_line(seen)

    def test_a_shared_key_instead_of_certificates(self):
        key = "00112233445566778899aabbccddeeff"
        config = ('[[listeners]]\ntls = "required"\ntls_psk_file = "@DIR@/keys"\n'
                  'allow_anonymous = "always"\n')
        with Broker(config, files={"keys": f"bench:{key}\n"}) as broker:
            result = self.measure(broker, "-r", "100", "-u", f"mqtts://localhost:{broker.port}",
                                  "--psk-identity", "bench", "--psk", key, "--watch-pid", "auto")
            self.assertEqual(result["counters"]["received"], 50)
            self.assertEqual(result["broker"]["pid"], broker.process.pid)
            self.assertIn('\'--psk\' "$PSK"', result["command_line"])

    def test_without_io_uring_all_is_the_same(self):
        with Broker() as broker:
            for args in (["pairs", "-q", "2", "-r", "200"], ["rr", "-r", "200"], ["retain", "-n", "50"],
                         ["session", "-n", "50"], ["conn", "-c", "20"], ["shared", "-q", "1", "-r", "200"]):
                with self.subTest(args=args):
                    result = self.measure(broker, *args, "--engine", "epoll", "--threads", "2")
                    self.assertEqual(result["environment"]["engine"], "epoll")
                    self.assertEqual(result["integrity"]["lost"], 0)
                    self.assertEqual(result["counters"]["received"], result["counters"]["expected"])
                    self.assertEqual(result["errors"]["connect_errors"], {})

    def test_arrivals_are_as_many_as_the_rate_says(self):
        with Broker() as broker:
            for arrival in "constant", "burst:10", "poisson":
                result = self.measure(broker, "-r", "400", "--arrival", arrival, "--seed", "7")
                offered = result["counters"]["offered"]
                self.assertEqual(result["counters"]["received"], offered)
                if arrival == "poisson":
                    self.assertNotEqual(offered, 200)  # Of this seed.
                    self.assertTrue(130 < offered < 270, offered)
                else:
                    self.assertEqual(offered, 200)

    def test_aliases_stand_for_topics(self):
        for start in Broker, Mosquitto:
            with start() as broker:
                for scenario, qos in (("pairs", "0"), ("rr", "1"), ("pubsub", "2")):
                    result = self.measure(broker, scenario, "-p", "3", "-r", "1k", "-q", qos,
                                          "--alias", "auto", "--lag-max", "1m")
                    self.assertEqual(result["counters"]["received"], 500)
                    self.assertEqual(result["integrity"]["lost"], 0)
                    self.assertNotIn("alias", " ".join(result["notes"]))

    def test_publishers_spread_their_messages_over_topics(self):
        for start in Broker, Mosquitto:
            with start() as broker:
                for args in (["pubsub", "-p", "3", "-s", "2", "--topics", "50", "--alias", "auto"],
                             ["pairs", "-p", "3", "--topic", "{rand:9}/{run}/{pub}/x{topic}y"],
                             ["shared", "-s", "3", "-q", "1", "--topic", "{rand:1k}-{pub}"]):
                    result = self.measure(broker, *args, "-r", "1k", "--assert", "loss==0")
                    self.assertEqual(result["counters"]["received"], result["counters"]["expected"])
                    self.assertGreaterEqual(result["counters"]["received"], 500)
                    for count in "misrouted", "reordered", "duplicates", "foreign":
                        self.assertEqual(result["integrity"][count], 0, args)

    def test_subscribers_have_filters_of_their_own(self):
        # Publishers 0 to 3 send 125 messages each; what each command's subscribers hear of that.
        cases = ((["pubsub", "-s", "5", "--filter", "bench/{i}"], 500, "no publisher: 1."),
                 (["pubsub", "-s", "4", "--filter", "bench/#", "--filter", "bench/2"], 1250, ""),
                 (["pubsub", "-s", "6", "--topic", "{run}/{pub}/{rand:9}", "--filter", "{run}/{i}/+",
                   "--filter", "$share/g/+/+/#"], 750, "no publisher: 1."),
                 (["shared", "-s", "3", "--filter", "bench/3", "--filter", "bench/+"], 625, ""),
                 (["pairs", "--filter", "bench/{i}"], 500, ""),
                 (["fanin", "--filter", "+/1"], 125, ""))
        for start in Broker, Mosquitto:
            with start() as broker:
                for args, expected, note in cases:
                    for more in ["-q", "1", "-r", "5k"], ["-q", "0"], ["-q", "2", "-r", "5k", "--processes", "2"]:
                        result = self.measure(broker, *args, "-p", "4", "-n", "500", *more)
                        counters, integrity = result["counters"], result["integrity"]
                        self.assertEqual(counters["sent"], 500)
                        self.assertEqual(counters["received"], counters["expected"])
                        if "-r" in more:
                            self.assertEqual(counters["expected"], expected, args)
                        for count in ("lost", "lost_permitted", "misrouted", "duplicates", "reordered"):
                            self.assertEqual(integrity[count], 0, (args, more, count))
                        self.assertIn(note, " ".join(result["notes"]))

    def test_connections_go_to_several_urls_in_turns(self):
        config = ('[[listeners]]\ntransport = "any"\nallow_anonymous = "always"\n'
                  '[[listeners]]\naddress = "unix:@DIR@/socket"\n')
        with Broker(config) as broker, Broker() as other:
            port = broker.port
            urls = [f"mqtt://127.0.0.1:{port}", f"ws://127.0.0.1:{port}", "unix://" + broker.path("socket")]
            flags = [word for url in urls for word in ("-u", url)]
            for more in [], ["--processes", "2"]:
                result = self.measure(broker, *flags, "-p", "4", "-s", "3", "-q", "1", "-r", "400",
                                      "--watch-pid", "auto", *more)
                self.assertEqual(result["counters"]["received"], 600)
                self.assertIn({"name": "url", "value": ", ".join(urls)}, result["config"])
                self.assertEqual(result["broker"]["pid"], broker.process.pid)
                # Of seven connections the second and the fifth; counts but one stand behind colons.
                upgrades = result["histograms"]["connect_ws"].split(";")[7].split(",")
                self.assertEqual(sum(int(each.partition(":")[2] or 1) for each in upgrades), 2)
            done = run(*flags, "-u", f"mqtt://127.0.0.1:{other.port}", "--watch-pid", "auto")
            self.assertEqual(done.returncode, 1)
            self.assertIn("the URLs belong to different processes", done.stderr)
            done = run(*flags, "-u", "http://x")
            self.assertIn("'http://x': expected mqtt", done.stderr)

    def test_of_several_addresses_the_one_that_listens_is_taken(self):
        with Broker() as broker, tempfile.NamedTemporaryFile("w") as hosts:
            hosts.write("::1 many\n127.0.0.1 many\n")
            hosts.flush()
            alone = ["unshare", "--mount", "--map-root-user", "sh", "-c",
                     f'mount --bind {hosts.name} /etc/hosts && exec "$@"', "sh"]
            if subprocess.run([*alone, "true"], capture_output=True).returncode != 0:
                self.skipTest("hosts cannot be changed for one process here")
            done = subprocess.run([*alone, TOOL, "--quiet", "-n", "10", "-q", "1", "-u", f"mqtt://many:{broker.port}",
                                   "--allow-invalid"], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_bad_values_name_the_flag_and_show_a_good_one(self):
        for args, text in ((["--rate-per-client", "fast"], "--rate-per-client 10"),
                           (["--rate", "1", "--rate-per-client", "1"], "--rate excludes"),
                           (["--share", "a/b"], "--share workers"),
                           (["preset", "fanout-5-1000-5-250K", "--payload", "8"], "for example --stamp auto"),
                           (["search", "--payload", "8", "-V", "4", "-q", "1"],
                            "without --assert it asks for p99(response)<10ms"),
                           (["--topic", "t/{pub}/{rand:10"], "'{rand:10' is none of {pub}, {run}"),
                           (["--topic", "t/{pub}/{RAND:10}"], "'{RAND:10}' is none of"),
                           (["--topic", "$share/g/{pub}"], "nobody can publish to $share/..."),
                           (["--filter", "bench/{pub}"], "{i} (the subscriber's number)"),
                           (["--topics", "2G"], "--topics: from 1 to 1G"),
                           (["--lag-max", "200"], "--lag-max 200us"),
                           (["-u", "mqtt://me:secret@localhost"], "--user bench --pass secret"),
                           (["--prop", "eu"], "--user-property region=eu"),
                           (["--watch-pid", "ringmqd"], "--watch-pid: a process has a number"),
                           (["--watch-pid", "auto", "-u", "mqtt://127.0.0.1:1"],
                            "--watch-pid auto: nobody listens there"),
                           (["--proxy-protocol", "3"], "--proxy-protocol"),
                           (["--proxy-source", "here"], "--proxy-source 198.18.0.1"),
                           (["-u", "mqtts://localhost:1", "--psk", "00"], "--psk-identity me"),
                           (["--prop", "a=b", "--version", "4"], "only MQTT 5 has them"),
                           (["--cpu-list", "3-1"], "--cpu-list 0,2-3"),
                           (["--cpu-list", "1023"], "core 1023 is not there"),
                           (["--legacy-latency", "all"], "--legacy-latency"),
                           (["--alias", "auto", "--version", "4"], "--version 5 --alias auto"),
                           (["--alias", "on"], "--alias"),
                           (["--topic", "{pub}/{rand}"], "--topic 't/{pub}/{rand:1000}'"),
                           (["--topic", "{pub}/+"], "nobody can publish to wildcards"),
                           (["--topic", "x" * 65534 + "{pub}", "-p", "11"], "65536 bytes"),
                           (["--topics", "0"], "--topics"),
                           (["--filter", "bench/x{i}+"], "nobody can subscribe to 'bench/x{i}+'"),
                           (["--filter", "other/#"], "--filter 'bench/+'"),
                           (["--topics", "9", "--filter", "bench/+/3"], "--filter 'bench/+/+'"),
                           (["pub", "--filter", "#"], "pub has no subscribers"),
                           (["will", "--filter", "#"], "the subscribers of will"),
                           (["rr", "--topics", "2"], "--topics: in rr"),
                           (["retain", "--topic", "{pub}{rand:2}"], "--topic: in retain"),
                           (["pairs", "--topic", "{pub}{rand:2}"], "a level of its own"),
                           (["--percentiles", "50,100"], "--percentiles 50,90,99,99.9"),
                           (["--percentiles", "most"], "'most' does not lie"),
                           (["completion", "tcsh"], "bash")):
            done = run(*args)
            self.assertEqual(done.returncode, 1, args)
            self.assertIn(text, done.stdout + done.stderr)

    def test_percentiles_of_the_tables_are_chosen_now_and_later(self):
        with Broker() as broker, tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, name) for name in ("r.json", "r.html", "r.csv")]
            done = run("--quiet", "-r", "2k", "-u", f"mqtt://127.0.0.1:{broker.port}", "-d",
                       "500ms", "--warmup", "0s", "--allow-invalid", "--percentiles", "80,42.5,80",
                       "--json", paths[0], "--html", paths[1], "--csv-latency", paths[2])
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("\n  p42.5 ", done.stdout)
            self.assertIn("\n  p80 ", done.stdout)
            self.assertNotIn("\n  p75", done.stdout)
            with open(paths[1]) as page, open(paths[2]) as table:
                self.assertIn(">p42.5<", page.read())
                self.assertEqual(table.readline(),
                                 "metric,samples,min_ns,mean_ns,p42.5_ns,p80_ns,max_ns\n")
            again = run("report", paths[0], "--allow-invalid", "--percentiles", "75")
            self.assertIn("\n  p75 ", again.stdout)
            self.assertNotIn("\n  p42.5 ", again.stdout)

    def test_show_config_runs_nothing(self):
        done = run("pubsub", "--qos", "2", "--show-config")
        self.assertEqual(done.returncode, 0)
        self.assertIn("qos=2\n", done.stdout)
        self.assertIn("payload=64\n", done.stdout.replace('"', ""))

    def test_the_manual_page_is_clean_roff(self):
        page = run("man").stdout
        for what in "\\-\\-lag\\-max", "soak", ".SS Measure", "EXIT STATUS":
            self.assertIn(what, page)
        done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-z"], input=page.encode(), capture_output=True)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_shells_learn_commands_and_flags(self):
        script = run("completion", "bash").stdout
        words = ("COMP_WORDS=(mqtt-bench sea); COMP_CWORD=1; _mqtt_bench; echo ${COMPREPLY[@]};"
                 "COMP_WORDS=(mqtt-bench ab --url-); COMP_CWORD=2; _mqtt_bench; "
                 "echo ${COMPREPLY[@]}")
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["bash", "-c", script + words], capture_output=True, text=True,
                                  timeout=60, cwd=folder)
        self.assertEqual(done.stdout, "search\n--url-b\n", done.stderr)
        for words, values in ((["preset", "conn-tcp-1M"], "conn-tcp-1M-5K\n"), (["completion", ""], "bash\nzsh\nfish\n"),
                              (["pubsub", "--engine", "e"], "epoll\n")):
            line = f"COMP_WORDS=(mqtt-bench {' '.join(words[:-1])} '{words[-1]}'); COMP_CWORD={len(words)}; _mqtt_bench; "
            done = subprocess.run(["bash", "-c", script + line + "printf '%s\\n' ${COMPREPLY[@]}"], capture_output=True,
                                  text=True, timeout=60)
            self.assertEqual(done.stdout, values, done.stderr)
        for shell, texts in (("zsh", (":value:(auto io_uring epoll)", "preset) compadd ", "completion) compadd bash zsh fish")),
                             ("fish", ("-l engine -x -a 'auto io_uring epoll'", "completion' -f -a 'bash zsh fish'"))):
            script = run("completion", shell).stdout
            for text in texts:
                self.assertIn(text, script)
            if shutil.which(shell) is not None:
                checked = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True, timeout=60)
                self.assertEqual((checked.returncode, checked.stderr), (0, ""))
        self.assertIn("-l rate-per-client -r", run("completion", "fish").stdout)
        self.assertIn("'--rate-per-client[", run("completion", "zsh").stdout)


if __name__ == "__main__":
    unittest.main()
