# SPDX-License-Identifier: Apache-2.0
"""The commands of mqtt-bench that do more than publish and subscribe, against ringmqd and mosquitto."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import certificates
from broker import Broker
from mosquitto import Mosquitto

BENCH = os.path.join(os.environ.get("RINGMQ_TOOLS", "build/dev/tools"), "mqtt-bench/mqtt-bench")
WRONG = "lost", "duplicates", "corrupt", "misrouted", "wrong_qos"


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker()
        cls.addClassCleanup(cls.broker.__exit__, None, None, None)

    def measure(self, *args, code=0, url=None):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "result.json")
            done = subprocess.run([BENCH, "--quiet", *args, "-u",
                                   url or f"mqtt://127.0.0.1:{self.broker.port}", "--allow-invalid",
                                   "--json", path], capture_output=True, text=True, timeout=100)
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            with open(path) as file:
                result = json.load(file)
        for name in WRONG:
            self.assertEqual(result["integrity"][name], 0, name)
        return result

    def test_request_and_response(self):
        for version in "4", "5":
            result = self.measure("rr", "-p", "4", "-s", "2", "-q", "1", "-r", "2k", "-d", "500ms",
                                  "--warmup", "0s", "-V", version)
            self.assertEqual(result["counters"]["received"], 1000)

    def test_a_number_of_messages(self):
        result = self.measure("pubsub", "-n", "2k", "-q", "1", "--payload", "64-4k")
        self.assertEqual(result["counters"]["received"], 2000)

    def test_connections_that_come_and_go(self):
        for flags in ([], ["--abrupt"]):
            result = self.measure("churn", "-c", "20", "--churn", "1000%/s", "--filter", "own/{i}", "-p", "2", "-s", "2", "-q", "1",
                                  "-r", "1k", "-d", "1s", "--warmup", "0s", "--assert", "connects_per_s>100",
                                  "--assert", "connects_failed==0", *flags)
            self.assertEqual(result["counters"]["received"], 2000)
            self.assertEqual(result["scalars"]["connects_offered_per_s"], 200)
            self.assertIn("suback", result["histograms"])

    def test_only_connections_that_come_and_go(self):
        with Mosquitto() as broker:
            for url in None, f"mqtt://127.0.0.1:{broker.port}":
                result = self.measure("churn", "-c", "20", "--churn", "300/s", "-d", "1s", "--warmup", "0s", url=url)
                self.assertEqual(result["scalars"]["connects_offered_per_s"], 300)
                self.assertEqual(result["counters"]["sent"], 0)

    def test_retained_messages(self):
        with Mosquitto() as broker:
            for url in None, f"mqtt://127.0.0.1:{broker.port}":
                for qos in "0", "1", "2":
                    result = self.measure("retain", "-n", "2k", "-p", "2", "-s", "3", "-q", qos, "--topic", "a/{pub}/b", "--assert",
                                          "retained_per_s>10", "--assert", "max(last)<50s", url=url)
                    self.assertEqual(result["counters"]["received"], 6000)
                    self.assertEqual(result["integrity"]["lost_permitted"], 0)
                # Nothing was left over.
                result = self.measure("retain", "-n", "1", "--topic", "a/{pub}/b", url=url)
                self.assertEqual(result["integrity"]["foreign"], 0)

    def test_queues_of_sessions(self):
        with Mosquitto() as broker:
            for url in None, f"mqtt://127.0.0.1:{broker.port}":
                for flags in ["-V", "4"], ["-q", "2"], ["--rate", "5k"]:
                    result = self.measure("session", "-n", "1k", "-p", "2", "-s", "3", *flags, "--assert", "sessions_lost==0", "--assert",
                                          "drained_all_s<50s", url=url)
                    self.assertEqual(result["counters"]["received"], 3000)
                    self.assertEqual(result["integrity"]["reordered"], 0)

    def test_a_full_queue_is_loss_with_a_hint(self):
        with Mosquitto("max_queued_messages 50\n") as broker:
            command = [BENCH, "session", "-n", "300", "--drain", "1s", "-u", f"mqtt://127.0.0.1:{broker.port}", "--quiet",
                       "--allow-invalid", "--assert", "loss==0"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 4, done.stdout + done.stderr)
        self.assertIn("max_queued_messages", done.stdout)
        self.assertRegex(done.stdout, r"lost +2\d\d\n")

    def test_storms(self):
        with Mosquitto() as broker:
            for url in None, f"mqtt://127.0.0.1:{broker.port}":
                result = self.measure("conn", "-c", "300", "--storm", "-d", "100ms", "--assert", "connected_all_s<60s", url=url)
                self.assertEqual(result["connections"], 300)
                self.assertGreater(result["scalars"]["reconnects_per_s"], 0)

    def test_wills(self):
        with Mosquitto() as broker:
            for url in None, f"mqtt://127.0.0.1:{broker.port}":
                result = self.measure("will", "-c", "50", "--churn", "500/s", "-s", "2", "--assert", "wills_early==0", "--assert",
                                      "max(will)<50s", url=url)
                self.assertEqual(result["counters"]["received"], 100)
        result = self.measure("will", "-c", "20", "--churn", "500/s", "--will-delay", "1s", "-q", "2")
        self.assertEqual(result["scalars"]["wills_early"], 0)
        self.assertGreaterEqual(int(result["histograms"]["will"].split(";")[1]), 10**9)

    def test_flags_that_are_wrong_are_named(self):
        for flags in (["churn", "--churn", "often"], ["churn", "-c", "0"], ["session", "-q", "0"],
                      ["session", "--expiry", "soon"], ["retain", "-r", "5"], ["retain", "-s", "0"],
                      ["will", "--will-delay", "1.5s"], ["will", "--will-delay", "2s", "-V", "4"], ["will", "-s", "0"],
                      ["conn", "--storm", "--ramp", "5/s"]):
            done = subprocess.run([BENCH, *flags], capture_output=True, text=True, timeout=30)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertRegex(done.stderr, "--[a-z-]+: .*; for example --")

    def test_every_transport(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "mqtt.sock")
            config = ('[[listeners]]\nport = 0\ntls = "optional"\ntransport = "any"\n' + certificates.listener_keys() +
                      f'[[listeners]]\naddress = "unix:{path}"\n')
            with Broker(config=config) as broker:
                ca = "--ca", certificates.authority()
                for url, steps in ((f"mqtts://localhost:{broker.port}", {"connect_tls"}),
                                   (f"ws://localhost:{broker.port}", {"connect_ws"}),
                                   (f"wss://localhost:{broker.port}/mqtt", {"connect_tls", "connect_ws"}),
                                   (f"unix://{path}", set())):
                    for qos in "0", "2":
                        with self.subTest(url=url, qos=qos):
                            result = self.measure("pairs", "-p", "3", "-q", qos, "-n", "600", "--payload", "64-9k", *ca,
                                                  url=url)
                            self.assertEqual(result["counters"]["received"], 600)
                            seen = {name for name in ("connect_tls", "connect_ws") if name in result["histograms"]}
                            self.assertEqual(seen, steps)

    def test_tls_is_verified_and_says_what_is_wrong(self):
        with Broker(config='[[listeners]]\ntls = "required"\n' + certificates.listener_keys()) as broker:
            url = f"mqtts://localhost:{broker.port}"
            command = [BENCH, "conn", "-c", "2", "-d", "100ms", "--drain", "1s"]
            for flags, line in ((["-u", url, "--ca", certificates.authority("another")], "unknown authority"),
                                (["-u", url, "--ca", "/none.pem"], "/none.pem"),
                                (["-u", "http://x"], "expected mqtt, mqtts")):
                done = subprocess.run([*command, *flags], capture_output=True, text=True, timeout=30)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(line, done.stdout + done.stderr)
            done = subprocess.run([*command, "-u", url, "--insecure", "--quiet"], capture_output=True, timeout=30)
            self.assertEqual(done.returncode, 0, done)

    def test_each_client_has_a_certificate_of_its_own(self):
        config = ('[[listeners]]\ntls = "required"\ntls_client_certificates = "required"\nidentity = "certificate_cn"\n'
                  f'identity_as = "client_id"\ntls_ca_file = "{certificates.authority()}"\n' + certificates.listener_keys())
        with tempfile.TemporaryDirectory() as folder, Broker(config=config) as broker:
            for i in range(3):
                for kind, file in zip(("cert", "key"), certificates.issued(f"device{i}")):
                    shutil.copy(file, os.path.join(folder, f"{kind}{i}.pem"))
            command = [BENCH, "conn", "-u", f"mqtts://localhost:{broker.port}", "--ca", certificates.authority(), "--cert",
                       os.path.join(folder, "cert{i}.pem"), "--key", os.path.join(folder, "key{i}.pem"), "-d", "100ms"]
            # A listener that takes the name as client identifier lets in only who claims his own.
            done = subprocess.run([*command, "-c", "3", "--client-id", "device{i}"], capture_output=True, text=True, timeout=30)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            done = subprocess.run([*command, "-c", "4", "--client-id", "device{i}"], capture_output=True, text=True, timeout=30)
            self.assertEqual(done.returncode, 2, done.stdout + done.stderr)

    def test_idle_connections_outlive_their_keep_alive(self):
        result = self.measure("idle", "-c", "20", "--keepalive", "1", "-d", "4s")
        self.assertEqual(result["errors"]["connect_errors"], {})
        self.assertEqual(result["connections"], 20)

    def test_two_brokers_in_turns(self):
        with Broker() as other:
            command = [BENCH, "ab", "-u", f"mqtt://127.0.0.1:{self.broker.port}", "--url-b", f"mqtt://127.0.0.1:{other.port}",
                       "--scenario", "pairs", "-d", "100ms", "--warmup", "0s", "--pairs", "5", "--allow-invalid"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=100)
        self.assertIn(done.returncode, (0, 4), done.stderr)  # On a busy machine two equals may differ.
        self.assertEqual(done.stderr.count(" A "), 6)
        self.assertEqual(done.stderr.count(" B "), 6)
        self.assertRegex(done.stdout, r"received per s .* (B is (better|worse|equivalent)|cannot tell)")
        failed = subprocess.run([BENCH, "ab", "-d", "100ms"], capture_output=True, text=True, timeout=20)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("--url-b", failed.stderr)

    def test_doctor(self):
        done = subprocess.run([BENCH, "doctor", "-c", "10"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, "(?m)^ok +descriptors ")
        done = subprocess.run([BENCH, "doctor", "-c", "4000000000"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 3, done.stdout)
        self.assertRegex(done.stdout, "(?m)^too low descriptors .*\n.*4000000000 are wanted\n +-> ulimit -Hn")

    def test_results_side_by_side(self):
        with tempfile.TemporaryDirectory() as folder:
            paths = {name: [os.path.join(folder, f"{name}{i}.json") for i in range(5)] for name in "ab"}
            for path in paths["a"] + paths["b"]:
                subprocess.run([BENCH, "pairs", "-u", f"mqtt://127.0.0.1:{self.broker.port}", "-n", "200", "--quiet",
                                "--allow-invalid", "--json", path], capture_output=True, check=True, timeout=60)
            for path in paths["b"]:
                with open(path) as file:
                    result = json.load(file)
                result["rates"]["received_per_s"] /= 1000
                with open(path, "w") as file:
                    json.dump(result, file)
            done = subprocess.run([BENCH, "compare", "--allow-invalid", *paths["a"], "--with", *paths["b"]],
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 4, done.stderr)
            self.assertRegex(done.stdout, "received per s .* B is worse")
            done = subprocess.run([BENCH, "compare", "--allow-invalid", paths["a"][0], paths["b"][0]], capture_output=True,
                                  text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("cannot tell: fewer than 5 runs", done.stdout)
            with open(paths["a"][0]) as file:
                late = json.load(file)
            late["verdict"] = {"kind": "generator_limited", "text": "INVALID, generator-limited (late)"}
            with open(paths["a"][0], "w") as file:
                json.dump(late, file)
            done = subprocess.run([BENCH, "compare", *paths["a"], "--with", *paths["b"]], capture_output=True, text=True,
                                  timeout=60)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertRegex(done.stdout, r"^\d+ of 10 runs are INVALID: nothing is concluded")
            self.assertNotIn("B is", done.stdout)
            self.assertEqual(subprocess.run([BENCH, "compare", paths["a"][0]], capture_output=True, timeout=60).returncode, 1)


if __name__ == "__main__":
    unittest.main()
