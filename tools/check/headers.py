#!/usr/bin/python3
"""Checks that each header of src and include compiles alone, with the flags of its folder.

A header passes again unread while neither it nor anything it includes has changed: the stamps in
the build directory carry what the compiler said it read.

SPDX-License-Identifier: Apache-2.0
"""

import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess

import report
import source


def flags_by_folder(build, root):
    """For each folder of src, the compiler and its flags without output, input and dependencies."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"])
        if not path.is_relative_to(root / "src"):
            continue
        words = shlex.split(entry["command"])
        while "ccache" in pathlib.Path(words[0]).name:
            words.pop(0)
        kept, skip = [], False
        for word in words:
            if skip or word in ("-c", "-MD") or word == entry["file"]:
                skip = False
            elif word in ("-o", "-MF", "-MT"):
                skip = True
            else:
                kept.append(word)
        folder = path.relative_to(root / "src").parts[0]
        # The longest knows the most include directories.
        found[folder] = max(found.get(folder, []), kept, key=len)
    return found


def is_fresh(stamp):
    if not stamp.exists():
        return False
    since = stamp.stat().st_mtime
    names = stamp.read_text().split(":", 1)[-1].replace("\\\n", " ").split()
    return all(os.path.exists(name) and os.path.getmtime(name) <= since for name in names)


def check(path, root, flags, stamp):
    """What the compiler has to say against the header; empty if nothing."""
    if is_fresh(stamp):
        return ""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    unfinished = stamp.with_suffix(".new")
    command = flags + ["-fsyntax-only", "-x", "c++", "-MD", "-MF", str(unfinished), "-MT", "x",
                       "-include", str(root / path), "/dev/null"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0 and not done.stderr:
        unfinished.replace(stamp)
        return ""
    first_words = "\n".join(done.stderr.splitlines()[:12])
    return f"{path} does not compile alone:\n{first_words}"


def main():
    options = report.arguments(__doc__.splitlines()[0],
                               ("--build", {"type": pathlib.Path, "required": True}))
    root, build = options.root.resolve(), options.build.resolve()
    flags = flags_by_folder(build, root)
    anything = max(flags.values(), key=len)
    headers = [file.path for file in source.sources(root, ("src", "include"), (".h",))]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda path: check(path, root, flags.get(path.split("/")[1], anything),
                                              build / "headers" / (path + ".d")), headers)
        complaints = [answer for answer in answers if answer]
    report.finish("headers", complaints, f"{len(headers)} headers")


if __name__ == "__main__":
    main()
