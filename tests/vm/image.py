# SPDX-License-Identifier: Apache-2.0
"""The guest's file system: an initramfs made of this machine's own files.

A program comes with the libraries that the dynamic linker gives it here, so that in the VM runs what was built and tested
here, file by file, and only the kernel is another one. (Static builds would be other programs: another way to link, other
start-up code, another resolver; and Python and openssl, which drive the system tests, are not to be had as such.)

The format is cpio's "newc", uncompressed: taking it apart is emulated too.
"""
import lzma
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile

PYTHON = "/usr/bin/python3"
# What no test needs, of some size.
PYTHON_LEFT_OUT = ("config-3", "lib2to3", "pydoc_data", "distutils", "test", "idlelib", "tkinter", "ensurepip", "venv",
                   "xmlrpc", "sqlite3", "curses", "turtledemo", "dbm", "wsgiref")
# kTLS and its three ciphers, with what makes them out of parts. What a kernel has built in, or does not know, is skipped.
MODULES = ("cryptd", "crypto_simd", "ctr", "ghash-generic", "geniv", "seqiv", "gcm", "aesni-intel", "chacha20poly1305",
           "chacha_generic", "chacha-x86_64", "poly1305_generic", "poly1305-x86_64", "tls")


class Image:
    def __init__(self):
        self.entries = {}  # Path in the guest -> (mode, mtime, content)

    def add(self, path, content, mode=0o644, mtime=0):
        """A file of this content; its folders come by themselves."""
        self._folders(path)
        self.entries[path] = (stat.S_IFREG | mode, mtime, content)

    def add_link(self, path, target):
        self._folders(path)
        self.entries[path] = (stat.S_IFLNK | 0o777, 0, target.encode())

    def add_folder(self, path):
        self._folders(path + "/")

    def add_file(self, source, path=None):
        """This machine's file, and the libraries it wants. Times are kept: Python compares them with its caches'."""
        source = pathlib.Path(source)
        content = source.read_bytes()
        if content.startswith(b"\x7fELF"):
            self._add_libraries(source)
            if len(content) > 1 << 20:
                content = stripped(source)
        about = source.stat()
        self.add(str(path or source), content, about.st_mode & 0o777, int(about.st_mtime))

    def add_tree(self, source, path=None, leave_out=()):
        for folder, folders, names in os.walk(source):
            folders[:] = [name for name in folders if not name.startswith(leave_out or ("\0",))]
            inside = str(path or source) + folder[len(str(source)):]
            for name in names:
                if os.path.isfile(os.path.join(folder, name)):
                    self.add_file(os.path.join(folder, name), f"{inside}/{name}")

    def add_python(self):
        real = os.path.realpath(PYTHON)
        self.add_file(real)
        self.add_link(PYTHON, real)
        library = subprocess.run([PYTHON, "-c", "import os; print(os.path.dirname(os.__file__))"], capture_output=True,
                                 text=True, check=True).stdout.strip()
        self.add_tree(library, leave_out=PYTHON_LEFT_OUT)

    def add_modules(self, folder):
        """`/modules/order` lists them so that each comes after those it depends on."""
        found = {}
        for path in folder.glob("**/*.ko*"):
            found[path.name.split(".ko")[0].replace("-", "_")] = path
        order = []
        for name in MODULES:
            self._add_module(name.replace("-", "_"), found, order)
        self.add("/modules/order", "".join(f"{name}\n" for name in order).encode())

    def write(self, file):
        inode = 0
        for path, (mode, mtime, content) in self.entries.items():
            inode += 1
            write_entry(file, path.lstrip("/"), mode, mtime, content, inode)
        write_entry(file, "TRAILER!!!", 0, 0, b"", 0)

    def _folders(self, path):
        for parent in reversed(pathlib.PurePosixPath(path + "x").parents):
            if str(parent) != "/":
                self.entries.setdefault(str(parent), (stat.S_IFDIR | 0o755, 0, b""))

    def _add_libraries(self, source):
        done = subprocess.run(["ldd", str(source)], capture_output=True, text=True, check=False)
        for path in re.findall(r"(/\S+) \(0x", done.stdout):
            if path not in self.entries:
                self.add(path, stripped(path), 0o755)

    def _add_module(self, name, found, order):
        if name in order or name not in found:
            return
        data = found[name].read_bytes()
        if found[name].suffix == ".xz":
            data = lzma.decompress(data)
        depends = re.search(rb"\0depends=([^\0]*)\0", data)
        for other in depends.group(1).decode().split(",") if depends else ():
            self._add_module(other.replace("-", "_"), found, order)
        self.add(f"/modules/{name}.ko", data)
        order.append(name)


def stripped(path):
    """The file without its debug information, which is most of it."""
    if shutil.which("objcopy") is None:
        return pathlib.Path(path).read_bytes()
    with tempfile.NamedTemporaryFile() as made:
        subprocess.run(["objcopy", "--strip-debug", str(path), made.name], check=True)
        return pathlib.Path(made.name).read_bytes()


def write_entry(file, name, mode, mtime, content, inode):
    encoded = name.encode() + b"\0"
    fields = (inode, mode, 0, 0, 1, mtime, len(content), 0, 0, 0, 0, len(encoded), 0)
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + encoded
    file.write(head + b"\0" * (-len(head) % 4) + content + b"\0" * (-len(content) % 4))
