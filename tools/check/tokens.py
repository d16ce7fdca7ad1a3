#!/usr/bin/python3
"""Looks for what CONTRIBUTING.md bans and for what each file must have.

A rule is lifted for one line by a comment there or on the line before, with a reason:

    // check:allow(default): the value comes from the network

SPDX-License-Identifier: Apache-2.0
"""

import dataclasses
import fnmatch
import re

import report
import source

EVERYWHERE = ("src/*", "include/*", "tests/*", "bench/*", "tools/*")
PRODUCT = ("src/*", "include/*")


@dataclasses.dataclass(frozen=True)
class Rule:
    name: str
    pattern: str
    why: str
    where: tuple = PRODUCT
    exempt: tuple = ()
    in_comments: bool = False  # Search the text as written instead of the code alone.


# Where the client meets threads and users; its core gets time and chance as arguments.
CLIENT_EDGES = tuple(f"src/client/{name}*" for name in (
    "client.cc", "dialer", "file_store", "handle.cc", "hub", "loop", "resolver", "runner", "scram"))

RULES = (
    Rule("shared_ptr", r"\b(?:std::)?(?:shared|weak)_ptr\b", "one owner; others hold handles"),
    Rule("throw", r"\bthrow\b", "no exceptions", ("src/*", "include/*", "tools/*")),
    # CLI11 tells of a bad command line by throwing; that ends in the one file that calls it.
    Rule("catch", r"\bcatch\s*\(|\btry\s*\{", "no exceptions", ("src/*", "include/*", "tools/*"),
         ("src/broker/command_line.cc",)),
    Rule("default", r"\bdefault\s*:", "switch over an enum names every value"),
    Rule("thread_local", r"\bthread_local\b", "only the reactor's own", PRODUCT,
         ("src/reactor/*",)),
    Rule("print", r"\bstd::(?:cout|cerr|clog)\b|\bv?f?printf\s*\(|\bf?puts\s*\(|\bputchar\b",
         "programs print, libraries log", PRODUCT, ("src/base/check.cc", "src/broker/log.cc")),
    Rule("random", r"\bs?rand\s*\(\s*\)|\bstd::random_device\b",
         "randomness comes in as an argument", PRODUCT,
         ("src/broker/*", "src/reactor/*", "src/load/*", *CLIENT_EDGES)),
    Rule("clock", r"\b(?:steady|system|high_resolution)_clock::now\b|\bclock_gettime\b",
         "time comes in as an argument", PRODUCT,
         ("src/reactor/*", "src/broker/*", "src/load/*", *CLIENT_EDGES)),
    Rule("sleep", r"\bsleep_(?:for|until)\b|\b(?:u|nano)?sleep\s*\(", "nobody sleeps",
         ("src/*", "tests/*")),
    Rule("todo", r"\bTODO\b(?!\([a-z][\w.-]*\): \S)", "TODO(name): what, and an issue for it",
         EVERYWHERE, (), True),
    Rule("fixme", r"\bFIXME\b|\bXXX\b|for some reason", "find out, or file an issue",
         EVERYWHERE, (), True),
    Rule("friend-test", r"\bFRIEND_TEST\b|\bfriend\s+class\s+\w*Test\b|\bUNIT_TEST\b",
         "a test reaches what everybody reaches"),
)

# A pointer to something constant is itself constant only if `const` stands before its name.
_CONSTANT = re.compile(r"^(?:\[\[.*?\]\]\s*)?(?:inline\s+|static\s+)*"
                       r"(?:constexpr\b|(?:constinit\s+)?const\b[^*=]*(?:=|\{|$))"
                       r"|\bconst\s+\w+(?:\[\w*\])?\s*(?:=|\{|$)")
_NO_VARIABLE = re.compile(r"^(?:using|typedef|template|class|struct|enum|union|friend|extern|"
                          r"static_assert|namespace|return|public|private|protected|RMQ_\w+|"
                          r"[A-Z_]+\s*\()\b")


def mutable_globals(file):
    """Variables with static storage that may change: at namespace scope, or static in a function.

    A statement with parentheses before any `=` or `{` declares a function.
    """
    for line, kind, text in file.statements:
        declared = re.split(r"[={]", text, maxsplit=1)[0]
        if kind in ("function", "control", "lambda"):
            found = re.match(r"(?:inline\s+)?static\s", text)
        elif kind == "type":
            found = re.match(r"(?:inline\s+)?static\s", text) and "(" not in declared
        elif kind == "namespace":
            found = "(" not in declared and re.match(r"[\w:<>,*&\s\[\]]+\s[*&]?\w+", declared)
        else:
            found = False
        if found and not _CONSTANT.search(text) and not _NO_VARIABLE.match(text):
            yield line, text


def opened_namespaces(file):
    """`using namespace` in a header, outside functions: it would reach whoever includes it."""
    for line, kind, text in file.statements:
        if kind in ("namespace", "type") and text.startswith("using namespace"):
            yield line


def missing(file):
    """What every file of its kind must have and this one lacks."""
    head = "\n".join(file.lines[:80])
    if "SPDX-License-Identifier: Apache-2.0" not in head:
        yield "no SPDX line in its first paragraph", "spdx"
    if file.path.endswith(".h") and "#pragma once" not in file.lines:
        yield "no #pragma once", "pragma-once"
    parts = file.path.split("/")
    if parts[0] == "src":
        opened = [block.header.removeprefix("inline ") for block in file.blocks
                  if block.kind == "namespace" and block.header.startswith("namespace ringmq")]
        good = f"namespace ringmq::{parts[1]}"
        # What base gives everybody, such as Instant, may do without a prefix; so may what
        # include/ringmq declares and broker and client define.
        promises = parts[1] in ("broker", "client") and file.path.endswith(".cc")
        also_good = "namespace ringmq" if parts[1] == "base" or promises else good
        for header in opened:
            if header not in (good, also_good) and not header.startswith(good + "::"):
                yield f"opens {header} instead of {good}", "namespace"


def allows(file, line, rule):
    near = file.lines[max(0, line - 2):line]
    return any(re.search(rf"check:allow\({rule}\): \S", text) for text in near)


def fits(path, patterns):
    return any(fnmatch.fnmatch(path, pattern) for pattern in patterns)


def complaints_of(file):
    for why, rule in missing(file):
        yield 1, rule, why
    for rule in RULES:
        if not fits(file.path, rule.where) or fits(file.path, rule.exempt):
            continue
        for number, line in enumerate(file.lines if rule.in_comments else file.code_lines, 1):
            if re.search(rule.pattern, line):
                yield number, rule.name, rule.why
    if file.path.endswith(".h"):
        for line in opened_namespaces(file):
            yield line, "using-namespace", "headers open no namespaces"
    if fits(file.path, PRODUCT):
        for line, text in mutable_globals(file):
            yield line, "global", f"mutable and static: {text[:60]}"


def main():
    options = report.arguments(__doc__.splitlines()[0])
    complaints, files = [], 0
    for file in source.sources(options.root, ("src", "include", "tests", "bench", "tools")):
        files += 1
        complaints += [f"{file.path}:{line}: [{rule}] {why}"
                       for line, rule, why in complaints_of(file) if not allows(file, line, rule)]
    report.finish("tokens", complaints, f"{files} files")


if __name__ == "__main__":
    main()
