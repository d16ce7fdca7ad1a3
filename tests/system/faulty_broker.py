# SPDX-License-Identifier: Apache-2.0
"""A broker that does to some messages what no broker may, to see who notices."""
import selectors
import socket
import threading

import wire


class FaultyBroker:
    """Every message goes to every subscriber in the order of arrival. `faults`: what happens to the n-th one: "drop", "twice",
    "late" (behind the next one), "corrupt" (its last byte), "topic" (another one) or "qos" (0)."""

    def __init__(self, faults):
        self.faults, self.count, self.held = faults, 0, None
        self.subscribers, self.buffers, self.versions = [], {}, {}
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.bell, self.ringer = socket.socketpair()
        for readable in (self.listener, self.bell):
            self.selector.register(readable, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ringer.send(b"x")
        self.thread.join()
        for each in (self.listener, self.bell, self.ringer, *self.buffers):
            each.close()
        self.selector.close()

    def _run(self):
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.bell:
                    return
                if key.fileobj is self.listener:
                    client, _ = self.listener.accept()
                    self.buffers[client] = b""
                    self.selector.register(client, selectors.EVENT_READ)
                else:
                    self._read(key.fileobj)

    def _read(self, client):
        try:
            news = client.recv(65536)
        except ConnectionError:
            news = b""
        if not news:
            self.selector.unregister(client)
            if client in self.subscribers:
                self.subscribers.remove(client)
            del self.buffers[client]
            client.close()
            return
        data = self.buffers[client] + news
        while True:
            size, shift, at = 0, 0, 1
            while at < len(data):
                size |= (data[at] & 0x7F) << shift
                shift += 7
                at += 1
                if data[at - 1] < 0x80:
                    break
            else:
                break
            if len(data) < at + size:
                break
            self._on_packet(client, data[0], data[at:at + size])
            data = data[at + size:]
        self.buffers[client] = data

    def _on_packet(self, client, first, body):
        kind = first >> 4
        if kind == wire.CONNECT:
            version = self.versions[client] = body[2 + body[1]]
            client.sendall(wire.frame(wire.CONNACK, 0, b"\0\0" + (b"\0" if version == 5 else b"")))
        elif kind == wire.SUBSCRIBE:
            self.subscribers.append(client)
            body = body[:2] + (b"\0" if self.versions[client] == 5 else b"") + b"\1"
            client.sendall(wire.frame(wire.SUBACK, 0, body))
        elif kind == wire.PUBLISH:
            message = wire.Packet(first, body, self.versions[client])
            if message.qos:
                client.sendall(wire.ack(wire.PUBACK, message.packet_id))
            self._forward(message)

    def _forward(self, message):
        fault, held, self.held = self.faults.get(self.count), self.held, None
        self.count += 1
        if fault == "late":
            self.held = message
        elif fault != "drop":
            if fault == "corrupt":
                message.payload = message.payload[:-1] + bytes([message.payload[-1] ^ 1])
            if fault == "topic":
                message.topic += "x"
            for _ in range(2 if fault == "twice" else 1):
                self._send(message, 0 if fault == "qos" else message.qos)
        if held:
            self._send(held, held.qos)

    def _send(self, message, qos):
        for client in self.subscribers:
            client.sendall(wire.publish(message.topic, message.payload, qos, (self.count if qos else None),
                                        version=self.versions[client]))
