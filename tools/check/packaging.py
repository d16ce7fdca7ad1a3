#!/usr/bin/python3
"""Checks that the recipes of packaging/ agree with CMake, pkg-config and each other.

The recipes are read, never run: neither vcpkg nor Conan is in Debian 12. With --configure, what
Conan's exports is copied somewhere else, and CMake has to make a build of it, whose every step is
planned and none taken.

SPDX-License-Identifier: Apache-2.0
"""

import ast
import json
import pathlib
import re
import shutil
import subprocess
import tempfile

import report

PORT = "packaging/vcpkg/ringmq/vcpkg.json"
PORTFILE = "packaging/vcpkg/ringmq/portfile.cmake"
RECIPE = "packaging/conan/conanfile.py"
# What CMake looks for without the tools, and the package that has it under both managers.
PACKAGES = {"absl": "abseil", "CLI11": "cli11", "fmt": "fmt", "liburing": "liburing",
            "systemd": "libsystemd", "OpenSSL": "openssl", "spdlog": "spdlog"}
WITHOUT_CONFIG = {"tomlplusplus"}  # Headers alone, included and not looked for.
OURS = {"PkgConfig", "Threads"}    # Found everywhere.


class Recipe:
    """What the recipe of Conan says, by its syntax."""

    def __init__(self, text):
        tree = ast.parse(text)
        (self.cls,) = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        self.constants = {}
        for node in self.cls.body:
            if isinstance(node, ast.Assign):
                self.constants[node.targets[0].id] = ast.literal_eval(node.value)
        self.requires = re.findall(r'self\.requires\("([\w-]+)/', text)
        self.libs = re.findall(r'\.libs = \["([\w-]+)"\]', text)


def wanted_packages(root):
    files = ["tools/cmake/RingmqTargets.cmake", "tools/cmake/Install.cmake"]
    files += [f"src/{folder}/{name}" for folder in core_folders(root)
              for name in ("CMakeLists.txt", "edges.cmake")]
    text = "\n".join((root / name).read_text() for name in files if (root / name).exists())
    found = set(re.findall(r"find_package\((\w+)", text))
    found |= set(re.findall(r"pkg_check_modules\([^)]*?\s(\w+)>=", text))
    found |= set(re.findall(r"find_library\(\w+ (\w+)", text))
    return found - OURS


def core_folders(root):
    """The folders of src that are built without the tools."""
    text = (root / "CMakeLists.txt").read_text()
    return re.search(r"set\(RINGMQ_FOLDERS ([^)]*)\)", text).group(1).split()


def compare(path, what, has, wants):
    missing, surplus = sorted(wants - has), sorted(has - wants)
    return ([f"{path}:1: {what}: {', '.join(missing)} is missing"] if missing else []) + (
        [f"{path}:1: {what}: {', '.join(surplus)} is too much"] if surplus else [])


def dependencies(root, port, recipe):
    wanted = wanted_packages(root)
    complaints = [f"tools/check/packaging.py:1: which package has {name}?"
                  for name in sorted(wanted - set(PACKAGES))]
    wants = {PACKAGES[name] for name in wanted if name in PACKAGES} | WITHOUT_CONFIG
    ports = {entry for entry in port["dependencies"] if isinstance(entry, str)}
    return (complaints + compare(PORT, "dependencies", ports, wants) +
            compare(RECIPE, "requirements", set(recipe.requires), wants))


def options(root, recipe):
    known = set(re.findall(r"option\((\w+)", (root / "CMakeLists.txt").read_text()))
    wants = {"RINGMQ_TOOLS", "RINGMQ_TESTS", "RINGMQ_BENCHES"}
    port = set(re.findall(r"-D(RINGMQ_\w+)=OFF", (root / PORTFILE).read_text()))
    return (compare("CMakeLists.txt", "options", known & wants, wants) +
            compare(PORTFILE, "options", port, wants) +
            compare(RECIPE, "options", set(recipe.constants["OPTIONS"]), wants))


def archives(root, recipe):
    install = (root / "tools/cmake/Install.cmake").read_text()
    complaints = compare(RECIPE, "libs", set(recipe.libs),
                         set(re.findall(r"OUTPUT_NAME ([\w-]+)\n", install)))
    for package, constant in (("ringmq", "ABSL_CLIENT"), ("ringmq-broker", "ABSL_BROKER")):
        wants = re.findall(r"absl_(\w+)", (root / f"tools/cmake/{package}.pc.in").read_text())
        complaints += compare(RECIPE, constant, set(recipe.constants[constant]), set(wants))
    return complaints


def configured(root, recipe):
    """Complaints of CMake and ninja about the tree that the recipe exports."""
    with tempfile.TemporaryDirectory() as folder:
        copy, build = pathlib.Path(folder, "copy"), pathlib.Path(folder, "build")
        for pattern in recipe.constants["SOURCES"]:
            for source in root.glob(pattern):
                target = copy / source.relative_to(root)
                target.parent.mkdir(parents=True, exist_ok=True)
                if source.is_dir():
                    shutil.copytree(source, target)
                else:
                    shutil.copy(source, target)
        flags = [f"-D{name}={'ON' if value else 'OFF'}"
                 for name, value in recipe.constants["OPTIONS"].items()]
        for command in (["cmake", "-G", "Ninja", "-S", copy, "-B", build, *flags],
                        ["ninja", "-C", build, "-n", "all"]):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                return [f"{RECIPE}:1: {line}"
                        for line in (done.stderr + done.stdout).splitlines()[-20:]]
    return []


def main():
    arguments = report.arguments(__doc__.splitlines()[0], (
        "--configure", {"action": "store_true", "help": "let CMake read what is exported"}))
    root = arguments.root
    port = json.loads((root / PORT).read_text())
    recipe = Recipe((root / RECIPE).read_text())
    version = re.search(r"project\(ringmq VERSION ([\d.]+)",
                        (root / "CMakeLists.txt").read_text()).group(1)
    complaints = []
    for path, said in ((PORT, port["version-semver"]), (RECIPE, recipe.constants["version"])):
        if said != version:
            complaints.append(f"{path}:1: version {said}, in CMake it is {version}")
    for path, said in ((PORT, port["license"]), (RECIPE, recipe.constants["license"])):
        if said != "Apache-2.0":
            complaints.append(f"{path}:1: licence {said}")
    for pattern in recipe.constants["SOURCES"]:
        if not list(root.glob(pattern)):
            complaints.append(f"{RECIPE}:1: {pattern} is no file of ours")
    complaints += dependencies(root, port, recipe) + options(root, recipe)
    complaints += archives(root, recipe)
    if arguments.configure:
        complaints += configured(root, recipe)
    report.finish("packaging", complaints, "2 recipes")


if __name__ == "__main__":
    main()
