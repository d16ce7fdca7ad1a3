// SPDX-License-Identifier: Apache-2.0
#include "broker/kernel_tls.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "transport/tls_kernel.h"

namespace ringmq::broker {

using transport::KernelTlsCipher;
using transport::TlsRole;

KernelTls MakeKernelTls(const Config& config) {
  const bool is_wanted = std::ranges::any_of(config.listeners, [](const ListenerConfig& listener) {
    return listener.tls.use != TlsUse::kOff && listener.tls.record_layer == TlsRecordLayer::kAuto;
  });
  if (!is_wanted) return {};
  const std::vector<KernelTlsCipher> ciphers = transport::ProbeKernelTls();
  if (std::ranges::none_of(ciphers, &KernelTlsCipher::supported)) return {};
  return {.read_control =
              [](int fd, transport::ByteSink& up) {
                return transport::ReadControlRecord(fd, TlsRole::kServer, up);
              },
          .say_goodbye =
              [](int fd) {
                // Who reads so slowly that there is no room for it does without.
                (void)transport::SendCloseNotify(fd);
              }};
}

std::string DescribeKernelTls() {
  std::string text;
  for (const KernelTlsCipher& cipher : transport::ProbeKernelTls()) {
    text += fmt::format("{:<30}", "k" + cipher.name);
    text += cipher.supported ? "yes\n" : fmt::format("no ({})\n", cipher.reason);
  }
  return text;
}

}  // namespace ringmq::broker
