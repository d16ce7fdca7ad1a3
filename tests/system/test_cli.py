# SPDX-License-Identifier: Apache-2.0
"""`ringmq pub|sub|rr` beside mosquitto's tools: both brokers, both directions, every version."""
import itertools
import json
import os
import random
import re
import signal
import subprocess
import threading
import time
import unittest

import certificates
from broker import Broker
from mosquitto import Mosquitto

RINGMQ = os.path.join(os.environ.get("RINGMQ_TOOLS", "build/dev/tools"), "ringmq/ringmq")
VERSIONS, QOS = ("31", "311", "5"), ("0", "1", "2")
ENVIRONMENT = {**os.environ, "XDG_CONFIG_HOME": "/nonexistent", "TZ": "CET-1CEST"}
PROPERTIES = ("-D publish content-type text/plain -D publish correlation-data c17 "
              "-D publish payload-format-indicator 1 -D publish response-topic back/here "
              "-D publish user-property k v -D publish user-property k w").split()


def command(tool, port, *args):
    """`tool` is "ringmq sub" or "mosquitto_sub" and so on."""
    name, *first = tool.split()
    return [RINGMQ if name == "ringmq" else name, *first, "-p", str(port), *args]


def run(tool, port, *args, stdin="", timeout=20):
    done = subprocess.run(command(tool, port, *args), input=stdin.encode(), capture_output=True,
                          timeout=timeout, env=ENVIRONMENT)
    return done.returncode, done.stdout, done.stderr.decode()


class Subscriber:
    """A subscriber in the background. The broker has its subscription when this returns."""

    def __init__(self, tool, port, *args):
        self.process = subprocess.Popen(command(tool, port, *args), stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=ENVIRONMENT)
        self.errors = []
        self.subscribed = threading.Event()
        stream = self.process.stderr if tool.startswith("ringmq") else None
        if stream is not None:
            self.reader = threading.Thread(target=self._read, args=(stream,), daemon=True)
            self.reader.start()
            if not self.subscribed.wait(10):
                raise AssertionError("not subscribed: " + "".join(self.errors))

    def _read(self, stream):
        for line in stream:
            self.errors.append(line.decode())
            if b"subscribed to" in line:
                self.subscribed.set()
        self.subscribed.set()

    def output(self, timeout=10):
        watchdog = threading.Timer(timeout, self.process.kill)
        watchdog.start()
        out = self.process.stdout.read()
        self.process.wait()
        watchdog.cancel()
        self.process.stdout.close()
        if hasattr(self, "reader"):
            self.reader.join(10)
        self.process.stderr.close()
        return out

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        out = self.output()
        return self.process.returncode, out


def listen(tool, port, *args):
    """Either tool as a subscriber that has subscribed: a retained message tells for mosquitto's."""
    if tool.startswith("ringmq"):
        return Subscriber(tool, port, "-d", *args)
    subscriber = Subscriber(tool, port, *args)
    time.sleep(0.25)  # mosquitto_sub says nothing before the first message.
    return subscriber


class OnBothBrokers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.brokers = {"ringmqd": Broker(), "mosquitto": Mosquitto("max_queued_messages 0\n")}

    @classmethod
    def tearDownClass(cls):
        for broker in cls.brokers.values():
            broker.__exit__(None, None, None)

    def each(self, *choices):
        for (name, broker), *rest in itertools.product(self.brokers.items(), *choices):
            with self.subTest(broker=name, choice=rest):
                yield broker.port, *rest


class Interoperation(OnBothBrokers):
    def test_either_tool_reads_what_the_other_publishes(self):
        pairs = ("ringmq pub", "mosquitto_sub"), ("mosquitto_pub", "ringmq sub"), \
                ("ringmq pub", "ringmq sub")
        for port, (pub, sub), version, qos in self.each(pairs, VERSIONS, QOS):
            subscriber = listen(sub, port, "-t", "x/+", "-q", qos, "-V", version, "-C", "2", "-v",
                                "-i", "listener")
            for text in ("one", "two"):
                self.assertEqual(run(pub, port, "-t", "x/y", "-q", qos, "-V", version, "-m", text,
                                     "-i", "speaker")[0], 0)
            self.assertEqual(subscriber.output(), b"x/y one\nx/y two\n")
            self.assertEqual(subscriber.process.returncode, 0)

    def test_lines_of_the_input_become_messages_as_with_mosquitto(self):
        for port, qos in self.each(QOS):
            wanted = [f"line {i}" for i in range(12000)]  # More than is under way at once.
            wanted += ["", "the last one has no end"]
            subscriber = listen("ringmq sub", port, "-t", "lines", "-q", qos, "-F", "%p", "-C",
                                str(len(wanted)))
            code, _, errors = run("ringmq pub", port, "-t", "lines", "-l", "-q", qos,
                                  stdin="\n".join(wanted))
            self.assertEqual((code, errors), (0, ""))
            self.assertEqual(subscriber.output().decode().split("\n")[:-1], wanted)

    def test_lines_are_published_as_they_come(self):
        for port, in self.each():
            subscriber = listen("ringmq sub", port, "-t", "slow")
            publisher = subprocess.Popen(command("ringmq pub", port, "-t", "slow", "-l"),
                                         stdin=subprocess.PIPE, env=ENVIRONMENT)
            for text in (b"first\n", b"second\n"):
                publisher.stdin.write(text)
                publisher.stdin.flush()
                self.assertEqual(subscriber.process.stdout.readline(), text)
            publisher.stdin.close()
            self.assertEqual(publisher.wait(10), 0)
            self.assertEqual(subscriber.stop(), (0, b""))

    def test_files_repetitions_and_empty_payloads(self):
        for port, in self.each():
            subscriber = listen("ringmq sub", port, "-t", "#", "-F", "%l %r", "-q", "1", "-C", "6")
            self.assertEqual(run("ringmq pub", port, "-t", "f", "-f", __file__)[0], 0)
            self.assertEqual(run("ringmq pub", port, "-t", "s", "-s", stdin="a\nb\n")[0], 0)
            self.assertEqual(run("ringmq pub", port, "-t", "n", "-n", "-q", "1")[0], 0)
            begin = time.monotonic()
            self.assertEqual(run("ringmq pub", port, "-t", "m", "-m", "x", "--repeat", "3",
                                 "--repeat-delay", "0.1", "-q", "2")[0], 0)
            self.assertGreaterEqual(time.monotonic() - begin, 0.2)
            self.assertEqual(subscriber.output().decode().splitlines(),
                             [f"{os.path.getsize(__file__)} 0", "4 0", "0 0"] + ["1 0"] * 3)

    def test_large_payloads_pass(self):
        for port, qos in self.each(QOS):
            size = 8 << 20
            subscriber = listen("ringmq sub", port, "-t", "big", "-q", qos, "-F", "%l", "-C", "1")
            code, _, errors = run("ringmq pub", port, "-t", "big", "-q", qos, "-s",
                                  stdin="x" * size)
            if errors:  # A broker may have a limit; then it must be said.
                self.assertIn("too large", errors)
                self.assertNotEqual(code, 0)
                subscriber.stop()
            else:
                self.assertEqual(subscriber.output(), f"{size}\n".encode())

    def test_requests_are_answered_by_either_tool(self):
        for port, version in self.each(("311", "5")):
            responder = listen("ringmq sub", port, "-t", "ask", "-C", "1")
            asker = subprocess.Popen(
                command("ringmq rr", port, "-t", "ask", "-e", "answer", "-m", "q", "-V", version,
                        "-W", "10", "-v"), stdout=subprocess.PIPE, env=ENVIRONMENT)
            self.assertEqual(responder.output(), b"q\n")
            self.assertEqual(run("mosquitto_pub", port, "-t", "answer", "-m", "a")[0], 0)
            self.assertEqual(asker.communicate(timeout=10)[0], b"answer a\n")
            self.assertEqual(asker.returncode, 0)

    def test_mosquittos_requests_are_answered(self):
        for port, in self.each():
            responder = listen("ringmq sub", port, "-t", "ask", "-C", "1", "-V", "5", "-F", "%R %p")
            asker = subprocess.Popen(command("mosquitto_rr", port, "-t", "ask", "-e", "answer",
                                             "-m", "q", "-W", "10"),
                                     stdout=subprocess.PIPE, env=ENVIRONMENT)
            topic, question = responder.output().decode().split()
            self.assertEqual(run("ringmq pub", port, "-t", topic, "-m", question + "!")[0], 0)
            self.assertEqual(asker.communicate(timeout=10)[0], b"q!\n")

    def test_answers_to_others_are_not_ours(self):
        for port, in self.each():
            responder = listen("ringmq sub", port, "-t", "ask", "-C", "1", "-V", "5", "-F",
                               "%R %D")
            asker = subprocess.Popen(command("ringmq rr", port, "-t", "ask", "-m", "q", "-W", "10"),
                                     stdout=subprocess.PIPE, env=ENVIRONMENT)
            topic, correlation = responder.output().decode().split()
            for data in "somebody-else", correlation:
                run("mosquitto_pub", port, "-V", "5", "-t", topic, "-m", "for " + data, "-D",
                    "publish", "correlation-data", data)
            self.assertEqual(asker.communicate(timeout=10)[0], f"for {correlation}\n".encode())


class Formats(OnBothBrokers):
    """What -F prints is what mosquitto_sub prints for the same message."""

    def both(self, port, formats, *pub, extra=()):
        """Publishes once; what the two tools print for the formats, one line for each message."""
        args = ("-t", "f/#", "-q", "2", "-V", "5", "-C", "1", "-F", formats, *extra)
        theirs, ours = (listen(tool, port, *args) for tool in ("mosquitto_sub", "ringmq sub"))
        self.assertEqual(run("mosquitto_pub", port, "-t", "f/topic", "-V", "5", *pub)[0], 0)
        return theirs.output(), ours.output()

    def test_many_random_formats_agree(self):
        dice = random.Random(7)
        payloads = (["-m", "hello"], ["-n"], ["-m", "h\u00e9\t{}"], ["-m", "x" * 40])
        for port, payload, properties in self.each(payloads, ([], PROPERTIES)):
            sequences = []
            for _ in range(150):
                flags = dice.choice(("", "-")) + dice.choice(("", "0"))
                width = dice.choice(("", str(dice.randrange(1, 30))))
                cut = dice.choice(("", "." + str(dice.randrange(0, 9))))
                sequences.append("%" + flags + width + cut + dice.choice("%ACDEFlmPpqRrStxX"))
            theirs, ours = self.both(port, "[" + "][".join(sequences) + "]", *payload,
                                     "-q", dice.choice(QOS), *properties)
            for sequence, a, b in zip(sequences, theirs.split(b"]["), ours.split(b"][")):
                self.assertEqual(a, b, sequence)
            self.assertEqual(theirs, ours)

    def test_times_and_escapes_agree(self):
        for port, in self.each():
            text = r"\\ \a\e\n\r\t\v\0 @@ @Y-@m-@d @H @Z @z @j %% |"
            theirs, ours = self.both(port, text, "-m", "x")
            self.assertEqual(theirs, ours)
            now = time.time()
            theirs, ours = self.both(port, "%I %30I %U @s.@N", "-m", "x")
            for line in theirs, ours:
                found = re.fullmatch(rb"(\S+) +(\S+) (\d+\.\d{9}) (\d+)\.\d{9}\n", line)
                self.assertTrue(found, line)
                self.assertRegex(found[1], rb"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+]0[12]00$")
                self.assertAlmostEqual(float(found[3]), now, delta=5)

    def test_json_agrees(self):
        def parsed(line):
            pairs = json.loads(line, object_pairs_hook=lambda pairs: sorted(pairs, key=repr))
            return [(key, value) for key, value in pairs if key != "tst"]

        payloads = "text \"quoted\" \\ \t \u00e9", "", '{"a": [1, 2.5, {}, "\u00e9"], "b": null}'
        for port, payload, properties in self.each(payloads, ([], PROPERTIES)):
            for letter in "jJ" if payload[:1] in "{" else "j":
                message = ["-m", payload] if payload else ["-n"]
                for extra in (), ("--pretty",):
                    theirs, ours = self.both(port, "%" + letter, *message, "-q", "1", *properties,
                                             extra=extra)
                    self.assertEqual(parsed(theirs), parsed(ours))
                    self.assertEqual(theirs.count(b"\n"), ours.count(b"\n"))
                    self.assertRegex(ours, rb'"tst":\t?"[-0-9]+T[:0-9]+\.\d{6}Z[+]0[12]00"')

    def test_payload_that_is_not_json_is_left_out_and_named(self):
        for port, in self.each():
            theirs, ours = self.both(port, "<%J>", "-m", "no json")
            self.assertEqual((theirs, ours), (b"<>\n", b"<>\n"))

    def test_without_a_format_empty_payloads_print_what_mosquitto_prints(self):
        for port, flags in self.each(((), ("-v",), ("-N",), ("-v", "-N"))):
            args = ("-t", "e", "-C", "3", *flags)
            theirs, ours = (listen(tool, port, *args) for tool in ("mosquitto_sub", "ringmq sub"))
            for message in ("-m", "a"), ("-n",), ("-m", "b"):
                run("mosquitto_pub", port, "-t", "e", *message)
            self.assertEqual(theirs.output(), ours.output())


class Behaviour(OnBothBrokers):
    def test_exit_codes(self):
        for port, in self.each():
            for wanted, tool, *args in (
                    (0, "ringmq pub", "-t", "a", "-n"),
                    (1, "ringmq pub", "-t", "a"),
                    (1, "ringmq sub", "-t", "a#"),
                    (2, "ringmq pub", "-p", "1", "-t", "a", "-n"),
                    (2, "ringmq sub", "--unix", "/no/such/socket", "-t", "a"),
                    (4, "ringmq pub", "-t", "a", "-f", "/no/such/file"),
                    (5, "ringmq sub", "-t", "a", "--tls-engine", "x"),
                    (27, "ringmq sub", "-t", "a", "-W", "0.2"),
                    (27, "ringmq rr", "-t", "a", "-n", "-W", "0.2")):
                code, out, errors = run(tool, port, *args)
                self.assertEqual((code, out), (wanted, b""), (args, errors))
                self.assertEqual(errors != "", wanted != 0)
                if wanted not in (0, 1):
                    self.assertEqual(run(tool, port, "--quiet", *args), (wanted, b"", ""))

    def test_a_plain_listener_is_not_taken_for_one_of_tls_without_a_word(self):
        for port, in self.each():
            code, out, errors = run("ringmq pub", port, "-t", "a", "-n", "--cafile", certificates.authority())
            self.assertEqual(out, b"")
            self.assertNotEqual(code, 0)
            self.assertIn("may not speak TLS at this port", errors)

    def test_signals_leave_in_good_order(self):
        for port, number in self.each((signal.SIGINT, signal.SIGTERM)):
            watch = listen("ringmq sub", port, "-t", "will")
            subscriber = listen("ringmq sub", port, "-t", "x", "--will-topic", "will",
                                "--will-payload", "vanished")
            self.assertEqual(subscriber.stop(number), (0, b""))
            time.sleep(0.2)
            self.assertEqual(watch.stop(), (0, b""), "a will was sent, so DISCONNECT was not")

    def test_a_signal_is_heard_in_a_flood(self):
        for port, in self.each():
            subscriber = listen("ringmq sub", port, "-t", "flood", "--random-filter", "0.1")
            flood = subprocess.Popen(command("mosquitto_pub", port, "-t", "flood", "-l"),
                                     stdin=subprocess.PIPE, env=ENVIRONMENT)
            flood.stdin.write(b"x\n" * 200_000)
            begin = time.monotonic()
            self.assertEqual(subscriber.stop()[0], 0)
            self.assertLess(time.monotonic() - begin, 2)
            flood.kill()
            flood.wait()
            flood.stdin.close()

    def test_a_reader_that_leaves_ends_it_quietly(self):
        for port, in self.each():
            subscriber = listen("ringmq sub", port, "-t", "x")
            subscriber.process.stdout.close()
            for _ in range(2):
                run("ringmq pub", port, "-t", "x", "-m", "m")
            self.assertEqual(subscriber.process.wait(10), 0)
            self.assertNotIn("Broken", "".join(subscriber.errors))

    def test_retained_messages_are_chosen_skipped_and_removed(self):
        for port, in self.each():
            for topic in "r/1", "r/2":
                run("ringmq pub", port, "-t", topic, "-m", topic, "-r", "-q", "1")
            lines = run("ringmq sub", port, "-t", "r/#", "-C", "2", "-F", "%t %r")[1]
            self.assertEqual(sorted(lines.split(b"\n")), [b"", b"r/1 1", b"r/2 1"])
            self.assertEqual(run("ringmq sub", port, "-t", "r/#", "-R", "-W", "0.3")[:2], (27, b""))
            only = listen("ringmq sub", port, "-t", "r/#", "--retained-only", "-T", "r/2")
            run("ringmq pub", port, "-t", "r/9", "-m", "fresh")
            self.assertEqual(only.output(), b"r/1\n")
            removed = run("ringmq sub", port, "-t", "r/#", "-T", "r/2", "--remove-retained",
                          "-C", "1")
            self.assertEqual(removed[:2], (0, b"r/1\n"))
            self.assertEqual(run("mosquitto_sub", port, "-t", "r/#", "-C", "1")[1], b"r/2\n")
            run("ringmq pub", port, "-t", "r/2", "-n", "-r", "-q", "1")

    def test_sessions_keep_what_was_not_printed(self):
        for port, version, qos in self.each(("311", "5"), ("1", "2")):
            same = "-t", "s", "-q", qos, "-V", version, "-c", "-i", "keeper"
            self.assertEqual(run("ringmq sub", port, *same, "-E")[0], 0)
            for text in "one", "two", "three":
                run("ringmq pub", port, "-t", "s", "-m", text, "-q", qos)
            for text in b"one\n", b"two\n", b"three\n":
                self.assertEqual(run("ringmq sub", port, *same, "-C", "1", "-W", "5")[:2],
                                 (0, text))
            run("ringmq sub", port, "-t", "s", "-i", "keeper", "-V", version, "-E")

    def test_unsubscribing_stops_a_session_from_collecting(self):
        for port, in self.each():
            same = "-c", "-i", "keeper", "-q", "1"
            self.assertEqual(run("ringmq sub", port, *same, "-t", "u", "-E")[0], 0)
            self.assertEqual(run("ringmq sub", port, *same, "-U", "u", "-E")[0], 0)
            run("ringmq pub", port, "-t", "u", "-m", "x", "-q", "1")
            self.assertEqual(run("ringmq sub", port, *same, "-t", "other", "-W", "0.3")[:2],
                             (27, b""))

    def test_properties_arrive(self):
        for port, in self.each():
            subscriber = listen("ringmq sub", port, "-V", "5", "-t", "p", "-C", "1", "-F",
                                "%C|%D|%F|%R|%P|%E", "-D", "subscribe", "subscription-identifier",
                                "9")
            run("ringmq pub", port, "-t", "p", "-m", "x", *PROPERTIES, "-D", "publish",
                "message-expiry-interval", "50")
            self.assertEqual(subscriber.output(), b"text/plain|c17|1|back/here|k:v k:w|50\n")

    def test_urls_say_it_all(self):
        for port, in self.each():
            subscriber = listen("ringmq sub", 1, "-L", f"mqtt://127.0.0.1:{port}/url/#", "-C", "1")
            self.assertEqual(run("ringmq pub", 1, "-L", f"mqtt://127.0.0.1:{port}/url/1", "-m",
                                 "x")[0], 0)
            self.assertEqual(subscriber.output(), b"x\n")


class Refusals(unittest.TestCase):
    def test_the_reason_of_the_server_is_the_exit_code(self):
        with Mosquitto("password_file /dev/null\nallow_anonymous false\n") as broker:
            for version in ("311", "5"):
                code, out, errors = run("ringmq pub", broker.port, "-t", "a", "-n", "-V", version)
                self.assertEqual((code, out), (135, b""))
                self.assertIn("not authorized", errors)

    def test_a_refused_publish_is_an_error(self):
        with Broker() as broker:
            code, _, errors = run("ringmq pub", broker.port, "-t", "$SYS/x", "-m", "x", "-q", "1",
                                  "-V", "5")
            self.assertGreaterEqual(code, 128, errors)
            self.assertIn("not delivered", errors)


class Documents(unittest.TestCase):
    def test_manual_pages_are_clean_roff(self):
        for page in "pub", "sub", "rr", None:
            text = subprocess.run([RINGMQ, "man", *([page] if page else [])], capture_output=True,
                                  check=True).stdout
            done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-z"], input=text,
                                  capture_output=True)
            self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_bash_completes(self):
        script = subprocess.run([RINGMQ, "completion", "bash"], capture_output=True, text=True,
                                check=True).stdout
        for words, wanted in (("ringmq s", "sub"), ("ringmq rr --resp", "--response-topic"),
                              ("ringmq pub -V mqttv5", "mqttv5"), ("ringmq man r", "rr")):
            count = len(words.split()) - 1
            done = subprocess.run(
                ["bash", "-c", script + f"COMP_WORDS=({words}); COMP_CWORD={count}; _ringmq\n"
                 'echo "${COMPREPLY[@]}"'], capture_output=True, text=True)
            self.assertEqual((done.stdout.strip(), done.stderr), (wanted, ""))


if __name__ == "__main__":
    unittest.main()
