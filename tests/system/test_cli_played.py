# SPDX-License-Identifier: Apache-2.0
"""`ringmq pub|sub|rr` against a server that the test plays itself, packet by packet."""
import base64
import hashlib
import hmac
import os
import pty
import select
import signal
import socket
import ssl
import subprocess
import termios
import unittest

import certificates
import wire

RINGMQ = os.path.join(os.environ.get("RINGMQ_TOOLS", "build/dev/tools"), "ringmq/ringmq")
ENVIRONMENT = {**os.environ, "XDG_CONFIG_HOME": "/nonexistent"}
PATIENCE_S = 20
USER_PROPERTY, METHOD, DATA, PROBLEM_INFORMATION = 38, 21, 22, 23


class Played(wire.Client):
    """Runs the tool and takes its connection. CONNECT has been read: `connect`, `client_id`, `login`."""

    def __init__(self, *args, **environment):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(PATIENCE_S)
            command, *rest = args
            self.tool = subprocess.Popen(
                [RINGMQ, command, "-h", "127.0.0.1", "-p", str(listener.getsockname()[1]), *rest],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**ENVIRONMENT, **environment})
            self.socket, _ = listener.accept()
        self.version, self.buffer, self.messages = 5, b"", []
        self.connect = packet = self.expect(wire.CONNECT, PATIENCE_S)
        flags, packet.at = packet.body[7], 10
        packet._props()
        self.client_id = packet._text()
        self.login = [packet._text() for bit in (0x80, 0x40) if flags & bit]

    def accept(self, properties=()):
        self.send(wire.frame(wire.CONNACK, 0, b"\0\0" + wire.props(properties)))

    def request(self, kind):
        """The properties of a SUBSCRIBE or UNSUBSCRIBE, which is granted."""
        packet = self.expect(kind, PATIENCE_S)
        packet_id = packet._number(2)
        packet._props()
        self.send(wire.frame(kind + 1, 0, packet_id.to_bytes(2, "big") + wire.props(()) + b"\0"))
        return packet.all(USER_PROPERTY)

    def end(self):
        """Exit code and what was said on the standard error."""
        try:
            while True:
                self.recv(PATIENCE_S)
        except wire.Closed:
            self.socket.close()  # The tool waits for that.
        errors = self.tool.communicate(timeout=PATIENCE_S)[1].decode()
        return self.tool.returncode, errors


class Scram:
    """The server's half of RFC 5802, written for this test."""

    def __init__(self, first, password):
        assert first.startswith(b"n,,n="), first
        self.first_bare = first.decode()[3:]
        name, self.nonce = self.first_bare.split(",")
        self.name = name.removeprefix("n=")
        self.salt, self.password = b"salt of the server", password

    def challenge(self):
        salt = base64.b64encode(self.salt).decode()
        self.server_first = f"{self.nonce}server,s={salt},i=4096"
        return self.server_first.encode()

    @staticmethod
    def _hmac(key, text):
        return hmac.new(key, text, "sha256").digest()

    def verify(self, final):
        """The server's proof; an assertion if the client has none."""
        bare, proof = final.decode().rsplit(",p=", 1)
        message = ",".join((self.first_bare, self.server_first, bare)).encode()
        salted = hashlib.pbkdf2_hmac("sha256", self.password, self.salt, 4096)
        key = self._hmac(salted, b"Client Key")
        signature = self._hmac(hashlib.sha256(key).digest(), message)
        assert base64.b64decode(proof) == bytes(a ^ b for a, b in zip(key, signature)), "a wrong password"
        return b"v=" + base64.b64encode(self._hmac(self._hmac(salted, b"Server Key"), message))


class Properties(unittest.TestCase):
    def test_every_packet_has_the_user_properties_that_it_was_given(self):
        server = Played("sub", "-t", "a", "-U", "b", "-E", "-D", "connect", "user-property", "c", "1",
                        "-D", "subscribe", "user-property", "s", "2", "-D", "subscribe", "user-property", "s", "3",
                        "-D", "unsubscribe", "user-property", "u", "4",
                        "-D", "disconnect", "user-property", "d", "5")
        self.assertEqual(server.connect.all(USER_PROPERTY), [("c", "1")])
        server.accept()
        self.assertEqual(server.request(wire.SUBSCRIBE), [("s", "2"), ("s", "3")])
        self.assertEqual(server.request(wire.UNSUBSCRIBE), [("u", "4")])
        self.assertEqual(server.expect(wire.DISCONNECT).all(USER_PROPERTY), [("d", "5")])
        self.assertEqual(server.end(), (0, ""))

    def test_requests_subscribe_with_theirs(self):
        server = Played("rr", "-t", "a", "-n", "-W", "0.1", "-D", "subscribe", "user-property", "s", "2")
        server.accept()
        self.assertEqual(server.request(wire.SUBSCRIBE), [("s", "2")])
        self.assertEqual(server.end()[0], 27)

    def test_reasons_need_not_be_asked_for(self):
        server = Played("pub", "-t", "a", "-n", "-D", "connect", "request-problem-information", "0")
        self.assertEqual(server.connect.get(PROBLEM_INFORMATION), 0)
        server.accept()
        self.assertEqual(server.end(), (0, ""))


class EnhancedAuthentication(unittest.TestCase):
    ARGUMENTS = ("pub", "-t", "a", "-n", "-u", "m,e", "-D", "connect", "authentication-method", "SCRAM-SHA-256")

    def begin(self, password):
        server = Played(*self.ARGUMENTS, RINGMQ_PASSWORD=password)
        self.assertEqual(server.connect.get(METHOD), "SCRAM-SHA-256")
        self.assertEqual(server.login, [], "the password was shown")
        scram = Scram(server.connect.get(DATA), b"secret")
        self.assertEqual(scram.name, "m=2Ce")
        server.send(wire.frame(wire.AUTH, 0, b"\x18" + wire.props(
            [(METHOD, "SCRAM-SHA-256"), (DATA, scram.challenge())])))
        answer = server.expect(wire.AUTH, PATIENCE_S)
        return server, scram, answer.get(DATA)

    def test_the_password_is_proved_and_not_shown(self):
        server, scram, proof = self.begin("secret")
        server.accept([(METHOD, "SCRAM-SHA-256"), (DATA, scram.verify(proof))])
        self.assertEqual(server.end(), (0, ""))

    def test_a_server_that_does_not_know_the_password_is_refused(self):
        server, scram, proof = self.begin("another")
        self.assertRaises(AssertionError, scram.verify, proof)
        server.accept([(METHOD, "SCRAM-SHA-256"), (DATA, b"v=" + base64.b64encode(b"x" * 32))])
        code, errors = server.end()
        self.assertIn("cannot prove that it knows the password", errors)
        self.assertEqual(code, 2)

    def test_other_methods_are_not_built_in(self):
        for name, value, why in (("authentication-method", "KERBEROS", "SCRAM-SHA-256 alone"),
                                 ("authentication-data", "x", "makes its data itself")):
            done = subprocess.run([RINGMQ, "pub", "-t", "a", "-n", "-D", "connect", name, value],
                                  capture_output=True, text=True, env=ENVIRONMENT, timeout=PATIENCE_S)
            self.assertEqual(done.returncode, 5)
            self.assertIn(why, done.stderr)


class WrongCommandLines(unittest.TestCase):
    """What only the library notices is said in words of the command line, too."""

    def test_hosts_that_are_none_go_nowhere(self):
        evil = "a\r\nEvil: 1\r\nb"
        for option, *args in (("-h", "-h", evil, "--proxy", "http://127.0.0.1:1"),
                              ("-L", "-L", f"ws://{evil}/mqtt"), ("--proxy", "--proxy", f"http://{evil}:80")):
            done = subprocess.run([RINGMQ, "pub", "-t", "a", "-n", *args], capture_output=True, text=True,
                                  env=ENVIRONMENT, timeout=PATIENCE_S)
            self.assertEqual(done.returncode, 1)
            self.assertTrue(done.stderr.startswith(f"ringmq: {option}: "), done.stderr)
            self.assertIn("\nFor example: ringmq pub ", done.stderr)

    def test_options_are_named_and_an_example_is_given(self):
        for option, *values in (("--cafile", "/no/such"), ("--cafile", __file__),
                                ("--capath", "/no/such/folder"), ("--ciphers", "none"), ("-A", "junk"),
                                ("-D connect user-property", "k", "\udcff")):
            done = subprocess.run([RINGMQ, "pub", "-t", "a", "-n", "-L", "mqtts://127.0.0.1:1", "--quiet",
                                   *option.split(), *values], capture_output=True, text=True, env=ENVIRONMENT, timeout=PATIENCE_S)
            self.assertEqual(done.returncode, 1)
            self.assertTrue(done.stderr.startswith(f"ringmq: {option}: "), done.stderr)
            self.assertIn(f"\nFor example: ringmq pub {option} ", done.stderr)


class Debugging(unittest.TestCase):
    def test_packets_are_told_in_both_directions(self):
        server = Played("pub", "-V", "5", "-t", "a", "-m", "xyz", "-d")
        server.accept()
        code, errors = server.end()
        self.assertEqual(code, 0)
        lines = [line for line in errors.splitlines() if " bytes" in line]
        self.assertEqual([line.split(", ")[0] for line in lines],
                         ["ringmq: sent CONNECT", "ringmq: received CONNACK", "ringmq: sent PUBLISH",
                          "ringmq: sent DISCONNECT"])
        self.assertEqual(lines[1], "ringmq: received CONNACK, 5 bytes")
        self.assertEqual(lines[2], "ringmq: sent PUBLISH, 9 bytes")


class Connections(unittest.TestCase):
    """Where a connection comes from, and what its TLS says first."""

    def setUp(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(PATIENCE_S)
        self.addCleanup(self.listener.close)

    def start(self, *args, **environment):
        """The tool, and its connection with where that comes from."""
        tool = subprocess.Popen(
            [RINGMQ, "pub", "-h", "127.0.0.1", "-p", str(self.listener.getsockname()[1]), "-t", "a", "-n", *args],
            stderr=subprocess.PIPE, text=True, env={**ENVIRONMENT, **environment})
        self.addCleanup(tool.wait)
        self.addCleanup(tool.kill)
        self.addCleanup(tool.stderr.close)
        plain, address = self.listener.accept()
        plain.settimeout(PATIENCE_S)
        return tool, plain, address[0]

    def test_the_source_address_is_the_one_asked_for(self):
        for address in "127.0.0.9", "127.0.0.10":
            _, plain, source = self.start("-A", address)
            plain.close()
            self.assertEqual(source, address)

    def server(self, *protocols):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificates.issued("server"))
        context.set_alpn_protocols(protocols)
        return context

    def test_alpn_names_the_protocol_that_was_asked_for(self):
        for args, expected in (("--tls-alpn", "ours/1"), "ours/1"), ((), "mqtt"):
            _, plain, _ = self.start("--cafile", certificates.authority(), *args)
            with self.server("other", "ours/1", "mqtt").wrap_socket(plain, server_side=True) as client:
                self.assertEqual(client.selected_alpn_protocol(), expected)

    def test_the_systems_authorities_are_asked_when_wanted(self):
        certificates.authority("unrelated")
        for system, taken in ((certificates.authority(), True), (certificates.authority("unrelated"), False)):
            # OpenSSL takes the files from there instead.
            tool, plain, _ = self.start("--tls-use-os-certs", SSL_CERT_FILE=system, SSL_CERT_DIR="/nonexistent")
            if taken:
                with self.server("mqtt").wrap_socket(plain, server_side=True) as client:
                    self.assertEqual(client.recv(1), b"\x10")  # CONNECT.
                continue
            # The refusal may come with the server's next read.
            with self.assertRaises(OSError), self.server("mqtt").wrap_socket(plain, server_side=True) as client:
                if client.recv(1) == b"":
                    raise OSError("closed")
            self.assertEqual(tool.wait(PATIENCE_S), 2)
            self.assertIn("unknown authority", tool.stderr.read())


class EncryptedKeys(unittest.TestCase):
    """Against a TLS server that wants a certificate; the key to it has a password."""
    PASSWORD = "a b\u00e9c"

    @classmethod
    def setUpClass(cls):
        cls.certificate, plain = certificates.issued("keyed")
        cls.key = certificates.path("keyed-encrypted.key")
        subprocess.run(["openssl", "pkcs8", "-topk8", "-in", plain, "-out", cls.key, "-passout", "env:PASSWORD"],
                       check=True, capture_output=True, env={**os.environ, "PASSWORD": cls.PASSWORD})
        cls.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cls.context.load_cert_chain(*certificates.issued("server"))
        cls.context.load_verify_locations(certificates.authority())
        cls.context.verify_mode = ssl.CERT_REQUIRED

    def setUp(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(PATIENCE_S)
        self.addCleanup(self.listener.close)

    def command(self, *args):
        return [RINGMQ, "pub", "-h", "127.0.0.1", "-p", str(self.listener.getsockname()[1]), "-t", "a", "-n",
                "--cafile", certificates.authority(), "--cert", self.certificate, "--key", self.key, *args]

    def expect_our_certificate(self):
        plain, _ = self.listener.accept()
        plain.settimeout(PATIENCE_S)
        with self.context.wrap_socket(plain, server_side=True) as client:
            self.assertIn((("commonName", "keyed"),), client.getpeercert()["subject"])

    def test_scripts_give_the_password_in_an_option_or_the_environment(self):
        for args, environment in ((["--keypass", self.PASSWORD], {}), ([], {"RINGMQ_KEY_PASSWORD": self.PASSWORD})):
            tool = subprocess.Popen(self.command(*args), stderr=subprocess.DEVNULL,
                                    env={**ENVIRONMENT, **environment})
            self.expect_our_certificate()
            tool.kill()
            tool.wait()

    def test_without_a_terminal_it_says_what_is_missing(self):
        done = subprocess.run(self.command(), capture_output=True, text=True, env=ENVIRONMENT, timeout=PATIENCE_S,
                              start_new_session=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--keypass or RINGMQ_KEY_PASSWORD", done.stderr)
        self.assertIn("For example: ringmq pub ", done.stderr)

    def test_a_wrong_password_is_named(self):
        done = subprocess.run(self.command("--keypass", "x"), capture_output=True, text=True, env=ENVIRONMENT,
                              timeout=PATIENCE_S)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--keypass: wrong password", done.stderr)

    def on_a_terminal(self):
        """The process and the other end of its terminal, which has asked."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(RINGMQ, self.command(), ENVIRONMENT)
        self.addCleanup(os.close, terminal)
        return pid, terminal, self.read_until(terminal, b": ")

    @staticmethod
    def read_until(terminal, mark):
        shown = b""
        while mark not in shown:
            if not select.select([terminal], [], [], PATIENCE_S)[0]:
                raise AssertionError(f"only {shown}")
            try:
                data = os.read(terminal, 1000)
            except OSError:  # Nobody has the other end any more.
                break
            shown += data
        return shown

    def test_on_a_terminal_it_asks_and_shows_nothing(self):
        pid, terminal, asked = self.on_a_terminal()
        self.assertIn(b"Password of " + self.key.encode() + b": ", asked)
        self.assertFalse(termios.tcgetattr(terminal)[3] & termios.ECHO)
        os.write(terminal, self.PASSWORD.encode() + b"\n")
        self.expect_our_certificate()
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        shown = self.read_until(terminal, b"no end")
        self.assertNotIn(b"a b", asked + shown)
        self.assertTrue(termios.tcgetattr(terminal)[3] & termios.ECHO)

    def test_an_interruption_leaves_the_terminal_as_it_was(self):
        pid, terminal, _ = self.on_a_terminal()
        os.write(terminal, b"half\x03")
        status = os.waitpid(pid, 0)[1]
        self.assertEqual(os.WTERMSIG(status), signal.SIGINT)
        self.assertTrue(termios.tcgetattr(terminal)[3] & termios.ECHO)


if __name__ == "__main__":
    unittest.main()
