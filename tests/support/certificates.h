// Authorities and certificates for tests, made as they are needed: nothing in the tree expires.
//
//   support::Authority authority("Test CA");
//   support::PemFolder folder;
//   const auto server = authority.Issue({.common_name = "broker", .dns_names = {"localhost"}});
//   options.certificate_file = folder.Write("server.crt", server.certificate);
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ringmq::support {

enum class KeyKind : uint8_t { kP256, kRsa2048 };

struct CertificateSpec {
  std::string common_name = {};
  std::string organization = {};
  std::vector<std::string> dns_names = {};
  std::vector<std::string> addresses = {};
  std::vector<std::string> email_addresses = {};
  std::vector<std::string> uris = {};
  int valid_from_days = -1;  // From now.
  int valid_until_days = 30;
  KeyKind key_kind = KeyKind::kP256;
  std::string key_password = {};  // Empty: the key is not encrypted.
};

struct RevocationSpec {
  int valid_until_days = 30;  // From now.
};

// As PEM.
struct Issued {
  std::string certificate = {};
  std::string key = {};
  long serial = 0;
};

class Authority {
 public:
  explicit Authority(const std::string& name);
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  [[nodiscard]] const std::string& certificate() const { return pem_; }
  Issued Issue(const CertificateSpec& spec);
  // A list that has these certificates revoked.
  [[nodiscard]] std::string RevocationList(const std::vector<long>& serials,
                                           const RevocationSpec& spec = {}) const;

 private:
  X509* certificate_ = nullptr;
  EVP_PKEY* key_ = nullptr;
  std::string pem_;
  long next_serial_ = 1000;
};

// A certificate that is its own authority.
Issued SelfSigned(const CertificateSpec& spec);

// A temporary folder that goes with the object.
class PemFolder {
 public:
  PemFolder();
  ~PemFolder();
  PemFolder(const PemFolder&) = delete;
  PemFolder& operator=(const PemFolder&) = delete;

  // Writes a file, or replaces it; its path.
  std::string Write(std::string_view name, std::string_view content) const;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace ringmq::support
