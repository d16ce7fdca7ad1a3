#!/usr/bin/python3
"""Keeps files, functions, lines and nesting small: at most 600, 60, 100 characters and 4 deep.

A function counts from the line its signature starts on to its closing brace; a function's nesting
is that of its control blocks, a lambda counting as a function of its own. What was longer when it
came stands in exemptions.txt with its length, which may only shrink: `--update` lowers the numbers
and drops what is no longer needed, and never raises one.

SPDX-License-Identifier: Apache-2.0
"""

import report
import source

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 60
LINE_CHARACTERS_MAX = 100
NESTING_MAX = 4
FOLDERS = ("src", "include", "tests", "bench", "tools", "examples")


def excesses(file):
    """Yields key, measured, limit and line for everything in the file that is too big."""
    if len(file.lines) > FILE_LINES_MAX:
        yield "file", len(file.lines), FILE_LINES_MAX, 1
    for number, line in enumerate(file.lines, 1):
        # A link cannot be broken.
        if len(line) > LINE_CHARACTERS_MAX and "://" not in line:
            yield f"line-{number}", len(line), LINE_CHARACTERS_MAX, number
    for block in file.blocks:
        length = block.last - block.first + 1
        if block.kind in ("function", "lambda") and length > FUNCTION_LINES_MAX:
            yield block.name or "lambda", length, FUNCTION_LINES_MAX, block.first
        if block.kind == "control" and block.depth == NESTING_MAX + 1:
            yield f"nesting-{block.first}", block.depth, NESTING_MAX, block.first


def read_exemptions(path):
    if not path.exists():
        return {}
    rows = (line.split() for line in path.read_text().splitlines())
    return {row[0]: int(row[1]) for row in rows if row and not row[0].startswith("#")}


def write_exemptions(path, kept):
    notes = [line for line in path.read_text().splitlines() if line.startswith("#")]
    rows = [f"{key} {length}" for key, length in sorted(kept.items())]
    path.write_text("\n".join(notes + rows) + "\n")


def main():
    options = report.arguments(__doc__.splitlines()[0],
                               ("--update", {"action": "store_true", "help": "lower the numbers"}))
    list_path = options.root / "tools/check/exemptions.txt"
    exempted = read_exemptions(list_path)
    complaints, seen, files = [], {}, 0
    for file in source.sources(options.root, FOLDERS):
        files += 1
        for name, measured, limit, line in excesses(file):
            key = f"{file.path}:{name}"
            seen[key] = max(measured, seen.get(key, 0))
            if measured > exempted.get(key, limit):
                allowed = exempted.get(key, limit)
                complaints.append(f"{file.path}:{line}: {name}: {measured}, allowed {allowed}")
    if options.update:
        write_exemptions(list_path, {key: min(length, seen[key])
                                     for key, length in exempted.items() if key in seen})
    else:
        for key, length in exempted.items():
            if seen.get(key, 0) < length:
                complaints.append(f"tools/check/exemptions.txt: {key} is {seen.get(key, 0)} by now,"
                                  f" not {length}: run tools/check/sizes.py --update")
    report.finish("sizes", complaints, f"{files} files")


if __name__ == "__main__":
    main()
