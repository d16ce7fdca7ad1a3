# SPDX-License-Identifier: Apache-2.0
"""Authorities and certificates for tests, made by openssl's command line on demand."""
import atexit
import functools
import os
import shutil
import subprocess
import tempfile


def _openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True, timeout=30)


@functools.cache
def directory():
    made = tempfile.mkdtemp(prefix="ringmq-certificates-")
    atexit.register(shutil.rmtree, made, True)
    return made


def path(name):
    return os.path.join(directory(), name)


def authority(name="ca"):
    """The path of an authority's certificate."""
    if os.path.exists(path(name + ".pem")):
        return path(name + ".pem")
    _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-keyout", path(name + ".key"), "-out", path(name + ".pem"), "-subj", "/CN=" + name)
    return path(name + ".pem")


def issued(name, subject=None, alternatives="DNS:localhost,IP:127.0.0.1", by="ca", key="ec", days="2"):
    """The paths of a certificate and its key, signed by an authority of ours; made at the first call for a name."""
    if os.path.exists(path(name + ".pem")):
        return path(name + ".pem"), path(name + ".key")
    authority(by)
    kind = ("-newkey", "rsa:2048") if key == "rsa" else ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    _openssl("req", *kind, "-nodes", "-keyout", path(name + ".key"), "-out", path(name + ".csr"),
             "-subj", subject or "/CN=" + name)
    with open(path(name + ".ext"), "w") as file:
        file.write(f"subjectAltName={alternatives}\n" if alternatives else "")
    _openssl("x509", "-req", "-in", path(name + ".csr"), "-CA", path(by + ".pem"), "-CAkey", path(by + ".key"),
             "-CAcreateserial", "-days", days, "-extfile", path(name + ".ext"), "-out", path(name + ".pem"))
    return path(name + ".pem"), path(name + ".key")


@functools.cache
def revocation_list(*names, by="ca"):
    """The path of a list that revokes these certificates."""
    made = path("crl-" + "-".join(names))
    os.makedirs(made)
    config = os.path.join(made, "ca.conf")
    with open(config, "w") as file:
        file.write(f"[ca]\ndefault_ca=our\n[our]\ndatabase={made}/index\ncrlnumber={made}/number\ndefault_md=sha256\n"
                   f"default_crl_days=2\ncertificate={path(by + '.pem')}\nprivate_key={path(by + '.key')}\n")
    open(os.path.join(made, "index"), "w").close()
    with open(os.path.join(made, "number"), "w") as file:
        file.write("01\n")
    for name in names:
        _openssl("ca", "-config", config, "-revoke", path(name + ".pem"))
    _openssl("ca", "-config", config, "-gencrl", "-out", os.path.join(made, "crl.pem"))
    return os.path.join(made, "crl.pem")


def listener_keys(name="server", **options):
    """Lines for a [[listeners]] table."""
    certificate, key = issued(name, **options)
    return f'tls_certificate_files = ["{certificate}"]\ntls_key_files = ["{key}"]\n'
