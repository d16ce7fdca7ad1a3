# SPDX-License-Identifier: Apache-2.0
"""Debian's mosquitto as a broker for our client and tools, on a free port, stopped by its pid."""
import os
import shutil
import socket
import subprocess
import tempfile
import time


def free_port():
    """Nobody's at present; somebody may take it before we do."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Mosquitto:
    """`config`: lines, or a function that makes them for each try, with ports of free_port()."""

    def __init__(self, config=""):
        self.dir = tempfile.mkdtemp(prefix="ringmq-mosquitto-")
        for _ in range(10):  # Somebody may take the port between the two of us.
            self.port = free_port()
            path = os.path.join(self.dir, "mosquitto.conf")
            with open(path, "w") as file:
                # Its queues are short by default, and what finds no room is dropped in silence.
                file.write(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n"
                           "max_queued_messages 0\nset_tcp_nodelay true\n" +
                           (config() if callable(config) else config))
            self.process = subprocess.Popen(["mosquitto", "-c", path], stdout=subprocess.DEVNULL,
                                            stderr=subprocess.DEVNULL)
            if self._listens():
                return
            self.process.kill()
            self.process.wait()
        raise AssertionError("mosquitto did not start")

    def _listens(self):
        for _ in range(200):
            if self.process.poll() is not None:
                return False
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return True
            time.sleep(0.02)
        return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)
        shutil.rmtree(self.dir, ignore_errors=True)
