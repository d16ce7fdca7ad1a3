#!/usr/bin/python3
"""Which normative statements of MQTT 5 does the code cite, and which does a test name?

Prints the statements that no code cites and those that no test names, leaving out the ones that
untestable.txt gives a reason for. Fails if somebody cites a statement that does not exist, and if
more statements are open than requirements.txt allows: that number may only fall, and ends at 0.

SPDX-License-Identifier: Apache-2.0
"""

import collections
import re

import report

CITATION = re.compile(r"MQTT-\d+(?:\.\d+)+-\d+")
KINDS = ("client", "unseen", "later")
CODE = {".h", ".cc"}
TEST = {".h", ".cc", ".txt", ".py", ".js", ".mjs", ".sh", ".toml"}


def citations(root, folders, suffixes):
    """Where each identifier is cited: identifier -> ["path:line", ...]."""
    found = collections.defaultdict(list)
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in suffixes or "node_modules" in path.parts or not path.is_file():
                continue
            place = path.relative_to(root).as_posix()
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            for number, line in enumerate(lines, 1):
                for identifier in CITATION.findall(line):
                    found[identifier].append(f"{place}:{number}")
    return found


def rows(path):
    lines = path.read_text().splitlines() if path.exists() else []
    return [line.split(maxsplit=2) for line in lines if line.strip() and line[0] != "#"]


def in_order(identifiers):
    return sorted(identifiers, key=lambda one: [int(part) for part in re.findall(r"\d+", one)])


def wrong_reasons(untestable, statements):
    for row in untestable:
        if row[0] not in statements:
            yield f"tools/check/untestable.txt: {row[0]} is no statement of MQTT 5"
        elif len(row) < 3 or row[1] not in KINDS:
            yield f"tools/check/untestable.txt: {row[0]} needs a kind ({', '.join(KINDS)}) and why"


def main():
    options = report.arguments(__doc__.splitlines()[0])
    here = options.root / "tools/check"
    statements = {row[0] for row in rows(here / "mqtt5-statements.txt")}
    untestable = rows(here / "untestable.txt")
    allowed = {row[0]: int(row[1]) for row in rows(here / "requirements.txt")}
    places = {"uncited": citations(options.root, ("src", "include"), CODE),
              "untested": citations(options.root, ("tests",), TEST)}

    complaints = list(wrong_reasons(untestable, statements))
    for found in places.values():
        complaints += [f"{place}: {one} is no statement of MQTT 5"
                       for one in found if one not in statements for place in found[one]]
    for name, found in places.items():
        open_ones = statements - {row[0] for row in untestable} - set(found)
        limit = allowed.get(name, 0)
        print(f"{name}: {len(open_ones)} of {len(statements)}, allowed {limit}")
        print("".join(f"  {one}\n" for one in in_order(open_ones)), end="")
        if len(open_ones) > limit:
            complaints.append(f"{name}: {len(open_ones)} statements, allowed {limit}")
        elif len(open_ones) < limit:
            print(f"  tools/check/requirements.txt can say {name} {len(open_ones)} now")
    report.finish("requirements", complaints, f"{len(statements)} statements")


if __name__ == "__main__":
    main()
