// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_names.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace ringmq::transport {
namespace {

using GeneralNames = std::unique_ptr<GENERAL_NAMES, TlsFree<GENERAL_NAMES_free>>;

std::string ToString(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<size_t>(ASN1_STRING_length(text))};
}

void AddName(const ASN1_STRING* text, std::vector<std::string>& names) {
  std::string name = ToString(text);
  if (name.find('\0') == std::string::npos) names.push_back(std::move(name));
}

std::string ToUtf8(const ASN1_STRING* text) {
  unsigned char* bytes = nullptr;
  const int size = ASN1_STRING_to_UTF8(&bytes, text);
  if (size < 0) return {};
  std::string utf8(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  // "admin\0.evil.org" is an attempt to be read as "admin" by somebody.
  if (utf8.find('\0') != std::string::npos) utf8.clear();
  return utf8;
}

std::string DistinguishedName(const X509* certificate) {
  const TlsBio bio(BIO_new(BIO_s_mem()));
  // RFC 2253, but UTF-8 as it is.
  constexpr unsigned long kFlags = XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB;
  X509_NAME_print_ex(bio.get(), X509_get_subject_name(certificate), 0, kFlags);
  const char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return size > 0 ? std::string(text, static_cast<size_t>(size)) : std::string();
}

std::string Address(const ASN1_OCTET_STRING* address) {
  const std::string bytes = ToString(address);
  std::string text;
  if (bytes.size() == 4) {
    for (const char byte : bytes) {
      absl::StrAppend(&text, text.empty() ? "" : ".", static_cast<uint8_t>(byte));
    }
    return text;
  }
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
    const auto group = static_cast<uint8_t>(bytes[i]) << 8 | static_cast<uint8_t>(bytes[i + 1]);
    absl::StrAppend(&text, text.empty() ? "" : ":", absl::Hex(group));
  }
  return text;
}

GeneralNames AlternativeNames(const X509* certificate) {
  return GeneralNames(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
}

std::string Fingerprint(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), hash.data(), &size) != 1) return {};
  return absl::BytesToHexString({reinterpret_cast<const char*>(hash.data()), size});
}

}  // namespace

std::string TlsCommonName(const X509* certificate) {
  const X509_NAME* const subject = X509_get_subject_name(certificate);
  int last = -1;
  for (int next = -1; (next = X509_NAME_get_index_by_NID(subject, NID_commonName, next)) >= 0;) {
    last = next;
  }
  if (last < 0) return {};
  return ToUtf8(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last)));
}

CertificateFacts TlsCertificateFacts(const X509* certificate) {
  CertificateFacts facts;
  facts.common_name = TlsCommonName(certificate);
  facts.distinguished_name = DistinguishedName(certificate);
  facts.fingerprint_sha256 = Fingerprint(certificate);
  const GeneralNames names = AlternativeNames(certificate);
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) AddName(name->d.dNSName, facts.dns_names);
    if (name->type == GEN_EMAIL) AddName(name->d.rfc822Name, facts.email_addresses);
    if (name->type == GEN_URI) AddName(name->d.uniformResourceIdentifier, facts.uris);
  }
  ERR_clear_error();
  return facts;
}

std::vector<std::string> TlsServerNames(const X509* certificate) {
  std::vector<std::string> found;
  const GeneralNames names = AlternativeNames(certificate);
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) found.push_back(TlsFoldName(ToString(name->d.dNSName)));
    if (name->type == GEN_IPADD) found.push_back(Address(name->d.iPAddress));
  }
  if (found.empty()) found.push_back(TlsFoldName(TlsCommonName(certificate)));
  if (found.back().empty()) found.pop_back();
  ERR_clear_error();
  return found;
}

bool TlsIsAddress(const std::string& host) {
  ASN1_OCTET_STRING* const address = a2i_IPADDRESS(host.c_str());
  ERR_clear_error();
  if (address == nullptr) return false;
  ASN1_OCTET_STRING_free(address);
  return true;
}

std::string TlsFoldName(std::string_view name) {
  if (name.size() > 1 && name.ends_with('.')) name.remove_suffix(1);
  return absl::AsciiStrToLower({name.data(), name.size()});
}

std::string TlsDay(const ASN1_TIME* time) {
  std::tm day{};
  if (ASN1_TIME_to_tm(time, &day) != 1) return "?";
  return absl::StrCat(day.tm_year + 1900, "-", absl::Dec(day.tm_mon + 1, absl::kZeroPad2), "-",
                      absl::Dec(day.tm_mday, absl::kZeroPad2));
}

}  // namespace ringmq::transport
