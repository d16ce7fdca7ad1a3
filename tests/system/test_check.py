# SPDX-License-Identifier: Apache-2.0
"""`ringmqd --check` refuses what a start would refuse, in the same words and with the place."""
import os
import subprocess
import tempfile
import unittest

import certificates
from test_tls import listener, with_certificate


def checked(config):
    """Exit code and output of `ringmqd --check`, and the same of a start that fails; a good one is not started."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "ringmqd.toml")
        with open(path, "w") as file:
            file.write(config)
        command = [os.environ["RINGMQD"], "-c", path, "-p", "0"]
        check = subprocess.run([*command, "--check"], capture_output=True, text=True, timeout=30, cwd=folder)
        if check.returncode == 0:
            return 0, check.stdout, check.stderr, ""
        start = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=folder)
        return check.returncode, check.stdout, check.stderr.replace(path, "FILE"), start.stderr.replace(path, "FILE")


class CheckTest(unittest.TestCase):
    def test_what_a_listener_cannot_load_is_refused_with_its_place(self):
        certificate, key = certificates.issued("server")
        other = certificates.issued("other")[1]
        authority = certificates.authority()
        mutual = {"tls_client_certificates": '"required"'}
        with tempfile.TemporaryDirectory() as folder:
            damaged = os.path.join(folder, "damaged.pem")
            with open(authority) as good, open(damaged, "w") as file:
                file.write(good.read() + "-----BEGIN CERTIFICATE-----\nQUJD\n")
            keys = os.path.join(folder, "keys")
            with open(keys, "w") as file:
                file.write("one:xyz\n")
            for config, place in (
                    (listener(tls_certificate_files='["/none.pem"]'), "3: listeners[0].tls_certificate_files: cannot read"),
                    (listener(tls_certificate_files=f'["{certificate}"]', tls_key_files='["/none.key"]'),
                     "4: listeners[0].tls_key_files: cannot read"),
                    (listener(tls_certificate_files=f'["{certificate}"]', tls_key_files=f'["{other}"]'),
                     "4: listeners[0].tls_key_files: the key in"),
                    (with_certificate(tls_ciphers='"NOPE"'), '3: listeners[0].tls_ciphers: no usable cipher in "NOPE"'),
                    (with_certificate(tls_ciphersuites='"NOPE"'), "3: listeners[0].tls_ciphersuites: unknown TLS 1.3 cipher"),
                    (with_certificate(tls_curves='"NOPE"'), '3: listeners[0].tls_curves: unknown curve in "NOPE"'),
                    (with_certificate(**mutual, tls_ca_file='"/none.ca"'), "4: listeners[0].tls_ca_file: cannot read"),
                    (with_certificate(**mutual, tls_ca_file=f'"{damaged}"'), "4: listeners[0].tls_ca_file: " + damaged),
                    (with_certificate(**mutual, tls_ca_path=f'"{folder}"'), "4: listeners[0].tls_ca_path: no authorities in"),
                    (with_certificate(**mutual, tls_ca_file=f'"{authority}"', tls_crl_file='"/none.crl"'),
                     "5: listeners[0].tls_crl_file: cannot read"),
                    (listener(tls_psk_file=f'"{keys}"'), "3: listeners[0].tls_psk_file: " + keys + ":1: the key must"),
                    (listener(tls='"off"', websocket_paths='["mqtt"]'), "3: listeners[0].websocket_paths: expected a path that"),
                    (with_certificate(identity='"certificate_dn"', proxy_protocol='"required"',
                                      trusted_proxies='["127.0.0.1"]'), "3: listeners[0].identity: expected certificate_cn"),
                    (listener(tls='"off"', address='"unix:@name"', unix_mode='"0600"'),
                     "4: listeners[0].unix_mode: expected a path as address"),
                    (listener(tls='"off"', address='"unix:@name"', unix_owner='"root"'),
                     "4: listeners[0].unix_owner: expected a path as address"),
                    ('[auth]\npassword_file = "/none"\n', None), ('[auth]\nacl_file = "/none"\n', None)):
                with self.subTest(place=place, config=config):
                    code, out, check, start = checked(config)
                    self.assertEqual((code, out), (1, ""), check)
                    if place:
                        self.assertTrue(check.startswith("ringmqd: FILE:" + place), check)
                    self.assertIn(check.removeprefix("ringmqd: "), start)

    def test_a_good_configuration_is_good_and_leaves_nothing_behind(self):
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, "keys.log")
            code, out, _, _ = checked(f'[server]\ntls_keylog_file = "{log}"\n' + with_certificate())
            self.assertEqual((code, out), (0, "configuration ok\n"))
            self.assertFalse(os.path.exists(log))
