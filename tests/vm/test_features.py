# SPDX-License-Identifier: Apache-2.0
"""What `ringmqd --features` must find on Debian's kernels, the older of which is the oldest that we support."""
import os
import subprocess
import unittest

# What the broker asks for on every kernel from 6.1 on: were one of them missing, it would run on epoll or worse.
NEEDED = ("io_uring", "single issuer", "deferred task work", "cooperative task work", "submit all", "registered ring",
          "buffer rings", "multishot accept", "multishot receive", "messages between rings", "zero-copy send", "kernel TLS")
NEWER = {"6.12": ("bundled receive (unused)", "minimum wait (unused)")}


class Features(unittest.TestCase):
    def setUp(self):
        done = subprocess.run([os.environ["RINGMQD"], "--features"], capture_output=True, text=True, check=True, timeout=30)
        self.found = dict(line.split("  ", 1) for line in done.stdout.splitlines() if "  " in line)
        self.found = {name: value.strip() for name, value in self.found.items()}
        print(done.stdout)

    def test_the_broker_runs_on_io_uring_with_all_that_it_needs(self):
        self.assertEqual(self.found["backend"], "io_uring")
        self.assertEqual([name for name in NEEDED if self.found.get(name) != "yes"], [])

    def test_what_came_later_is_found_where_it_is_and_nowhere_else(self):
        release = os.uname().release
        for version, names in NEWER.items():
            for name in names:
                expected = "yes" if release.startswith(version + ".") else "no"
                with self.subTest(name=name, release=release):
                    self.assertEqual(self.found[name], expected)


if __name__ == "__main__":
    unittest.main()
