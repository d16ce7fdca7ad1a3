#!/usr/bin/python3
"""Lets systemd read systemd/ringmqd.service: is it right, and is it as locked up as we think?

SPDX-License-Identifier: Apache-2.0
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import report

# Of 10, where 10 is a service with every right there is; the present unit stands well below.
EXPOSURE_MAX = 2.0
UNIT = "systemd/ringmqd.service"


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True,
                          check=False)


def verified(unit, folder):
    """Complaints about the unit, read as if its program and its user were installed."""
    text = re.sub(r"(?m)^(ExecStart\w*=)\S+", r"\1/bin/true", unit.read_text())
    copy = pathlib.Path(folder) / unit.name
    copy.write_text(text)
    done = analyze("verify", "--man=no", str(copy))
    # Other units of the machine are not ours to judge.
    return [f"{UNIT}:1: {line}" for line in done.stderr.splitlines() if unit.stem in line]


def exposed(unit):
    done = analyze("security", "--offline=true", "--no-pager", str(unit))
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    if not found:
        return [f"{UNIT}:1: systemd-analyze security says nothing: {done.stderr.strip()}"]
    if float(found.group(1)) > EXPOSURE_MAX:
        return [f"{UNIT}:1: exposure {found.group(1)}, allowed {EXPOSURE_MAX}"]
    return []


def main():
    options = report.arguments(__doc__.splitlines()[0])
    if shutil.which("systemd-analyze") is None:
        print("systemd: skipped, there is no systemd-analyze here")
        sys.exit(report.SKIPPED)
    unit = options.root / UNIT
    with tempfile.TemporaryDirectory() as folder:
        complaints = verified(unit, folder) + exposed(unit)
    report.finish("systemd", complaints, "1 unit")


if __name__ == "__main__":
    main()
