// The names in certificates.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "transport/peer_facts.h"
#include "transport/tls_handles.h"

namespace ringmq::transport {

[[nodiscard]] CertificateFacts TlsCertificateFacts(const X509* certificate);

// The last CN of the subject, as UTF-8; empty: none.
[[nodiscard]] std::string TlsCommonName(const X509* certificate);

// Whom a server's certificate is for: its DNS names and addresses, or its common name if it has
// none of these. In lower case.
[[nodiscard]] std::vector<std::string> TlsServerNames(const X509* certificate);

[[nodiscard]] bool TlsIsAddress(const std::string& host);

// In lower case and without the dot at the end that a full domain name may have.
[[nodiscard]] std::string TlsFoldName(std::string_view name);

// "2024-01-31"
[[nodiscard]] std::string TlsDay(const ASN1_TIME* time);

}  // namespace ringmq::transport
