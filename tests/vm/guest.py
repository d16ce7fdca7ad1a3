#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The first process of the VM: makes the system habitable, runs /commands, says how that ended, and switches off."""
import ctypes
import fcntl
import json
import os
import platform
import socket
import struct
import subprocess

LIBC = ctypes.CDLL(None, use_errno=True)
FINIT_MODULE = 313  # Its number on x86_64.
POWER_OFF = 0x4321FEDC


def checked(result, what):
    if result != 0:
        print(f"guest: {what}: {os.strerror(ctypes.get_errno())}", flush=True)


def mount(kind, path):
    os.makedirs(path, exist_ok=True)
    checked(LIBC.mount(kind.encode(), path.encode(), kind.encode(), 0, None), f"mount {path}")


def load_modules():
    with open("/modules/order") as order:
        for name in order.read().split():
            with open(f"/modules/{name}.ko", "rb") as file:
                checked(LIBC.syscall(FINIT_MODULE, file.fileno(), b"", 0), f"module {name}")


def bring_up_loopback():
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x49))  # SIOCSIFFLAGS: UP, LOOPBACK, RUNNING


def read(path):
    with open(path) as file:
        return file.read().strip()


def seconds():
    """Since the start, by the guest's own clock."""
    return read("/proc/uptime").split()[0]


def run(words, folder="/", environment=None):
    print("guest: runs", *words, flush=True)
    environment = {"PATH": "/usr/bin:/usr/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8", **(environment or {})}
    try:
        code = subprocess.run(words, cwd=folder, env=environment, check=False).returncode
    except OSError as error:
        print(f"guest: {error}", flush=True)
        return 127
    return code if code >= 0 else 128 - code


def main():
    for kind, path in (("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev"), ("tmpfs", "/tmp"), ("tmpfs", "/run"),
                       ("tmpfs", "/dev/shm")):
        mount(kind, path)
    bring_up_loopback()
    load_modules()
    print(f"guest: up with Linux {platform.release()} after {seconds()} s, "
          f"ULPs: {read('/proc/sys/net/ipv4/tcp_available_ulp')}", flush=True)
    with open("/commands") as file:
        codes = [run(**command) for command in json.load(file)]
    print(f"\nguest: after {seconds()} s ended with {next((code for code in codes if code), 0)}", flush=True)
    LIBC.sync()
    LIBC.reboot(ctypes.c_int(POWER_OFF))


main()
