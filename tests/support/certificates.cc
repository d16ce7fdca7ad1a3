// SPDX-License-Identifier: Apache-2.0
#include "support/certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/check.h"

namespace ringmq::support {
namespace {

constexpr long kSecondsPerDay = 24 * 3600;

EVP_PKEY* MakeKey(KeyKind kind) {
  EVP_PKEY* const key = kind == KeyKind::kP256 ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048U);
  RMQ_CHECK(key != nullptr);
  return key;
}

template <typename Write>
std::string Pem(Write write) {
  BIO* const bio = BIO_new(BIO_s_mem());
  RMQ_CHECK(write(bio) == 1);
  const char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  std::string pem(text, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

std::string CertificatePem(X509* certificate) {
  return Pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

std::string KeyPem(EVP_PKEY* key, const std::string& password) {
  return Pem([&](BIO* bio) {
    const EVP_CIPHER* const cipher = password.empty() ? nullptr : EVP_aes_256_cbc();
    return PEM_write_bio_PKCS8PrivateKey(bio, key, cipher, password.data(),
                                         static_cast<int>(password.size()), nullptr, nullptr);
  });
}

void AddEntry(X509_NAME* name, const char* field, const std::string& value) {
  if (value.empty()) return;
  RMQ_CHECK(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                       reinterpret_cast<const unsigned char*>(value.data()),
                                       static_cast<int>(value.size()), -1, 0) == 1);
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  RMQ_CHECK(extension != nullptr);
  RMQ_CHECK(X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

std::string AlternativeNames(const CertificateSpec& spec) {
  std::string names;
  const auto add = [&names](const char* kind, const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      names += (names.empty() ? "" : ",") + std::string(kind) + ":" + value;
    }
  };
  add("DNS", spec.dns_names);
  add("IP", spec.addresses);
  add("email", spec.email_addresses);
  add("URI", spec.uris);
  return names;
}

// Unsigned. `issuer` null: its own.
X509* MakeCertificate(const CertificateSpec& spec, EVP_PKEY* key, X509* issuer, long serial) {
  X509* const certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), spec.valid_from_days * kSecondsPerDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate), spec.valid_until_days * kSecondsPerDay);
  X509_NAME* const subject = X509_get_subject_name(certificate);
  AddEntry(subject, "O", spec.organization);
  AddEntry(subject, "CN", spec.common_name);
  X509_set_issuer_name(certificate, issuer == nullptr ? subject : X509_get_subject_name(issuer));
  X509_set_pubkey(certificate, key);
  const std::string names = AlternativeNames(spec);
  if (!names.empty()) AddExtension(certificate, certificate, NID_subject_alt_name, names);
  return certificate;
}

}  // namespace

Authority::Authority(const std::string& name) : key_(MakeKey(KeyKind::kP256)) {
  certificate_ = MakeCertificate({.common_name = name, .valid_until_days = 3650}, key_, nullptr, 1);
  AddExtension(certificate_, certificate_, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate_, certificate_, NID_key_usage, "critical,keyCertSign,cRLSign");
  AddExtension(certificate_, certificate_, NID_subject_key_identifier, "hash");
  RMQ_CHECK(X509_sign(certificate_, key_, EVP_sha256()) > 0);
  pem_ = CertificatePem(certificate_);
}

Authority::~Authority() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
}

Issued Authority::Issue(const CertificateSpec& spec) {
  Issued issued;
  issued.serial = next_serial_++;
  EVP_PKEY* const key = MakeKey(spec.key_kind);
  X509* const certificate = MakeCertificate(spec, key, certificate_, issued.serial);
  RMQ_CHECK(X509_sign(certificate, key_, EVP_sha256()) > 0);
  issued.certificate = CertificatePem(certificate);
  issued.key = KeyPem(key, spec.key_password);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return issued;
}

std::string Authority::RevocationList(const std::vector<long>& serials,
                                      const RevocationSpec& spec) const {
  X509_CRL* const list = X509_CRL_new();
  X509_CRL_set_version(list, X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list, X509_get_subject_name(certificate_));
  ASN1_TIME* const time = ASN1_TIME_new();
  X509_CRL_set1_lastUpdate(list, X509_gmtime_adj(time, -2 * kSecondsPerDay));
  X509_CRL_set1_nextUpdate(list, X509_gmtime_adj(time, spec.valid_until_days * kSecondsPerDay));
  X509_gmtime_adj(time, -kSecondsPerDay);
  for (const long serial : serials) {
    X509_REVOKED* const revoked = X509_REVOKED_new();
    ASN1_INTEGER* const number = ASN1_INTEGER_new();
    ASN1_INTEGER_set(number, serial);
    X509_REVOKED_set_serialNumber(revoked, number);
    X509_REVOKED_set_revocationDate(revoked, time);
    X509_CRL_add0_revoked(list, revoked);
    ASN1_INTEGER_free(number);
  }
  ASN1_TIME_free(time);
  X509_CRL_sort(list);
  RMQ_CHECK(X509_CRL_sign(list, key_, EVP_sha256()) > 0);
  std::string pem = Pem([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, list); });
  X509_CRL_free(list);
  return pem;
}

Issued SelfSigned(const CertificateSpec& spec) {
  EVP_PKEY* const key = MakeKey(spec.key_kind);
  X509* const certificate = MakeCertificate(spec, key, nullptr, 1);
  RMQ_CHECK(X509_sign(certificate, key, EVP_sha256()) > 0);
  Issued issued{CertificatePem(certificate), KeyPem(key, spec.key_password), 1};
  X509_free(certificate);
  EVP_PKEY_free(key);
  return issued;
}

PemFolder::PemFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "ringmq-pem-XXXXXX").string();
  RMQ_CHECK(mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

PemFolder::~PemFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string PemFolder::Write(std::string_view name, std::string_view content) const {
  const std::string path = path_ + "/" + std::string(name);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
  return path;
}

}  // namespace ringmq::support
