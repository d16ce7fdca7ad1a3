# SPDX-License-Identifier: Apache-2.0
"""What the tests' raw connections travel through: RINGMQ_TRANSPORT is tcp (the default), websocket, tls, wss,
unix or proxy (a PROXY header, then MQTT). Written
from RFC 6455 for these tests, sharing nothing with the broker."""
import base64
import functools
import hashlib
import os
import socket
import ssl
import struct

import certificates

TRANSPORT = os.environ.get("RINGMQ_TRANSPORT", "tcp")
FOLDERS = {}
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def broker_config(config):
    """Every listener takes the transport of this run as well as plain MQTT, which foreign clients speak."""
    if TRANSPORT == "tcp":
        return config
    if TRANSPORT == "unix":
        return f'{config or ""}\n[[listeners]]\n[[listeners]]\naddress = "unix:@DIR@/mqtt.sock"\n'
    if TRANSPORT == "proxy":
        return (f'{config or ""}\n[[listeners]]\nproxy_protocol = "required"\ntrusted_proxies = ["127.0.0.1"]\n'
                'allow_anonymous = "always"\n')
    line = 'transport = "any"\n' if TRANSPORT in ("websocket", "wss") else ""
    if TRANSPORT in ("tls", "wss"):
        line += 'tls = "optional"\n' + certificates.listener_keys()
    if config is None or "[[listeners]]" not in config:
        return f"{config or ''}\n[[listeners]]\n{line}"
    return config.replace("[[listeners]]\n", "[[listeners]]\n" + line)


def remember(port, folder):
    """Where the broker of this port has its other files."""
    FOLDERS[port] = folder


def connect(port, timeout):
    if TRANSPORT == "unix":
        plain = socket.socket(socket.AF_UNIX)
        plain.settimeout(timeout)
        plain.connect(os.path.join(FOLDERS[port], "mqtt.sock"))
        return plain
    plain = socket.create_connection(("127.0.0.1", port), timeout=timeout)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if TRANSPORT == "proxy":
        for piece in (b"PROXY TCP4 192.0.2.7 19", b"8.51.100.1 50000 1883\r\n"):
            plain.sendall(piece)
    return wrap(plain)


class Tls(ssl.SSLSocket):
    """What is shut down is the socket, as without TLS."""

    def shutdown(self, how):
        socket.socket.shutdown(self, how)


@functools.cache
def tls_context():
    """One for all connections; making it costs more than a handshake."""
    context = ssl.create_default_context(cafile=certificates.authority())
    context.sslsocket_class = Tls
    context.suppress_ragged_eofs = True
    return context


def wrap(plain):
    if TRANSPORT in ("tls", "wss"):
        plain = tls_context().wrap_socket(plain, server_hostname="localhost")
    return WebSocket(plain) if TRANSPORT in ("websocket", "wss") else plain


def frame(opcode, payload, fin=True, mask=None):
    mask = os.urandom(4) if mask is None else mask
    size = len(payload)
    head = bytes([0x80 * fin | opcode])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 1 << 16:
        head += struct.pack(">BH", 0x80 | 126, size)
    else:
        head += struct.pack(">BQ", 0x80 | 127, size)
    key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
    return head + mask + (int.from_bytes(payload, "big") ^ key).to_bytes(size, "big")


def upgrade(key, path="/mqtt", protocol="mqtt", extra=""):
    return (f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {protocol}\r\n"
            f"{extra}\r\n").encode()


class WebSocket:
    """A socket for MQTT's bytes. What is sent is cut into frames without regard for packets."""

    def __init__(self, plain, path="/mqtt", protocol="mqtt"):
        self.plain, self.input, self.ended, self.count = plain, b"", False, 0
        key = base64.b64encode(os.urandom(16)).decode()
        plain.sendall(upgrade(key, path, protocol))
        while b"\r\n\r\n" not in self.input:
            data = plain.recv(1 << 16)
            if not data:
                raise ConnectionError("no upgrade: " + repr(self.input))
            self.input += data
        head, self.input = self.input.split(b"\r\n\r\n", 1)
        self.status = head.split(b"\r\n")[0]
        accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        if b"101" not in self.status or b"Sec-WebSocket-Accept: " + accept not in head:
            raise ConnectionError(head.decode())

    def sendall(self, data):
        self.count += 1
        cut = len(data) // 2 if self.count % 3 == 0 else 0  # Every third write in two fragments, a ping between them.
        if cut:
            self.plain.sendall(frame(BINARY, data[:cut], fin=False) + frame(PING, b"between") +
                               frame(CONTINUATION, data[cut:]))
        else:
            self.plain.sendall(frame(BINARY, data))

    def send(self, data):
        """As a socket's, all or nothing: a part of a frame cannot be taken back."""
        piece = data[:1000]
        wrapped = frame(BINARY, piece)
        sent = self.plain.send(wrapped)
        while sent < len(wrapped):
            self.plain.setblocking(True)
            sent += self.plain.send(wrapped[sent:])
        return len(piece)

    def _take(self):
        """One frame off the input, or None."""
        if len(self.input) < 2:
            return None
        size, at = self.input[1], 2
        assert size < 128, "the server masks"
        if size >= 126:
            width = 2 if size == 126 else 8
            if len(self.input) < 2 + width:
                return None
            size, at = int.from_bytes(self.input[2:2 + width], "big"), 2 + width
        if len(self.input) < at + size:
            return None
        opcode, payload, self.input = self.input[0] & 15, self.input[at:at + size], self.input[at + size:]
        return opcode, payload

    def recv(self, size):
        while not self.ended:
            taken = self._take()
            if taken is None:
                data = self.plain.recv(1 << 16)
                if not data:
                    return b""
                self.input += data
            elif taken[0] == CLOSE:
                self.ended = True
            elif taken[0] == BINARY and taken[1]:
                return taken[1]
        return b""

    def __getattr__(self, name):  # settimeout, setsockopt, shutdown, close, ...
        return getattr(self.plain, name)
