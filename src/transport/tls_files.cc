// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_files.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "transport/tls_error.h"
#include "transport/tls_names.h"
#include "transport/tls_pem.h"

namespace ringmq::transport {
namespace {

using RevocationList = std::unique_ptr<X509_CRL, TlsFree<X509_CRL_free>>;

absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

template <typename... Parts>
absl::Status Refuse(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

TlsBio Over(const std::string& text) {
  return TlsBio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// OpenSSL asks only for keys that are encrypted.
struct Password {
  const std::string& text;
  bool asked = false;
};

int OnPassword(char* buffer, int size, int, void* user) {
  auto* const password = static_cast<Password*>(user);
  password->asked = true;
  if (password->text.size() > static_cast<size_t>(size)) return -1;
  std::memcpy(buffer, password->text.data(), password->text.size());
  return static_cast<int>(password->text.size());
}

absl::StatusOr<TlsKey> ReadKey(const std::string& path, const std::string& password_text) {
  absl::StatusOr<std::string> text = TlsReadFile(path, "key");
  if (!text.ok()) return text.status();
  Password password{password_text};
  TlsKey key(PEM_read_bio_PrivateKey(Over(*text).get(), nullptr, OnPassword, &password));
  OPENSSL_cleanse(text->data(), text->size());
  const std::string cause = TlsLibraryError();
  if (key != nullptr) return key;
  if (password.asked && password.text.empty()) {
    return Refuse("the key in ", path, " is encrypted and no password is given");
  }
  if (password.asked) return Refuse("wrong password for the key in ", path);
  return Refuse("no usable private key in ", path, ": ", cause);
}

template <typename Object, Object* (*kDecode)(Object**, const unsigned char**, long)>
Object* Decode(std::span<const uint8_t> bytes) {
  const unsigned char* rest = bytes.data();
  Object* const object = kDecode(nullptr, &rest, static_cast<long>(bytes.size()));
  return rest == bytes.data() + bytes.size() ? object : nullptr;
}

bool IsCertificate(std::string_view label) {
  return label == PEM_STRING_X509 || label == PEM_STRING_X509_OLD;
}

bool IsRevocationList(std::string_view label) { return label == PEM_STRING_X509_CRL; }

// Adds each block of the file that `is_wanted` by its label; how many these are. Nothing that is
// damaged is passed over, whatever it is.
template <typename Object>
absl::StatusOr<int> AddAll(const std::string& text, const std::string& path,
                           bool (*is_wanted)(std::string_view label),
                           typename Object::pointer (*decode)(std::span<const uint8_t> bytes),
                           const std::function<void(Object&)>& add) {
  TlsPemReader blocks(text, path);
  int count = 0;
  while (blocks.Next()) {
    if (!is_wanted(blocks.label())) continue;
    Object object(decode(blocks.bytes()));
    if (object == nullptr) {
      blocks.Refuse(TlsLibraryError());
      break;
    }
    add(object);  // Fails only if it is there already.
    ++count;
  }
  ERR_clear_error();
  if (!blocks.status().ok()) return blocks.status();
  return count;
}

absl::StatusOr<int> AddCertificates(const std::string& text, const std::string& path,
                                    const std::function<void(TlsCertificate&)>& add) {
  return AddAll<TlsCertificate>(text, path, IsCertificate, Decode<X509, d2i_X509>, add);
}

class AuthorityReader {
 public:
  AuthorityReader() { authorities_.store.reset(X509_STORE_new()); }

  absl::Status AddFile(const std::string& path) {
    const absl::StatusOr<std::string> text = TlsReadFile(path, "authorities");
    if (!text.ok()) return text.status();
    const absl::StatusOr<int> count =
        AddCertificates(*text, path, [&](const TlsCertificate& certificate) {
          X509_STORE_add_cert(store(), certificate.get());
        });
    if (!count.ok()) return count.status();
    if (*count == 0) return Refuse("no certificate in ", path);
    absl::StrAppend(&seen_, "file ", *text);
    return absl::OkStatus();
  }

  absl::Status AddDirectory(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) {
      return Refuse("cannot read the authorities in ", path, ": ", std::strerror(errno));
    }
    if (!S_ISDIR(status.st_mode)) return Refuse(path, " is not a directory");
    if (X509_STORE_load_path(store(), path.c_str()) != 1) {
      return Refuse("cannot use the authorities in ", path, ": ", TlsLibraryError());
    }
    absl::StrAppend(&seen_, "directory ", path);
    return absl::OkStatus();
  }

  absl::Status AddRevocations(const std::string& path) {
    const absl::StatusOr<std::string> text = TlsReadFile(path, "revocation list");
    if (!text.ok()) return text.status();
    const absl::StatusOr<int> count = AddAll<RevocationList>(
        *text, path, IsRevocationList, Decode<X509_CRL, d2i_X509_CRL>,
        [&](const RevocationList& list) { X509_STORE_add_crl(store(), list.get()); });
    if (!count.ok()) return count.status();
    if (*count == 0) return Refuse("no revocation list in ", path);
    // The peer's own certificate, not those of its authorities: these change by configuration.
    X509_STORE_set_flags(store(), X509_V_FLAG_CRL_CHECK);
    absl::StrAppend(&seen_, "revocations ", *text);
    return absl::OkStatus();
  }

  void AddSystem() {
    X509_STORE_set_default_paths(store());
    ERR_clear_error();  // A system without authorities believes nobody.
  }

  TlsAuthorities Finish() {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
    SHA256(reinterpret_cast<const unsigned char*>(seen_.data()), seen_.size(), hash.data());
    authorities_.digest.assign(hash.begin(), hash.end());
    return std::move(authorities_);
  }

 private:
  X509_STORE* store() { return authorities_.store.get(); }

  TlsAuthorities authorities_;
  std::string seen_;
};

}  // namespace

absl::StatusOr<std::string> TlsReadFile(const std::string& path, std::string_view what) {
  ERR_clear_error();
  errno = 0;
  const TlsBio file(BIO_new_file(path.c_str(), "rb"));
  std::string text;
  size_t count = 0;
  if (file != nullptr) {
    std::array<char, 4096> buffer{};
    while (text.size() <= kTlsFileBytesMax &&
           BIO_read_ex(file.get(), buffer.data(), buffer.size(), &count) == 1) {
      text.append(buffer.data(), count);
    }
    OPENSSL_cleanse(buffer.data(), buffer.size());
  }
  ERR_clear_error();
  if (errno != 0 && text.empty()) {
    return Refuse("cannot read the ", ToAbsl(what), " ", path, ": ", std::strerror(errno));
  }
  if (text.size() > kTlsFileBytesMax)
    return Refuse("the ", ToAbsl(what), " ", path, " is too large");
  return text;
}

absl::StatusOr<TlsIdentity> TlsReadIdentity(const TlsKeyPair& files) {
  const std::string& path = files.certificate_file;
  const absl::StatusOr<std::string> text = TlsReadFile(path, "certificate");
  if (!text.ok()) return text.status();
  TlsIdentity identity;
  identity.chain.reset(sk_X509_new_null());
  const absl::StatusOr<int> count = AddCertificates(*text, path, [&](TlsCertificate& certificate) {
    if (identity.certificate == nullptr) {
      identity.certificate = std::move(certificate);
    } else {
      sk_X509_push(identity.chain.get(), certificate.release());
    }
  });
  if (!count.ok()) return count.status();
  if (identity.certificate == nullptr) return Refuse("no certificate in ", path);
  const std::string& key_path = files.key_file.empty() ? path : files.key_file;
  absl::StatusOr<TlsKey> key = ReadKey(key_path, files.key_password);
  if (!key.ok()) return key.status();
  identity.key = *std::move(key);
  if (X509_check_private_key(identity.certificate.get(), identity.key.get()) != 1) {
    ERR_clear_error();
    return Refuse("the key in ", key_path, " does not belong to the certificate ", path);
  }
  return identity;
}

std::string TlsValidityWarning(const TlsIdentity& identity, const std::string& path) {
  const ASN1_TIME* const from = X509_get0_notBefore(identity.certificate.get());
  const ASN1_TIME* const until = X509_get0_notAfter(identity.certificate.get());
  if (X509_cmp_current_time(until) < 0) {
    return absl::StrCat("certificate ", path, " expired on ", TlsDay(until));
  }
  if (X509_cmp_current_time(from) > 0) {
    return absl::StrCat("certificate ", path, " is not valid before ", TlsDay(from));
  }
  return {};
}

absl::StatusOr<TlsAuthorities> TlsReadAuthorities(const TlsTrust& trust,
                                                  TlsDefaultTrust otherwise) {
  AuthorityReader reader;
  absl::Status status;
  if (!trust.ca_file.empty()) status.Update(reader.AddFile(trust.ca_file));
  if (!trust.ca_path.empty()) status.Update(reader.AddDirectory(trust.ca_path));
  if (!trust.crl_file.empty()) status.Update(reader.AddRevocations(trust.crl_file));
  if (!status.ok()) return status;
  const bool nothing_given = trust.ca_file.empty() && trust.ca_path.empty();
  if (nothing_given && otherwise == TlsDefaultTrust::kSystem) reader.AddSystem();
  return reader.Finish();
}

STACK_OF(X509_NAME) * TlsAuthorityNames(const std::string& ca_file) {
  STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(ca_file.c_str());
  ERR_clear_error();
  return names;
}

}  // namespace ringmq::transport
