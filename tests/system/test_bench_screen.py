# SPDX-License-Identifier: Apache-2.0
"""mqtt-bench on a terminal: the screen that is drawn in place, and what Ctrl-C does."""
import fcntl
import json
import os
import pty
import re
import shlex
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import unittest

from broker import Broker

TOOLS = os.environ.get("RINGMQ_TOOLS", "build/dev/tools")
LABELS = ["offered", "delivered", "response", "service", "integrity", "errors", "generator",
          "broker"]
HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"
SEQUENCE = re.compile(r"\x1b\[(\??\d*(?:;\d+)*)([A-Za-z])")


class Screen:
    """As much of a terminal as is needed to see what stands there in the end."""

    def __init__(self, rows):
        self.lines, self.row, self.column, self.cursor = [""], 0, 0, True
        self.rows = rows

    def feed(self, text):
        at = 0
        while at < len(text):
            found = SEQUENCE.match(text, at)
            if found:
                self.control(found.group(1), found.group(2))
                at = found.end()
                continue
            self.put(text[at])
            at += 1

    def control(self, number, letter):
        if letter == "A":
            top = max(0, len(self.lines) - self.rows)
            self.row = max(top, self.row - int(number or 1))
        elif letter == "K":
            self.lines[self.row] = self.lines[self.row][:self.column]
        elif letter == "J":
            self.lines[self.row] = self.lines[self.row][:self.column]
            del self.lines[self.row + 1:]
        elif letter in "hl":
            self.cursor = letter == "h"
        elif letter != "m":
            raise AssertionError(f"an unknown sequence: {number}{letter}")

    def put(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.row += 1
            if self.row == len(self.lines):
                self.lines.append("")
        else:
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[:self.column] + character + line[self.column + 1:]
            self.column += 1


class Session:
    """mqtt-bench with a terminal of its own on standard error."""

    def __init__(self, port, *flags, columns=100, rows=30, environment=None, shell=()):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.command = [os.path.join(TOOLS, "mqtt-bench/mqtt-bench"), "-u",
                        f"mqtt://127.0.0.1:{port}", "--allow-invalid", *flags]
        command = list(shell) or self.command
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave if shell else subprocess.PIPE, stderr=slave,
            text=True, start_new_session=True,
            env={**os.environ, "TERM": "xterm", **(environment or {})},
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.text, self.rows = "", rows
        self.watchdog = threading.Timer(60, self.process.kill)
        self.watchdog.start()

    def read(self):
        """More of what is on the terminal; False at its end."""
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.text += data.decode(errors="replace")
        return bool(data)

    def until(self, pattern):
        while not re.search(pattern, self.text):
            if not self.read():
                raise AssertionError(f"no {pattern} in: {self.text[-2000:]}")

    def press(self, key):
        os.write(self.master, key)

    def finish(self):
        while self.read():
            pass
        output = self.process.communicate()[0]
        self.watchdog.cancel()
        os.close(self.master)
        return output

    def screen(self):
        screen = Screen(self.rows)
        screen.feed(self.text)
        return screen


class OnATerminal(unittest.TestCase):
    def setUp(self):
        self.broker = Broker()
        self.addCleanup(self.broker.__exit__, None, None, None)

    def start(self, *flags, **settings):
        return Session(self.broker.port, *flags, **settings)

    def test_the_screen_stands_still_and_leaves_nothing_half_drawn(self):
        session = self.start("-q", "1", "-r", "1k", "-d", "1s", "--warmup", "200ms",
                             "--watch-pid", str(self.broker.process.pid))
        output = session.finish()
        self.assertEqual(session.process.returncode, 0)
        self.assertIn("Configuration", output)
        screen = session.screen()
        self.assertTrue(screen.cursor)
        self.assertGreater(session.text.count(HIDE), 2)
        # However often it was drawn, one block stands.
        lines = screen.lines
        self.assertEqual(len(lines), 11, lines)
        self.assertTrue(lines[0].startswith("pubsub  1 pubs → 1 subs  qos1  64 B"), lines)
        self.assertTrue(lines[1].startswith("done"), lines)
        self.assertEqual([line.split()[0] for line in lines[2:10]], LABELS)
        self.assertEqual(lines[10], "")
        self.assertLess(max(map(len, lines)), 100)
        self.assertIn("lost 0", session.text)
        self.assertIn(f"pid {self.broker.process.pid}", lines[9])
        self.assertIn("\x1b[1m", session.text)

    def test_several_processes_are_shown_as_one(self):
        session = self.start("-p", "2", "-s", "2", "-r", "2k", "-d", "4s", "--warmup", "0s", "--processes", "2",
                             "--watch-pid", str(self.broker.process.pid))
        session.finish()
        lines = session.screen().lines
        self.assertTrue(lines[1].startswith("done"), lines)
        # Of all so far, then of the last second.
        self.assertRegex(lines[4], r"^response +p50 [0-9.]+(µs|ms|s) .*last 1 s p99 [0-9.]+(µs|ms|s)")
        self.assertRegex(lines[5], r"^service +p50 [0-9.]+(µs|ms|s)")
        self.assertIn("lost 0", lines[6])
        self.assertRegex(session.text, r"cpu [0-9.]+ cores")

    def test_a_small_terminal_gets_what_fits(self):
        session = self.start("-r", "1k", "-d", "500ms", columns=40, rows=6)
        session.finish()
        lines = session.screen().lines
        self.assertEqual(len(lines), 6, lines)
        self.assertLess(max(map(len, lines)), 40)

    def test_without_colour_and_without_a_screen(self):
        flags = ["-r", "1k", "-d", "300ms", "--warmup", "1200ms"]
        session = self.start(*flags, environment={"NO_COLOR": "1"})
        session.finish()
        self.assertIn(HIDE, session.text)
        self.assertEqual(re.findall(r"\x1b\[[0-9;]*m", session.text), [])
        for extra, environment in ((["--no-tui"], {}), ([], {"TERM": "dumb"})):
            session = self.start(*flags, *extra, environment=environment)
            session.finish()
            self.assertNotIn("\x1b", session.text)
            self.assertIn("connected 2", session.text)
        session = self.start(*flags, "--quiet")
        session.finish()
        self.assertEqual(session.text, "")

    def test_the_first_ctrl_c_ends_the_run_and_reports(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "result.json")
            session = self.start("-q", "1", "-r", "1k", "-d", "10m", "--warmup", "0s", "--json",
                                 path)
            session.until("measure")
            session.press(b"\x03")
            output = session.finish()
            self.assertEqual(session.process.returncode, 130, output)
            self.assertRegex(output, r"Interrupted: measured for \S+ s instead of 600.0 s")
            self.assertTrue(session.screen().cursor)
            self.assertIn("interrupted", session.text)
            self.assertNotIn("^C", "".join(session.screen().lines))
            with open(path) as file:
                result = json.load(file)
        self.assertTrue(result["interrupted"])
        self.assertEqual(result["integrity"]["lost"], 0)
        self.assertEqual(result["counters"]["received"], result["counters"]["sent"])

    def test_the_second_ctrl_c_ends_at_once(self):
        session = self.start("-q", "1", "-r", "1k", "-d", "10m", "--warmup", "0s", "--drain", "10m")
        session.until("measure")
        self.broker.process.send_signal(signal.SIGSTOP)  # So that nothing is ever drained.
        self.addCleanup(self.broker.process.send_signal, signal.SIGCONT)
        session.press(b"\x03")
        session.until("interrupted; again")
        session.press(b"\x03")
        output = session.finish()
        self.assertEqual(session.process.returncode, -signal.SIGINT)
        self.assertEqual(output, "")
        self.assertTrue(session.screen().cursor)

    def test_a_stopped_run_gives_the_cursor_back(self):
        session = self.start("-r", "1k", "-d", "10m", "--warmup", "0s")
        session.until("measure")
        session.press(b"\x1a")
        os.waitid(os.P_PID, session.process.pid, os.WSTOPPED | os.WNOWAIT)
        while not session.text.endswith(SHOW):
            self.assertTrue(session.read())
        session.process.send_signal(signal.SIGCONT)
        session.until(re.escape(SHOW) + "(?s:.*)" + re.escape(HIDE))
        session.press(b"\x03")
        session.finish()
        self.assertEqual(session.process.returncode, 130)


    def test_in_the_background_the_lines_are_the_shells(self):
        flags = ["-r", "1k", "-d", "40s", "--warmup", "0s"]
        shell = self.start(*flags, shell=["bash", "--norc", "-i"], environment={"PS1": "ready> "})
        shell.until("ready> ")
        shell.press(shlex.join(shell.command).encode() + b"\n")
        shell.until("measure")
        shell.press(b"\x1a")
        shell.until("(?s)Stopped.*ready> ")
        shell.press(b"bg\n")
        shell.until("&\r\n(?s:.*)ready> ")
        resumed = len(shell.text)
        # More than a frame's time, as the load tool itself counts it.
        shell.press(b"sleep 1; echo still mi''ne\n")
        shell.until("still mine")
        self.assertNotIn("\x1b[J", shell.text[resumed:])
        shell.press(b"fg\n")
        foreground = len(shell.text)
        while HIDE not in shell.text[foreground:]:
            self.assertTrue(shell.read())
        # The first frame stands beneath what the shell said: nothing goes up before it.
        self.assertNotRegex(shell.text[resumed:].split(HIDE)[0], r"\x1b\[\d+A")
        shell.press(b"\x03")
        shell.until("(?s)Interrupted.*ready> ")
        shell.press(b"exit\n")
        shell.finish()


class WithoutATerminal(unittest.TestCase):
    def test_sigterm_ends_a_run_that_prints_lines(self):
        with Broker() as broker:
            load = subprocess.Popen(
                [os.path.join(TOOLS, "mqtt-bench/mqtt-bench"), "-u",
                 f"mqtt://127.0.0.1:{broker.port}", "-r", "1k", "-d", "10m", "--warmup", "0s",
                 "--allow-invalid"],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            line = load.stderr.readline()
            self.assertRegex(line, r"^measure +\d+\.\d s  connected 2")
            load.terminate()
            output, _ = load.communicate(timeout=60)
            self.assertEqual(load.returncode, 130)
            self.assertIn("Interrupted: measured for", output)


if __name__ == "__main__":
    unittest.main()
