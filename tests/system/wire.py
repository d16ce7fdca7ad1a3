# SPDX-License-Identifier: Apache-2.0
"""MQTT 3.1, 3.1.1 and 5 on a socket, packet by packet: written for these tests from the standard, sharing nothing with
the broker."""
import itertools
import socket
import struct

import transport

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = range(1, 8)
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT, AUTH = range(8, 16)

# Property identifiers and how their values are written: 1, 2, 4 bytes, v(arint), s(tring), b(inary), p(air).
PROPERTIES = {1: "1", 2: "4", 3: "s", 8: "s", 9: "b", 11: "v", 17: "4", 18: "s", 19: "2", 21: "s", 22: "b", 23: "1",
              24: "4", 25: "1", 26: "s", 28: "s", 31: "s", 33: "2", 34: "2", 35: "2", 36: "1", 37: "1", 38: "p",
              39: "4", 40: "1", 41: "1", 42: "1"}


MARKERS = itertools.count()


def varint(value):
    out = b""
    while True:
        byte, value = value & 0x7F, value >> 7
        out += bytes([byte | (0x80 if value else 0)])
        if not value:
            return out


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">H", len(value)) + value


def frame(kind, flags, body):
    return bytes([kind << 4 | flags]) + varint(len(body)) + body


def props(pairs):
    out = bytearray()  # A hundred thousand of them are not copied for each.
    for number, value in pairs or ():
        form = PROPERTIES[number]
        out += bytes([number])
        if form in "124":
            out += value.to_bytes(int(form), "big")
        elif form == "v":
            out += varint(value)
        elif form == "p":
            out += text(value[0]) + text(value[1])
        else:
            out += text(value)
    return varint(len(out)) + bytes(out)


def connect(client_id="c", version=5, clean=True, keep_alive=60, properties=(), will=None, username=None, password=None,
            flags=None):
    """`will`: dict of topic, payload, qos, retain, properties."""
    bits = 0x02 if clean else 0
    payload = text(client_id)
    if will:
        bits |= 0x04 | will.get("qos", 0) << 3 | (0x20 if will.get("retain") else 0)
        if version == 5:
            payload += props(will.get("properties"))
        payload += text(will["topic"]) + text(will.get("payload", b""))
    if username is not None:
        bits |= 0x80
        payload += text(username)
    if password is not None:
        bits |= 0x40
        payload += text(password)
    body = text("MQIsdp" if version == 3 else "MQTT") + bytes([version, bits if flags is None else flags])
    body += struct.pack(">H", keep_alive) + (props(properties) if version == 5 else b"")
    return frame(CONNECT, 0, body + payload)


def publish(topic, payload=b"", qos=0, packet_id=None, retain=False, dup=False, version=5, properties=()):
    body = text(topic) + (struct.pack(">H", packet_id) if packet_id is not None else b"")
    body += props(properties) if version == 5 else b""
    payload = payload if isinstance(payload, bytes) else payload.encode()
    return frame(PUBLISH, (8 if dup else 0) | qos << 1 | (1 if retain else 0), body + payload)


def subscribe(filters, packet_id=1, version=5, properties=()):
    """`filters`: pairs of filter and options byte."""
    body = struct.pack(">H", packet_id) + (props(properties) if version == 5 else b"")
    return frame(SUBSCRIBE, 2, body + b"".join(text(name) + bytes([options]) for name, options in filters))


def unsubscribe(filters, packet_id=1, version=5):
    body = struct.pack(">H", packet_id) + (props(()) if version == 5 else b"")
    return frame(UNSUBSCRIBE, 2, body + b"".join(text(name) for name in filters))


def ack(kind, packet_id, reason=0, version=5):
    body = struct.pack(">H", packet_id) + (bytes([reason]) if version == 5 and reason else b"")
    return frame(kind, 2 if kind == PUBREL else 0, body)


def disconnect(reason=0, properties=(), version=5):
    return frame(DISCONNECT, 0, bytes([reason]) + props(properties) if version == 5 and (reason or properties) else b"")


class Packet:
    """`kind`, `flags`, and what the kind has: reason, reasons, packet_id, topic, payload, properties (a list)."""

    def __init__(self, first, body, version):
        self.kind, self.flags, self.body, self.version = first >> 4, first & 15, body, version
        self.properties, self.reason, self.at = [], 0, 0
        if self.kind == CONNACK:
            self.session_present, self.reason, self.at = body[0], body[1], 2
            self._props()
        elif self.kind == PUBLISH:
            self.qos, self.retain, self.dup = self.flags >> 1 & 3, self.flags & 1, self.flags >> 3
            self.topic = self._text()
            self.packet_id = self._number(2) if self.qos else None
            self._props()
            self.payload = body[self.at:]
        elif self.kind in (PUBACK, PUBREC, PUBREL, PUBCOMP):
            self.packet_id = self._number(2)
            if len(body) > 2:
                self.reason = self._number(1)
        elif self.kind in (SUBACK, UNSUBACK):
            self.packet_id = self._number(2)
            self._props()
            self.reasons = list(body[self.at:])
        elif self.kind in (DISCONNECT, AUTH) and body:
            self.reason = self._number(1)
            if self.at < len(body):
                self._props()

    def _number(self, size):
        self.at += size
        return int.from_bytes(self.body[self.at - size:self.at], "big")

    def _text(self):
        size = self._number(2)
        self.at += size
        return self.body[self.at - size:self.at].decode()

    def _varint(self):
        value = shift = 0
        while True:
            byte = self._number(1)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def _props(self):
        if self.version != 5:
            return
        size = self._varint()
        end = self.at + size
        while self.at < end:
            number = self._number(1)
            form = PROPERTIES[number]
            if form in "124":
                value = self._number(int(form))
            elif form == "v":
                value = self._varint()
            elif form == "p":
                value = (self._text(), self._text())
            elif form == "b":
                size = self._number(2)
                self.at += size
                value = self.body[self.at - size:self.at]
            else:
                value = self._text()
            self.properties.append((number, value))

    def get(self, number):
        return next((value for name, value in self.properties if name == number), None)

    def all(self, number):
        return [value for name, value in self.properties if name == number]

    def __repr__(self):
        return f"Packet({self.kind}, flags {self.flags}, body {self.body[:40].hex()})"


class Closed(Exception):
    """The broker closed the connection."""


class Client:
    """A raw connection. recv() gives the next packet, or raises Closed or socket.timeout."""

    def __init__(self, port, version=5, timeout=5):
        self.version, self.buffer, self.messages = version, b"", []
        self.socket = transport.connect(port, timeout)

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # recv() tells.
        return self

    def recv(self, timeout=5):
        self.socket.settimeout(timeout)
        while True:
            packet = self._cut()
            if packet:
                return packet
            try:
                data = self.socket.recv(1 << 16)
            except (ConnectionResetError, BrokenPipeError):
                raise Closed from None
            if not data:
                raise Closed
            self.buffer += data

    def _cut(self):
        size = 0
        for i in range(1, min(len(self.buffer), 5)):
            size |= (self.buffer[i] & 0x7F) << 7 * (i - 1)
            if self.buffer[i] < 0x80:
                end = i + 1 + size
                if len(self.buffer) < end:
                    return None
                packet = Packet(self.buffer[0], self.buffer[i + 1:end], self.version)
                self.buffer = self.buffer[end:]
                return packet
        return None

    def expect(self, kind, timeout=5):
        """The next packet of another kind than PUBLISH; messages that come first wait for message()."""
        if kind == PUBLISH and self.messages:
            return self.messages.pop(0)
        packet = self.recv(timeout)
        while packet.kind == PUBLISH and kind != PUBLISH:
            self.messages.append(packet)
            packet = self.recv(timeout)
        assert packet.kind == kind, f"wanted packet type {kind}, got {packet}"
        return packet

    def expect_closed(self, timeout=5):
        try:
            packet = self.recv(timeout)
        except Closed:
            return
        raise AssertionError(f"wanted the end, got {packet}")

    def settle(self, *senders):
        """Until all that these clients published so far is here: a last message takes the same way from core to core.
        What came before waits for message()."""
        for sender in senders:
            self._collect([f"settle/{next(MARKERS)}"], lambda topics: [sender.send(publish(t, version=sender.version))
                                                                       for t in topics])

    def settle_retained(self, sender):
        """Until every retained message that is owed has come. Each core keeps some topics: a marker for each, in all
        likelihood, comes behind what was asked for before."""
        prefix = f"settle/{next(MARKERS)}/"
        topics = [prefix + str(i) for i in range(24)]
        for topic in topics:
            sender.publish(topic, b"x", 1, 65_000, retain=True)
        self._collect(topics, lambda topics: None, prefix + "+")
        for topic in topics:
            sender.publish(topic, b"", 1, 65_000, retain=True)

    def _collect(self, topics, act, filter=None):
        waiting, seen = self.messages, []
        self.messages = []
        self.subscribe((filter or topics[0], 0), packet_id=65_000)
        act(topics)
        wanted = set(topics)
        while wanted:
            packet = self.expect(PUBLISH)
            if packet.topic in wanted:
                wanted.remove(packet.topic)
            else:
                seen.append(packet)
        self.send(unsubscribe([filter or topics[0]], 65_000, self.version))
        self.expect(UNSUBACK)
        self.messages = waiting + seen + [p for p in self.messages if not p.topic.startswith("settle/")]

    def expect_silence(self):
        """Nothing comes before the answer to a PINGREQ: the connection's own core has dealt with all that was sent. What
        others sent may still be on its way between cores: see settle()."""
        self.send(frame(PINGREQ, 0, b""))
        self.expect(PINGRESP)

    def open(self, client_id="c", **rest):
        self.send(connect(client_id, self.version, **rest))
        packet = self.expect(CONNACK)
        assert packet.reason == 0, f"refused: {packet}"
        self.connack = packet
        return self

    def subscribe(self, *filters, packet_id=1, properties=()):
        self.send(subscribe([f if isinstance(f, tuple) else (f, 0) for f in filters], packet_id, self.version,
                            properties))
        packet = self.expect(SUBACK)
        assert packet.packet_id == packet_id
        return packet.reasons

    def publish(self, topic, payload=b"", qos=0, packet_id=None, **rest):
        if qos and packet_id is None:
            packet_id = 1
        self.send(publish(topic, payload, qos, packet_id, version=self.version, **rest))
        if qos == 1:
            return self.expect(PUBACK)
        if qos == 2:
            received = self.expect(PUBREC)
            if received.reason < 0x80:
                self.send(ack(PUBREL, packet_id))
                return self.expect(PUBCOMP)
            return received
        return None

    def message(self, timeout=5):
        """The next PUBLISH, acknowledged."""
        packet = self.expect(PUBLISH, timeout)
        if packet.qos == 1:
            self.send(ack(PUBACK, packet.packet_id))
        elif packet.qos == 2:
            self.send(ack(PUBREC, packet.packet_id))
            self.expect(PUBREL)
            self.send(ack(PUBCOMP, packet.packet_id))
        return packet

    def close(self):
        self.socket.close()

    def reset(self):
        """As a client that is killed: the connection ends without DISCONNECT."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
