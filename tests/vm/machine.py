# SPDX-License-Identifier: Apache-2.0
"""A VM in which one command runs on one of Debian's kernels.

It is emulated instruction by instruction, so it needs no rights and no support of the processor; and its clock counts
instructions (-icount) and jumps over idle time, so that the guest sees a machine of one constant speed however loaded this
one is. Time-outs and waits mean the same as on real hardware, and a wait costs nothing. Price: it has one processor, for
with -icount qemu 7.2 never gets a second one started (the guest hangs at "Booting SMP configuration").
"""
import contextlib
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading

import image as image_module
import kernels

PYTHON = image_module.PYTHON
QEMU = "qemu-system-x86_64"
HERE = os.path.dirname(os.path.abspath(__file__))
ENDED = re.compile(r"guest: after \S+ s ended with (\d+)")
# The exit codes of timeout(1) for a command that took too long, and of shells for one that could not be run.
TIMED_OUT, BROKEN = 124, 125
PR_SET_PDEATHSIG = 1
MEMORY_MIB = 1024  # The files are in it too.
KERNEL_ARGUMENTS = ("console=ttyS0 quiet panic=-1 oops=panic mitigations=off random.trust_cpu=on cryptomgr.notests=1 "
                    "rdinit=/init")


class Machine:
    def __init__(self, version):
        if shutil.which(QEMU) is None:
            raise kernels.Unavailable(f"{QEMU} is not installed (Debian: qemu-system-x86)")
        self.kernel = kernels.get(version)
        self.image = image_module.Image()
        for folder in ("/proc", "/sys", "/dev", "/tmp", "/run", "/root"):
            self.image.add_folder(folder)
        self.image.add_python()
        self.image.add_file(os.path.join(HERE, "guest.py"), "/init")
        self.image.add_modules(self.kernel.modules)
        self.image.add("/etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n")
        self.image.add("/etc/group", b"root:x:0:\nnogroup:x:65534:\n")
        self.image.add("/etc/hosts", b"127.0.0.1 localhost\n::1 localhost\n")
        self.image.add("/etc/nsswitch.conf", b"hosts: files\npasswd: files\ngroup: files\n")

    def run(self, commands, seconds=300):
        """Prints what the guest prints from its start on; returns the first exit code that is not 0, if there is one.

        A command is a dict: words, and maybe folder and environment."""
        self.image.add("/commands", json.dumps(commands).encode())
        # An initramfs without a name leaves nothing behind, however this ends.
        with open(os.memfd_create("initramfs", 0), "r+b") as file:
            self.image.write(file)
            file.flush()
            return self._boot(file.fileno(), seconds)

    def _boot(self, initramfs, seconds):
        command = [QEMU, "-M", "pc", "-cpu", "max", "-accel", "tcg", "-icount", "shift=0,sleep=off",
                   "-rtc", "base=utc,clock=vm", "-m", str(MEMORY_MIB), "-nodefaults", "-display", "none", "-no-reboot",
                   "-serial", "stdio", "-kernel", str(self.kernel.image), "-initrd", f"/proc/self/fd/{initramfs}",
                   "-append", KERNEL_ARGUMENTS]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   pass_fds=[initramfs], preexec_fn=die_with_parent)
        late = threading.Event()

        def stop():
            late.set()
            process.kill()

        timer = threading.Timer(seconds, stop)
        timer.start()
        try:
            code = follow(process.stdout)
        finally:
            timer.cancel()
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()
        if code is None and late.is_set():
            print(f"vm: not done after {seconds} s", flush=True)
            return TIMED_OUT
        return BROKEN if code is None else code


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def follow(output):
    """Copies the console from the line on that says that the guest is up; returns the exit code it tells of, or None."""
    code, seen, up = None, [], False
    for raw in output:
        text = raw.decode(errors="replace").replace("\r", "")
        seen.append(text)
        up = up or "guest:" in text
        if up:
            sys.stdout.write(text)
            sys.stdout.flush()
        if found := ENDED.search(text):
            code = int(found.group(1))
    if code is None and not up:
        sys.stdout.write("".join(seen[-40:]) + "vm: the guest did not come up\n")
    elif code is None:
        sys.stdout.write("vm: the guest ended without saying how\n")
    return code
