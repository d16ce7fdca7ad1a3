# SPDX-License-Identifier: Apache-2.0
"""Starts the real ringmqd on a port of the kernel's choice, and stops it by its pid."""
import os
import re
import shutil
import subprocess
import tempfile
import threading

import transport

BINARY = os.environ.get("RINGMQD", "build/dev/tools/ringmqd/ringmqd")
THREADS = os.environ.get("RINGMQ_THREADS", "2")
SANITIZED = "ERROR: AddressSanitizer", "runtime error:", "WARNING: ThreadSanitizer", "check failed"


class Broker:
    """As a context: `with Broker(config="[mqtt]\\n...") as broker: broker.port`."""

    def __init__(self, config=None, args=(), files=None, threads=THREADS):
        self.dir = tempfile.mkdtemp(prefix="ringmq-system-")
        for name, text in (files or {}).items():
            with open(os.path.join(self.dir, name), "w") as file:
                file.write(text)
            os.chmod(os.path.join(self.dir, name), 0o600)
        command = [os.path.abspath(BINARY), "-p", "0", "--threads", str(threads), *args]
        config = transport.broker_config(config)
        if config is not None:
            path = os.path.join(self.dir, "ringmqd.toml")
            with open(path, "w") as file:
                file.write(config.replace("@DIR@", self.dir))
            command += ["-c", path]
        self.lines, self.ready, self.port = [], threading.Event(), None
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, errors="replace", cwd=self.dir)
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        if not self.ready.wait(30) or self.port is None:
            self.process.kill()
            raise AssertionError("ringmqd did not start:\n" + self.log())
        transport.remember(self.port, self.dir)

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line)
                self.changed.notify_all()
            found = re.search(r"listening on \S*:(\d+)", line)
            if found and self.port is None:
                self.port = int(found.group(1))
                self.ready.set()
        self.ready.set()
        with self.changed:
            self.changed.notify_all()

    def wait_for_line(self, pattern, timeout=10, count=1):
        """Until `count` lines have the pattern."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.count_lines(pattern) >= count, timeout):
                raise AssertionError(f"no {count} lines '{pattern}' in:\n" + self.log())

    def count_lines(self, pattern):
        return sum(1 for line in self.lines if re.search(pattern, line))

    def log(self):
        return "".join(self.lines)

    def path(self, name):
        return os.path.join(self.dir, name)

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * 4096

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """SIGTERM; returns the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(timeout=30)
        self.reader.join(timeout=10)
        self.process.stdout.close()
        shutil.rmtree(self.dir, ignore_errors=True)
        for words in SANITIZED:
            if words in self.log():
                raise AssertionError(self.log())
        return code

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        code = self.stop()
        if kind is None and code != 0:
            raise AssertionError(f"exit code {code}:\n" + self.log())
