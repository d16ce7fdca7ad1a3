#!/usr/bin/python3
"""Compares the tree with .clang-format. `--fix` rewrites what differs.

SPDX-License-Identifier: Apache-2.0
"""

import re
import shutil
import subprocess
import sys

import report
import source


def main():
    options = report.arguments(__doc__.splitlines()[0], ("--fix", {"action": "store_true"}))
    tool = shutil.which("clang-format-14") or shutil.which("clang-format")
    if tool is None:
        print("format: skipped, there is no clang-format here (tools/setup installs it)")
        sys.exit(report.SKIPPED)
    folders = ("src", "include", "tests", "bench", "tools")
    files = [str(options.root / file.path) for file in source.sources(options.root, folders)]
    if not files:
        report.finish("format", [], "0 files")
    mode = ["-i"] if options.fix else ["--dry-run"]
    done = subprocess.run([tool, "--style=file", *mode, *files], capture_output=True, text=True,
                          check=False, cwd=options.root)
    bad = {}
    for match in re.finditer(r"^(.+?):(\d+):\d+: (?:warning|error):", done.stderr, re.M):
        bad.setdefault(match.group(1), match.group(2))
    complaints = [f"{path}:{line}: differs from here on; tools/check/format.py --fix"
                  for path, line in bad.items()]
    if done.returncode != 0 and not complaints:
        complaints = [done.stderr]
    report.finish("format", complaints, f"{len(files)} files")


if __name__ == "__main__":
    main()
