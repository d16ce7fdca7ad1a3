# SPDX-License-Identifier: Apache-2.0
"""TLS listeners, driven by clients that nobody here wrote: mosquitto's, openssl's, Python's."""
import os
import pwd
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import tempfile
import threading
import time
import unittest

import certificates
import mosquitto
import wire
from broker import Broker

HERE = os.path.dirname(os.path.abspath(__file__))


def listener(**keys):
    keys = {"tls": '"required"', **keys}
    lines = [f"{name} = {value}" for name, value in keys.items()]
    return "[[listeners]]\n" + "\n".join(lines) + "\n"


def with_certificate(name="server", **keys):
    return listener(**keys) + certificates.listener_keys(name)


def context(version=None, certificate=None, by="ca"):
    made = ssl.create_default_context(cafile=certificates.authority(by))
    if version:
        made.minimum_version = made.maximum_version = version
    if certificate:
        made.load_cert_chain(*certificate)
    return made


class Client(wire.Client):
    """A raw client through Python's TLS."""

    def __init__(self, port, tls, name="localhost", session=None):
        self.version, self.buffer, self.messages = 5, b"", []
        plain = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.socket = tls.wrap_socket(plain, server_hostname=name, session=session)

    def come_in(self, name):
        self.send(wire.connect(name))
        return self.expect(wire.CONNACK)


def refused(port, tls, name="refused"):
    """The sentence with which the connection failed. With TLS 1.3 a client learns only from its first read that its
    certificate was not good enough."""
    try:
        client = Client(port, tls)
        client.come_in(name)
    except wire.Closed:
        return "closed"
    except (ssl.SSLError, ConnectionError) as error:
        return str(error)
    raise AssertionError("came in")


class Case(unittest.TestCase):
    def start(self, config, **more):
        broker = Broker(config=config, **more)
        self.addCleanup(broker.__exit__, None, None, None)
        return broker


class MosquittoTest(Case):
    def round_trip(self, broker, *options):
        command = ["-h", "localhost", "-p", str(broker.port), *options]
        subprocess.run(["mosquitto_pub", *command, "-t", "t", "-s", "-q", "2", "-r"], input="x" * 100_000, text=True,
                       check=True, timeout=20)
        heard = subprocess.run(["mosquitto_sub", *command, "-t", "t", "-C", "1", "-W", "20", "-q", "2"], capture_output=True,
                               text=True, timeout=30)
        self.assertTrue(heard.stdout == "x" * 100_000 + "\n", heard.stdout[:200] + heard.stderr)

    def test_both_versions(self):
        for layer in "user", "openssl":
            broker = self.start(with_certificate(tls_record_layer=f'"{layer}"'))
            for version in "tlsv1.2", "tlsv1.3":
                with self.subTest(layer=layer, version=version):
                    self.round_trip(broker, "--cafile", certificates.authority(), "--tls-version", version)

    def test_pre_shared_keys(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "keys")
            with open(path, "w") as file:
                file.write("one:00112233445566778899aabbccddeeff\n")
            os.chmod(path, 0o600)
            broker = self.start(listener(tls_psk_file=f'"{path}"'))
            self.round_trip(broker, "--psk-identity", "one", "--psk", "00112233445566778899aabbccddeeff")
            wrong = subprocess.run(["mosquitto_pub", "-h", "localhost", "-p", str(broker.port), "--psk-identity", "one", "--psk",
                                    "ff112233445566778899aabbccddeeff", "-t", "a", "-m", "b"], capture_output=True, timeout=20)
            self.assertNotEqual(wrong.returncode, 0)
            broker.wait_for_line("connection closed: .*")

    def test_client_certificates_are_verified(self):
        for name in "good", "bad":
            certificates.issued(name)
        crl = certificates.revocation_list("bad")
        broker = self.start(with_certificate(tls_client_certificates='"required"', tls_ca_file=f'"{certificates.authority()}"',
                                             tls_crl_file=f'"{crl}"'))
        own = ["--cert", certificates.path("good.pem"), "--key", certificates.path("good.key")]
        self.round_trip(broker, "--cafile", certificates.authority(), *own)


class VerificationTest(Case):
    def test_who_has_no_good_certificate_stays_out_and_the_log_says_why(self):
        good, revoked = certificates.issued("good-client"), certificates.issued("revoked-client")
        strange = certificates.issued("strange-client", by="stranger")
        crl = certificates.revocation_list("revoked-client")
        keys = {"tls_ca_file": f'"{certificates.authority()}"', "tls_crl_file": f'"{crl}"'}
        broker = self.start(with_certificate(tls_client_certificates='"required"', **keys))
        for certificate, line in ((None, "certificate"), (revoked, "revoked"), (strange, "authority|issuer|trust")):
            for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
                with self.subTest(certificate=certificate, version=version):
                    before = broker.count_lines("connection closed:.*(" + line + ")")
                    refused(broker.port, context(version, certificate))
                    broker.wait_for_line("connection closed:.*(" + line + ")", count=before + 1)
        client = Client(broker.port, context(certificate=good))
        self.assertEqual(client.come_in("good").body[1], 0)
        client.close()
        optional = self.start(with_certificate(tls_client_certificates='"optional"', **keys))
        Client(optional.port, context()).come_in("none")
        refused(optional.port, context(certificate=revoked))

    def test_versions_that_are_too_old_stay_out(self):
        broker = self.start(with_certificate(tls_version_min='"1.3"'))
        self.assertIn("version", refused(broker.port, context(ssl.TLSVersion.TLSv1_2)).lower().replace("_", " "))
        Client(broker.port, context(ssl.TLSVersion.TLSv1_3)).come_in("new")

    def test_a_protocol_that_is_not_ours_is_refused_by_name(self):
        broker = self.start(with_certificate())
        tls = context()
        tls.set_alpn_protocols(["h2"])
        self.assertIn("no application protocol", refused(broker.port, tls).lower().replace("_", " "))
        tls.set_alpn_protocols(["h2", "mqtt"])
        client = Client(broker.port, tls)
        self.assertEqual(client.socket.selected_alpn_protocol(), "mqtt")


class ServerTest(Case):
    def test_a_client_gets_the_certificate_that_it_asks_for(self):
        first, second = (certificates.issued(name, alternatives=f"DNS:{name}.example,DNS:*.{name}.example")
                         for name in ("first", "second"))
        broker = self.start(listener(tls_certificate_files=f'["{first[0]}", "{second[0]}"]',
                                     tls_key_files=f'["{first[1]}", "{second[1]}"]'))
        for name, subject in (("first.example", "first"), ("second.example", "second"), ("a.second.example", "second")):
            with self.subTest(name=name):
                client = Client(broker.port, context(), name)
                self.assertIn((("commonName", subject),), client.socket.getpeercert()["subject"])
                client.come_in("c")
                client.close()
        with self.assertRaises(ssl.SSLCertVerificationError):  # The first.
            Client(broker.port, context(), "third.example")

    def test_sessions_resume_across_cores_and_reloads(self):
        broker = self.start(with_certificate())
        for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
            tls = context(version)
            client = Client(broker.port, tls)
            client.come_in("r")  # Reads the tickets of TLS 1.3.
            session = client.socket.session
            client.close()
            for i in range(6):
                if i == 3:
                    broker.signal(signal.SIGHUP)
                    broker.wait_for_line("read again", count=1)
                client = Client(broker.port, tls, session=session)
                client.come_in(f"r{i}")
                self.assertTrue(client.socket.session_reused)
                session = client.socket.session
                client.close()

    def test_a_reload_changes_certificates_and_drops_nobody(self):
        with tempfile.TemporaryDirectory() as folder:
            old, new = certificates.issued("old"), certificates.issued("new")
            chain, key = os.path.join(folder, "c.pem"), os.path.join(folder, "k.pem")
            shutil.copy(old[0], chain)
            shutil.copy(old[1], key)
            broker = self.start(listener(tls_certificate_files=f'["{chain}"]', tls_key_files=f'["{key}"]'))
            stays = Client(broker.port, context())
            stays.come_in("stays")

            def subject():
                client = Client(broker.port, context())
                found = dict(pair for (pair,) in client.socket.getpeercert()["subject"])["commonName"]
                client.come_in("asks")
                client.close()
                return found

            self.assertEqual(subject(), "old")
            shutil.copy(new[0], chain)  # The key is still the old one.
            broker.signal(signal.SIGHUP)
            broker.wait_for_line("reload failed, everything stays as it was: .*key")
            self.assertEqual(subject(), "old")
            shutil.copy(new[1], key)
            broker.signal(signal.SIGHUP)
            broker.wait_for_line("certificates read again")
            self.assertEqual(subject(), "new")
            stays.send(b"\xc0\x00")
            stays.expect(wire.PINGRESP)

    def test_a_damaged_revocation_list_changes_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            revoked, good = certificates.issued("revoked-later"), certificates.issued("never-revoked")
            path = os.path.join(folder, "crl.pem")
            with open(certificates.revocation_list("revoked-later")) as file:
                text = file.read()
            with open(path, "w") as file:
                file.write(text)
            broker = self.start(with_certificate(tls_client_certificates='"required"', tls_crl_file=f'"{path}"',
                                                 tls_ca_file=f'"{certificates.authority()}"'))
            for count, damaged in enumerate((text + text[:len(text) // 2], text + text.replace("M", "!", 3)), 1):
                with open(path, "w") as file:
                    file.write(damaged)
                broker.signal(signal.SIGHUP)
                broker.wait_for_line(r"reload failed, everything stays as it was: .*crl\.pem:\d+: block 2 \(X509 CRL\) is damaged",
                                     count=count)
                refused(broker.port, context(certificate=revoked))
                Client(broker.port, context(certificate=good)).come_in("good")
            broker.wait_for_line("connection closed: .*'revoked-later' is revoked", count=2)

    def test_who_has_lost_its_pre_shared_key_does_not_resume(self):
        key = "00112233445566778899aabbccddeeff"
        with tempfile.TemporaryDirectory() as folder:
            path, session = os.path.join(folder, "keys"), os.path.join(folder, "session.pem")

            def write(text):
                with open(path, "w") as file:
                    file.write(text)

            def handshake(*options):
                done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{broker.port}", "-tls1_2", "-psk",
                                       key, "-psk_identity", "one", *options], stdin=subprocess.DEVNULL,
                                      capture_output=True, text=True, timeout=20)
                found = re.search("(New|Reused), TLSv1.2", done.stdout)
                return found.group(1) if found and done.returncode == 0 else "Refused"

            write(f"one:{key}\n")
            broker = self.start(listener(tls_psk_file=f'"{path}"'))
            self.assertEqual(handshake("-sess_out", session), "New")
            self.assertEqual(handshake("-sess_in", session), "Reused")
            write("two:ffffffffffffffffffff\n")
            broker.signal(signal.SIGHUP)
            broker.wait_for_line("read again")
            self.assertEqual(handshake("-sess_in", session), "Refused")
            broker.wait_for_line("connection closed: .*identity is unknown")

    def test_openssl_changes_keys_and_says_goodbye(self):
        broker = self.start(with_certificate(), args=("-v",))
        client = subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{broker.port}", "-CAfile",
                                   certificates.authority(), "-alpn", "mqtt", "-tls1_3"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)
        output = b""

        def until(pattern):
            nonlocal output
            while not re.search(pattern, output):
                more = client.stdout.read(1 << 16)  # What is there; ctest's patience bounds it.
                self.assertTrue(more, output)
                output += more

        # KeyUpdate with a request for ours, and without one. s_client takes one command a read, and keeps what it says
        # about that to itself until there is data.
        for said in b"K\n", b"k\n", wire.connect("changes"):
            time.sleep(0.6)
            client.stdin.write(said)
        until(rb"\x20[\x03-\x7f]\x00\x00")  # CONNACK, under our new keys.
        broker.wait_for_line("'changes' connected from 127.0.0.1")
        output += client.communicate(b"Q\n", timeout=10)[0]
        self.assertEqual(client.returncode, 0, output)
        self.assertIn(b"KEYUPDATE", output)
        self.assertIn(b"ALPN protocol: mqtt", output)

    def test_what_is_not_tls_is_told_from_it(self):
        broker = self.start(with_certificate() + "[limits]\nconnect_timeout_ms = 800\n")
        for data, line in ((wire.connect("plain"), "speaks plain MQTT"), (b"GET / HTTP/1.1\r\n\r\n", "speaks plain HTTP"),
                           (b"\x00" * 100, "not TLS")):
            with self.subTest(data=data[:4]), socket.create_connection(("127.0.0.1", broker.port), timeout=5) as plain:
                plain.sendall(data)
                try:
                    self.assertEqual(plain.recv(100), b"")
                except ConnectionResetError:
                    pass
                broker.wait_for_line("connection closed: .*(" + line + ")")
        with socket.create_connection(("127.0.0.1", broker.port), timeout=5) as slow:  # A handshake that stops.
            slow.sendall(b"\x16\x03\x01\x02")
            start = time.monotonic()
            self.assertEqual(slow.recv(100), b"")
            self.assertLess(time.monotonic() - start, 4)
        Client(broker.port, context()).come_in("still")

    def test_one_port_for_everything(self):
        broker = self.start(with_certificate(tls='"optional"', transport='"any"'))
        plain = wire.Client(broker.port)
        plain.send(wire.connect("plain"))
        plain.expect(wire.CONNACK)
        Client(broker.port, context()).come_in("tls")
        plain.close()

    def test_the_key_log_is_for_its_owner_only(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "keys.log")
            broker = self.start(with_certificate(), args=("--tls-keylog", path))
            broker.wait_for_line("keys of TLS sessions are written to")
            Client(broker.port, context(ssl.TLSVersion.TLSv1_3)).come_in("seen")
            with open(path) as file:
                self.assertIn("CLIENT_TRAFFIC_SECRET_0 ", file.read())
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)

    def test_what_is_wrong_in_the_configuration_is_said(self):
        certificate, key = certificates.issued("server")
        other = certificates.issued("other")[1]
        for config, line in ((listener(), "expected one file or more, or tls_psk_file"),
                             (listener(tls='"off"', tls_ca_file='"x"'), 'expected "required" or "optional" beside'),
                             (listener(tls='"maybe"'), 'expected one of "off", "required", "optional"'),
                             (listener(tls_certificate_files=f'["{certificate}"]', tls_key_files='["a", "b"]'),
                              "expected as many as certificates"),
                             (with_certificate(tls_client_certificates='"required"'), "expected the authorities"),
                             (listener(tls_certificate_files='["/none.pem"]'), "/none.pem: No such file"),
                             (with_certificate(tls_ciphers='"NONSENSE"'), "NONSENSE|cipher"),
                             (listener(tls_certificate_files=f'["{certificate}"]', tls_key_files=f'["{other}"]'), "key")):
            with self.subTest(line=line), self.assertRaisesRegex(AssertionError, line):
                Broker(config=config)


class AnnouncementTest(Case):
    def test_a_listener_says_what_it_asks_for(self):
        mutual = {"tls_client_certificates": '"required"', "tls_ca_file": f'"{certificates.authority()}"',
                  "allow_anonymous": '"never"'}
        for keys, text in (({**mutual, "identity": '"certificate_cn"'}, "client certificate required"),
                           (mutual, "client certificate required, user name and password required"),
                           ({**mutual, "allow_anonymous": '"always"'}, "client certificate required, anonymous clients allowed"),
                           ({"allow_anonymous": '"never"'}, "user name and password required")):
            with self.subTest(text=text):
                broker = self.start(with_certificate(**keys))
                broker.wait_for_line(r"listening on .* with TLS \(" + text + r"\)")


@unittest.skipUnless(shutil.which("node") and os.path.isdir(os.path.join(HERE, "mqttjs", "node_modules", "mqtt")),
                     "mqtt.js is not installed (npm ci in tests/system/mqttjs)")
class MqttJsTest(Case):
    def test_mqtts_and_wss(self):
        broker = self.start(with_certificate(transport='"any"'))
        for url in f"mqtts://localhost:{broker.port}", f"wss://localhost:{broker.port}/mqtt":
            for version in "45":
                with self.subTest(url=url, version=version):
                    subprocess.run(["node", "round_trip.js", url, version], check=True, timeout=30,
                                   cwd=os.path.join(HERE, "mqttjs"),
                                   env={**os.environ, "NODE_EXTRA_CA_CERTS": certificates.authority()})


class IdentityTest(Case):
    """Who a client is by its certificate or key. The ACL file shows whom the broker takes it for."""
    acl = "pattern readwrite names/%u\npattern readwrite ids/%c\n"

    def start_with(self, identity, use="username", more="", **keys):
        keys = {"tls_client_certificates": '"optional"', "tls_ca_file": f'"{certificates.authority()}"',
                "identity": f'"{identity}"', "identity_as": f'"{use}"', "allow_anonymous": '"never"', **keys}
        config = with_certificate(**keys) + '[auth]\nacl_file = "@DIR@/acl"\n' + more
        return self.start(config, files={"acl": self.acl})

    def may(self, client, topic):
        client.send(wire.subscribe([(topic, 1)]))
        return client.expect(wire.SUBACK).body[-1] < 0x80

    def test_a_certificate_says_who_it_is_and_no_password_is_asked_for(self):
        certificate = certificates.issued("ann", subject="/O=plant/CN=ann", alternatives="DNS:ann.example,email:ann@example")
        for source, name in (("certificate_cn", "ann"), ("certificate_dn", "CN=ann,O=plant"),
                             ("certificate_san", "ann.example")):
            with self.subTest(source=source):
                broker = self.start_with(source)
                for client_id in "a", "b", "c":  # Sessions of both shards.
                    client = Client(broker.port, context(certificate=certificate))
                    client.send(wire.connect(client_id, username="somebody-else", password=b"guess"))
                    self.assertEqual(client.expect(wire.CONNACK).body[1], 0)
                    self.assertTrue(self.may(client, "names/" + name))
                    self.assertFalse(self.may(client, "names/somebody-else"))
                    client.close()

    def test_who_has_no_certificate_needs_a_password(self):
        broker = self.start_with("certificate_cn", more='[[users]]\nname = "bob"\npassword = "secret"\n')
        for password, reason in ((b"secret", 0), (b"wrong", 0x86)):
            client = Client(broker.port, context())
            client.send(wire.connect("x", username="bob", password=password))
            self.assertEqual(client.expect(wire.CONNACK).body[1], reason)
        client = Client(broker.port, context())
        client.send(wire.connect("x"))
        self.assertEqual(client.expect(wire.CONNACK).body[1], 0x87)

    def test_a_certificate_without_that_name_is_nobody(self):
        broker = self.start_with("certificate_san")
        client = Client(broker.port, context(certificate=certificates.issued("bare", alternatives=None)))
        client.send(wire.connect("x", username="bob", password=b"secret"))
        self.assertEqual(client.expect(wire.CONNACK).body[1], 0x86)

    def test_a_client_identifier_is_the_certificates_or_none(self):
        certificate = certificates.issued("device-7")
        broker = self.start_with("certificate_cn", "client_id", allow_anonymous='"always"')
        for client_id, who, reason in (("device-7", certificate, 0), ("", certificate, 0), ("device-8", certificate, 0x85),
                                       ("device-7", None, 0x87)):
            with self.subTest(client_id=client_id, who=who):
                client = Client(broker.port, context(certificate=who))
                client.send(wire.connect(client_id))
                connack = client.expect(wire.CONNACK)
                self.assertEqual(connack.body[1], reason)
                if reason == 0:
                    self.assertTrue(self.may(client, "ids/device-7"))
                    self.assertEqual(connack.get(18), None if client_id else "device-7")
                client.close()

    def test_a_client_identifier_of_a_certificate_leads_to_its_core(self):
        broker = self.start_with("certificate_cn", "client_id", allow_anonymous='"always"')
        for name in "device-1", "device-2", "device-3", "device-4":
            for _ in range(3):  # Arrives on either core.
                client = Client(broker.port, context(certificate=certificates.issued(name)))
                client.send(wire.connect(""))
                self.assertEqual(client.expect(wire.CONNACK).get(18), name)
                client.close()

    def test_a_key_is_an_identity_too(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "keys")
            with open(path, "w") as file:
                file.write("sensor:00112233445566778899aabbccddeeff\n")
            os.chmod(path, 0o600)
            broker = self.start_with("certificate_cn", tls_psk_file=f'"{path}"')
            for topic, answer in (("names/sensor", 0), ("names/other", 1)):
                done = subprocess.run(["mosquitto_sub", "-h", "localhost", "-p", str(broker.port), "--psk-identity", "sensor",
                                       "--psk", "00112233445566778899aabbccddeeff", "-t", topic, "-E"], capture_output=True,
                                      text=True, timeout=20)
                self.assertEqual("denied" in done.stderr + done.stdout, bool(answer), done)

    def test_says_everything_and_leaves_at_once(self):
        """CONNECT, PUBLISH, DISCONNECT and close_notify may come in one segment."""
        certificate = certificates.issued("hasty")
        broker = self.start_with("certificate_cn")
        watcher = Client(broker.port, context(certificate=certificate))
        watcher.come_in("watcher")
        self.assertTrue(self.may(watcher, "names/hasty"))
        for client_id in "hasty-1", "hasty-2", "hasty-3", "hasty-4":  # Some of them have to go to the other core.
            plain = socket.create_connection(("127.0.0.1", broker.port), timeout=5)
            into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = context(certificate=certificate).wrap_bio(into, out, server_hostname="localhost")
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    plain.sendall(out.read())
                    into.write(plain.recv(1 << 16))
            tls.write(wire.connect(client_id) + wire.publish("names/hasty", client_id.encode()) + b"\xe0\x00")
            try:
                tls.unwrap()
            except ssl.SSLWantReadError:
                pass
            plain.sendall(out.read())  # With the client's Finished in front.
            self.assertTrue(watcher.expect(wire.PUBLISH).body.endswith(client_id.encode()))
            plain.close()

    def test_wrong_combinations_are_said(self):
        for config, line in ((with_certificate(identity='"certificate_cn"'), "expected tls_client_certificates or tls_psk_file"),
                             (with_certificate(identity_as='"client_id"'), "expected one beside identity_as"),
                             (with_certificate(identity='"unix_user"'), "expected unix_user for an address that begins")):
            with self.subTest(line=line), self.assertRaisesRegex(AssertionError, line):
                Broker(config=config)

    def test_the_user_of_a_local_process(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "s")
            config = (f'[[listeners]]\n[[listeners]]\naddress = "unix:{path}"\nidentity = "unix_user"\n'
                      'allow_anonymous = "never"\nunix_mode = "0666"\n[auth]\nacl_file = "@DIR@/acl"\n')
            self.start(config, files={"acl": self.acl})
            os.chmod(folder, 0o755)
            client = Client.__new__(Client)
            client.version, client.buffer, client.messages = 5, b"", []
            client.socket = socket.socket(socket.AF_UNIX)
            client.socket.connect(path)
            self.assertEqual(client.come_in("local").body[1], 0)
            self.assertTrue(self.may(client, "names/" + pwd.getpwuid(os.getuid()).pw_name))
            self.assertFalse(self.may(client, "names/daemon"))
            client.close()


@unittest.skipUnless(os.environ.get("RINGMQ_TOOLS"), "needs our command line")
class OurClientTest(Case):
    """Our own client, through `ringmq`, against ringmqd and against mosquitto."""

    def ringmq(self, *words, **more):
        return subprocess.run([os.path.join(os.environ["RINGMQ_TOOLS"], "ringmq", "ringmq"), *words], timeout=30,
                              capture_output=True, text=True, **more)

    def round_trip(self, url, *options):
        sent = self.ringmq("pub", "-L", url, "-t", "o", *options, "-q", "2", "-r", "-s", input="y" * 200_000)
        self.assertEqual((sent.returncode, sent.stderr), (0, ""))
        heard = self.ringmq("sub", "-L", url, "-t", "o", *options, "-C", "1", "-W", "20", "-q", "2", "-N")
        self.assertEqual((heard.returncode, heard.stderr), (0, ""))
        self.assertTrue(heard.stdout == "y" * 200_000)

    def test_every_transport_to_mosquitto(self):
        certificate, key = certificates.issued("server")
        with tempfile.TemporaryDirectory() as folder:
            keys = os.path.join(folder, "keys")
            with open(keys, "w") as file:
                file.write("me:00112233445566778899\n")
            ports = []
            tls = f"certfile {certificate}\nkeyfile {key}\n"

            def config():
                ports[:] = [mosquitto.free_port() for _ in range(4)]
                return ("user root\nlog_dest none\n"
                        f"listener {ports[0]} 127.0.0.1\n{tls}"
                        f"listener {ports[1]} 127.0.0.1\n{tls}cafile {certificates.authority()}\nrequire_certificate true\n"
                        f"listener {ports[2]} 127.0.0.1\nprotocol websockets\n"
                        f"listener {ports[3]} 127.0.0.1\npsk_hint h\npsk_file {keys}\n")

            with mosquitto.Mosquitto(config):
                ca = "--cafile", certificates.authority()
                own = certificates.issued("own")
                self.round_trip(f"mqtts://localhost:{ports[0]}", *ca)
                self.round_trip(f"mqtts://localhost:{ports[1]}", *ca, "--cert", own[0], "--key", own[1])
                self.round_trip(f"ws://localhost:{ports[2]}/mqtt")
                self.round_trip(f"mqtts://localhost:{ports[3]}", "--psk", "00112233445566778899", "--psk-identity", "me")

    def test_every_transport_to_ours(self):
        broker = self.start(with_certificate(tls='"optional"', transport='"any"'))
        for url in "mqtts://localhost:{}", "ws://localhost:{}/mqtt", "wss://localhost:{}/mqtt", "mqtt://localhost:{}":
            with self.subTest(url=url):
                ca = ("--cafile", certificates.authority()) if "s:" in url.replace("ws:", "") else ()
                self.round_trip(url.format(broker.port), *ca)

    def test_tls_and_wss_through_a_proxy_that_answers_too_early(self):
        broker = self.start(with_certificate(transport='"any"'))
        listening = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listening.close)

        def serve():
            for _ in range(2):
                client, _ = listening.accept()
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")  # Nobody has asked yet.
                asked = b""
                while b"\r\n\r\n" not in asked:
                    asked += client.recv(1)
                server = socket.create_connection(("127.0.0.1", broker.port))
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=pump, args=(source, target), daemon=True).start()

        def pump(source, target):
            while data := source.recv(1 << 16):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

        threading.Thread(target=serve, daemon=True).start()
        for url in f"mqtts://localhost:{broker.port}", f"wss://localhost:{broker.port}/mqtt":
            done = self.ringmq("pub", "-L", url, "-t", "o", "-m", "x", "-q", "1", "--cafile", certificates.authority(),
                               "--proxy", f"http://127.0.0.1:{listening.getsockname()[1]}", "-d")
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_says_which_check_failed_and_for_which_name(self):
        names = {"late": "days", "wrong": "alternatives"}
        certificates.issued("late", days="-1")
        certificates.issued("wrong", alternatives="DNS:other.example")
        for name, line in (("late", "expired"), ("wrong", "localhost"), ("server", "unknown authority")):
            with self.subTest(name=name):
                broker = self.start(with_certificate(name) if name in names else with_certificate())
                ca = certificates.authority("stranger" if name == "server" else "ca")
                failed = self.ringmq("pub", "-L", f"mqtts://localhost:{broker.port}", "-t", "a", "-m", "b", "--cafile", ca)
                self.assertEqual(failed.returncode, 2)
                self.assertRegex(failed.stderr, line)


if __name__ == "__main__":
    unittest.main()
