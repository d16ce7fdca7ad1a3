#!/usr/bin/python3
"""Checks that includes go left only: each folder includes what layers.txt allows it, nothing else.

SPDX-License-Identifier: Apache-2.0
"""

import collections
import fnmatch

import report
import source

OURS = ("include base reactor transport codec session routing mesh store broker client measure "
        "report load").split()
C_HEADERS = {"assert.h", "errno.h", "inttypes.h", "limits.h", "math.h", "stdbool.h", "stddef.h",
             "stdint.h", "stdio.h", "stdlib.h", "string.h", "stdarg.h", "immintrin.h", "endian.h"}


def read_table(path):
    groups, rows = collections.defaultdict(list), []
    for line in path.read_text().splitlines():
        if line.startswith("group "):
            _, name, *headers = line.split()
            groups[name] += headers
        elif line.strip() and not line.startswith("#"):
            files, ours, others = (part.strip() for part in line.split(":"))
            rows.append((files, ours.split(), others.split()))
    return groups, rows


def belongs(header, prefixes):
    return any(header == prefix or (prefix.endswith(("/", "-")) and header.startswith(prefix))
               for prefix in prefixes)


def folder_of(included):
    """The folder of ours that an include in quotes names, or None."""
    first = included.split("/")[0]
    if first == "ringmq":
        return "include"
    return first if first in OURS and "/" in included else None


def complaint(file, included, row, groups):
    """Why this file may not include that, or None."""
    _, ours, others = row
    parts = file.path.split("/")
    own = "include" if parts[0] == "include" else parts[1]
    header = included[1:-1]
    folder = folder_of(header)
    if folder:
        allowed = folder == own or folder in ours
        return None if allowed else f"{own} may not include {folder} (only {' '.join(ours) or '-'})"
    if parts[0] == "tools" and included[0] == '"' and "/" not in header:
        return None
    for name, prefixes in groups.items():
        if belongs(header, prefixes):
            allowed = name in others or header in others
            return None if allowed else f"{name} is not for {row[0]}"
    if header in others or header in C_HEADERS or ("." not in header and "/" not in header):
        return None
    return "unknown to tools/check/layers.txt"


def main():
    options = report.arguments(__doc__.splitlines()[0])
    groups, rows = read_table(report.HERE / "layers.txt")
    complaints, files = [], 0
    for file in source.sources(options.root, ("include", "src", "tools")):
        files += 1
        fitting = [row for row in rows if fnmatch.fnmatch(file.path, row[0])]
        if not fitting:
            complaints.append(f"{file.path}:1: no row of tools/check/layers.txt fits")
            continue
        for line, included in file.includes:
            why = complaint(file, included, fitting[-1], groups)
            if why:
                complaints.append(f"{file.path}:{line}: {included}: {why}")
    report.finish("layers", complaints, f"{files} files")


if __name__ == "__main__":
    main()
