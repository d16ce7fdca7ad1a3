# SPDX-License-Identifier: Apache-2.0
"""Our client through an HTTP proxy that speaks TLS itself, as Python's ssl does it, to ringmqd."""
import os
import selectors
import socket
import ssl
import subprocess
import threading
import unittest
import urllib.parse

import certificates
from broker import Broker

EXAMPLES = os.environ.get("RINGMQ_EXAMPLES", "build/dev/examples")
PATIENCE_S = 20


class TlsProxy:
    """Answers CONNECT inside of TLS; every connection gets two threads. `requests` holds what was asked."""

    def __init__(self, answer=b"HTTP/1.1 200 Connection established\r\n\r\n", certificate="proxy"):
        self.answer, self.requests = answer, []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*certificates.issued(certificate, by="proxy-ca"))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain):
        plain.settimeout(PATIENCE_S)
        try:
            with self.context.wrap_socket(plain, server_side=True) as client:
                request = b""
                while not request.endswith(b"\r\n\r\n"):
                    byte = client.recv(1)
                    if not byte:
                        return
                    request += byte
                self.requests.append(request.decode())
                client.sendall(self.answer)
                if b" 200 " not in self.answer:
                    return
                host, port = request.split()[1].decode().rsplit(":", 1)
                with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as server:
                    self._relay(client, server)
        except OSError:
            pass  # The client's error is what the tests look at.

    @staticmethod
    def _relay(client, server):
        # One direction at a time may use an ssl object: both here, as each becomes readable.
        client.settimeout(0)
        server.settimeout(0)
        with selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, (client, server))
            selector.register(server, selectors.EVENT_READ, (server, client))
            while True:
                for key, _ in selector.select(PATIENCE_S):
                    source, sink = key.data
                    while True:
                        try:
                            block = source.recv(65536)
                        except (BlockingIOError, ssl.SSLWantReadError):
                            break
                        if not block:
                            return
                        sink.settimeout(PATIENCE_S)
                        sink.sendall(block)
                        sink.settimeout(0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def example(name, url, *args):
    return subprocess.run([os.path.join(EXAMPLES, name), url, *args], capture_output=True, text=True,
                          timeout=60)


class ThroughATlsProxy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker('[[listeners]]\nport = 0\ntransport = "any"\ntls = "optional"\n' +
                            certificates.listener_keys("server"))
        cls.addClassCleanup(cls.broker.__exit__, None, None, None)

    def url(self, scheme, proxy, **keys):
        keys = {"proxy": f"https://127.0.0.1:{proxy.port}", "proxy_ca": certificates.authority("proxy-ca"),
                "ca": certificates.authority("ca"), **keys}
        return f"{scheme}://127.0.0.1:{self.broker.port}?" + urllib.parse.urlencode(keys)

    def test_every_transport_passes(self):
        for scheme in "mqtt", "mqtts", "ws", "wss":
            with self.subTest(scheme), TlsProxy() as proxy:
                subscriber = subprocess.Popen(
                    [os.path.join(EXAMPLES, "subscribe"), self.url(scheme, proxy), "news/#"],
                    stdout=subprocess.PIPE, text=True)
                self.assertEqual(subscriber.stdout.readline(), "ready\n")
                for payload in "x" * 100_000, "stop":
                    done = example("publish", self.url(scheme, proxy), "news/today", payload)
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                output, _ = subscriber.communicate(timeout=30)
                self.assertEqual(output, "news/today " + "x" * 100_000 + "\nnews/today stop\n")
                self.assertEqual(subscriber.returncode, 0)
                self.assertEqual(len(proxy.requests), 3)
                self.assertTrue(proxy.requests[0].startswith(f"CONNECT 127.0.0.1:{self.broker.port} "))

    def refusal(self, **keys):
        with TlsProxy(**keys.pop("proxied_by", {})) as proxy:
            client = subprocess.Popen(
                [os.path.join(EXAMPLES, "subscribe"), self.url("mqtts", proxy, **keys), "a"],
                stderr=subprocess.PIPE, text=True)
            try:
                return client.stderr.readline(), proxy
            finally:
                client.kill()
                client.wait()
                client.stderr.close()

    def test_an_authority_that_is_not_the_proxys_is_refused(self):
        said, proxy = self.refusal(proxy_ca=certificates.authority("ca"))
        self.assertIn(f"proxy 127.0.0.1:{proxy.port}: ", said)
        self.assertEqual(proxy.requests, [])

    def test_a_certificate_for_another_name_is_refused(self):
        certificates.issued("elsewhere", alternatives="DNS:elsewhere.example", by="proxy-ca")
        said, proxy = self.refusal(proxied_by={"certificate": "elsewhere"})
        self.assertIn(f"proxy 127.0.0.1:{proxy.port}: ", said)
        self.assertEqual(proxy.requests, [])

    def test_a_proxy_that_says_no_is_named(self):
        said, proxy = self.refusal(proxied_by={"answer": b"HTTP/1.1 403 Forbidden\r\n\r\n"})
        self.assertIn("403 Forbidden", said)
        self.assertGreaterEqual(len(proxy.requests), 1)


if __name__ == "__main__":
    unittest.main()
