// Certificates, keys and revocation lists out of PEM files. Errors name the file and the cause. A
// file that is damaged anywhere is refused as a whole.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transport/tls_handles.h"
#include "transport/tls_options.h"

namespace ringmq::transport {

inline constexpr size_t kTlsFileBytesMax = 16 << 20;

// `what` is what the file is for: "certificate".
[[nodiscard]] absl::StatusOr<std::string> TlsReadFile(const std::string& path,
                                                      std::string_view what);

// A certificate, those that lead to its authority, and its key, which fits.
struct TlsIdentity {
  TlsCertificate certificate;
  TlsCertificates chain;
  TlsKey key;
};
[[nodiscard]] absl::StatusOr<TlsIdentity> TlsReadIdentity(const TlsKeyPair& files);

// In seconds; the smallest number if it is no time.
[[nodiscard]] int64_t TlsUnixTime(const ASN1_TIME* time);
[[nodiscard]] bool TlsHasPassed(int64_t unix_time_s);

// "certificate /x.crt expired on 2020-01-01"; empty: it may be used today.
[[nodiscard]] std::string TlsValidityWarning(const TlsIdentity& identity, const std::string& path);

struct TlsAuthorities {
  TlsStore store;
  // A hash of all that was read. Sessions are resumed only where it is the same: a client whose
  // certificate was revoked must not come back with a ticket from before.
  std::string digest;
  // Unix time at which the first revocation list is out of date; the greatest number: never.
  int64_t lists_until_s = std::numeric_limits<int64_t>::max();
};
// Who is believed. With nothing given: the system's authorities if `use_system`, else nobody.
enum class TlsDefaultTrust : uint8_t { kNobody, kSystem };
[[nodiscard]] absl::StatusOr<TlsAuthorities> TlsReadAuthorities(const TlsTrust& trust,
                                                                TlsDefaultTrust otherwise);

// The names of the authorities in a PEM file, which a server tells to its clients.
[[nodiscard]] STACK_OF(X509_NAME) * TlsAuthorityNames(const std::string& ca_file);

}  // namespace ringmq::transport
