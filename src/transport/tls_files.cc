// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_files.h"

#include <dirent.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <utility>

#include "absl/strings/ascii.h"
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

constexpr size_t kHashDigits = 8;

// "0123abcd.0" of a certificate, "0123abcd.r0" of a revocation list.
bool IsHashedName(const std::string& name) {
  if (name.size() < kHashDigits + 2 || name[kHashDigits] != '.') return false;
  const size_t number_at = kHashDigits + (name[kHashDigits + 1] == 'r' ? 2 : 1);
  return number_at < name.size() &&
         std::all_of(name.begin(), name.begin() + kHashDigits,
                     [](char c) { return absl::ascii_isxdigit(c); }) &&
         std::all_of(name.begin() + static_cast<ptrdiff_t>(number_at), name.end(),
                     [](char c) { return absl::ascii_isdigit(c); });
}

// In order, so that they always hash to the same.
absl::StatusOr<std::vector<std::string>> HashedNames(const std::string& path) {
  const std::unique_ptr<DIR, TlsFree<closedir>> directory(opendir(path.c_str()));
  if (directory == nullptr) {
    if (errno == ENOTDIR) return Refuse(path, " is not a directory");
    return Refuse("cannot read the authorities in ", path, ": ", std::strerror(errno));
  }
  std::vector<std::string> names;
  while (const dirent* const entry = readdir(directory.get())) {
    std::string name = entry->d_name;
    if (IsHashedName(name)) names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  return names;
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

  // All of it now, where OpenSSL would look for one name when it needs it: what is believed, and
  // the hash of it, change with a reload and not in between.
  absl::Status AddDirectory(const std::string& path) {
    const absl::StatusOr<std::vector<std::string>> names = HashedNames(path);
    if (!names.ok()) return names.status();
    for (const std::string& name : *names) {
      const std::string file = absl::StrCat(path, "/", name);
      struct stat status {};
      // `openssl rehash` leaves links to files that have gone, and OpenSSL passes over them.
      if (stat(file.c_str(), &status) != 0 && errno == ENOENT) continue;
      const absl::Status added = name[kHashDigits + 1] == 'r' ? AddLists(file) : AddFile(file);
      if (!added.ok()) return added;
    }
    if (!names->empty()) return absl::OkStatus();
    return Refuse("no authorities in ", path, ": has `openssl rehash` made their links?");
  }

  absl::Status AddRevocations(const std::string& path) {
    // The peer's own certificate, not those of its authorities: these change by configuration.
    X509_STORE_set_flags(store(), X509_V_FLAG_CRL_CHECK);
    return AddLists(path);
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
  absl::Status AddLists(const std::string& path) {
    const absl::StatusOr<std::string> text = TlsReadFile(path, "revocation list");
    if (!text.ok()) return text.status();
    const absl::StatusOr<int> count =
        AddAll<RevocationList>(*text, path, IsRevocationList, Decode<X509_CRL, d2i_X509_CRL>,
                               [&](const RevocationList& list) { AddList(list.get()); });
    if (!count.ok()) return count.status();
    if (*count == 0) return Refuse("no revocation list in ", path);
    absl::StrAppend(&seen_, "revocations ", *text);
    return absl::OkStatus();
  }

  void AddList(X509_CRL* list) {
    X509_STORE_add_crl(store(), list);
    const ASN1_TIME* const until = X509_CRL_get0_nextUpdate(list);
    if (until == nullptr) return;
    authorities_.lists_until_s = std::min(authorities_.lists_until_s, TlsUnixTime(until));
  }

  X509_STORE* store() { return authorities_.store.get(); }

  TlsAuthorities authorities_;
  std::string seen_;
};

absl::Status ReadCertificates(const std::string& path, TlsIdentity& identity) {
  const absl::StatusOr<std::string> text = TlsReadFile(path, "certificate");
  if (!text.ok()) return text.status();
  identity.chain.reset(sk_X509_new_null());
  const absl::StatusOr<int> count = AddCertificates(*text, path, [&](TlsCertificate& certificate) {
    if (identity.certificate == nullptr) {
      identity.certificate = std::move(certificate);
    } else {
      sk_X509_push(identity.chain.get(), certificate.release());
    }
  });
  if (!count.ok()) return count.status();
  return *count == 0 ? Refuse("no certificate in ", path) : absl::OkStatus();
}

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
  TlsIdentity identity;
  absl::Status status =
      TlsAbout("certificate_files", ReadCertificates(files.certificate_file, identity));
  if (!status.ok()) return status;
  const bool is_one_file = files.key_file.empty();
  const std::string& key_path = is_one_file ? files.certificate_file : files.key_file;
  const std::string_view key_option = is_one_file ? "certificate_files" : "key_files";
  absl::StatusOr<TlsKey> key = ReadKey(key_path, files.key_password);
  if (!key.ok()) return TlsAbout(key_option, key.status());
  identity.key = *std::move(key);
  if (X509_check_private_key(identity.certificate.get(), identity.key.get()) != 1) {
    ERR_clear_error();
    return TlsAbout(key_option, Refuse("the key in ", key_path,
                                       " does not belong to the "
                                       "certificate ",
                                       files.certificate_file));
  }
  return identity;
}

int64_t TlsUnixTime(const ASN1_TIME* time) {
  constexpr int64_t kDaySeconds = 24 * 3600;
  const std::unique_ptr<ASN1_TIME, TlsFree<ASN1_TIME_free>> epoch(ASN1_TIME_set(nullptr, 0));
  int days = 0;
  int seconds = 0;
  if (ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1) {
    return std::numeric_limits<int64_t>::min();
  }
  return days * kDaySeconds + seconds;
}

bool TlsHasPassed(int64_t unix_time_s) {
  const std::unique_ptr<ASN1_TIME, TlsFree<ASN1_TIME_free>> time(
      ASN1_TIME_set(nullptr, unix_time_s));
  return time == nullptr || X509_cmp_current_time(time.get()) < 0;
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
  if (!trust.ca_file.empty()) status.Update(TlsAbout("ca_file", reader.AddFile(trust.ca_file)));
  if (!trust.ca_path.empty())
    status.Update(TlsAbout("ca_path", reader.AddDirectory(trust.ca_path)));
  if (!trust.crl_file.empty())
    status.Update(TlsAbout("crl_file", reader.AddRevocations(trust.crl_file)));
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
