# SPDX-License-Identifier: Apache-2.0
"""Debian's own kernels, fetched once and kept: an image to boot and the modules that belong to it.

apt does the work, in a folder of its own with a source list of its own, so that the system's lists stay as they are;
proxies and mirrors of the system's apt.conf count, and signatures are checked as ever. What was fetched is kept in
~/.cache/ringmq/vm (RINGMQ_VM_CACHE says where else), for every checkout of this tree.
"""
import contextlib
import fcntl
import os
import pathlib
import platform
import re
import shutil
import subprocess
import tempfile
import time

SUITES = {"6.1": "bookworm", "6.12": "trixie"}
PACKAGE = "linux-image-cloud-amd64"
MIRROR = os.environ.get("RINGMQ_DEBIAN_MIRROR", "http://deb.debian.org/debian")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# Without a network each try takes its time; a test command makes a dozen of them.
RETRY_AFTER_S = 600


class Unavailable(Exception):
    """No such kernel can be had here; the text says why."""


class Kernel:
    def __init__(self, folder):
        self.image = next(folder.glob("vmlinuz-*"))
        self.release = self.image.name.removeprefix("vmlinuz-")
        self.modules = folder / "modules"


def get(version):
    """Requires: a key of SUITES."""
    if platform.machine() != "x86_64":
        raise Unavailable(f"the tests run Debian's kernel for x86_64, and this is {platform.machine()}")
    cache = pathlib.Path(os.environ.get("RINGMQ_VM_CACHE") or pathlib.Path.home() / ".cache/ringmq/vm")
    cache.mkdir(parents=True, exist_ok=True)
    folder, failure = cache / version, cache / f"{version}.failed"
    with locked(cache / "lock"):
        if not folder.exists():
            if failure.exists() and time.time() - failure.stat().st_mtime < RETRY_AFTER_S:
                raise Unavailable(failure.read_text())
            try:
                fetch(version, cache, folder)
            except Unavailable as why:
                failure.write_text(str(why))
                raise
            failure.unlink(missing_ok=True)
    return Kernel(folder)


@contextlib.contextmanager
def locked(path):
    """Tests run side by side, and one download is enough."""
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def fetch(version, cache, folder):
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise Unavailable(f"there is no {tool} here to fetch Debian's kernel {version} with")
    print(f"vm: fetching Debian's kernel {version}, once, into {folder}", flush=True)
    with tempfile.TemporaryDirectory(dir=cache) as made:
        work = pathlib.Path(made)
        options = apt_folder(work, SUITES[version])
        run("apt-get", *options, "update", "-qq", "--error-on=any")
        depends = run("apt-cache", *options, "depends", PACKAGE)
        found = re.search(r"Depends: (linux-image-\S+)", depends)
        if not found:
            raise Unavailable(f"{PACKAGE} of {SUITES[version]} depends on no kernel: {depends}")
        run("apt-get", *options, "download", "-qq", found.group(1), cwd=work)
        run("dpkg-deb", "-x", str(next(work.glob("*.deb"))), "x", cwd=work)
        ready = work / "ready"
        ready.mkdir()
        for image in (work / "x/boot").glob("vmlinuz-*"):
            image.rename(ready / image.name)
        # Debian 12 has /lib/modules in its packages, Debian 13 /usr/lib/modules.
        next((work / "x").glob("**/lib/modules/*/kernel")).rename(ready / "modules")
        ready.rename(folder)  # All of it is there, or nothing.


def apt_folder(work, suite):
    """The options that make apt live in `work`."""
    for name in ("lists/partial", "cache/archives/partial"):
        (work / name).mkdir(parents=True)
    (work / "sources.list").write_text(f"deb [signed-by={KEYRING}] {MIRROR} {suite} main\n")
    values = {"Dir::Etc::SourceList": work / "sources.list", "Dir::Etc::SourceParts": "/dev/null",
              "Dir::Etc::PreferencesParts": "/dev/null", "Dir::State::Lists": work / "lists",
              "Dir::Cache": work / "cache", "APT::Architecture": "amd64", "APT::Sandbox::User": "root",
              "Acquire::Languages": "none", "Acquire::Retries": 2, "Acquire::http::Timeout": 20}
    return [word for name, value in values.items() for word in ("-o", f"{name}={value}")]


def run(*command, cwd=None):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=cwd)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{command[0]} did not end within five minutes") from None
    if done.returncode != 0:
        said = " ".join((done.stderr or done.stdout).split())
        raise Unavailable(f"{command[0]} says: {said[:300]}")
    return done.stdout
