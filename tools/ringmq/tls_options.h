// The options of TLS, and what they mean to the client.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "option_table.h"
#include "ringmq/options.h"

namespace ringmq::cli {

// What an option does besides filling in `tls`. Null texts: nothing of that kind.
struct TlsMeaning {
  bool wants_tls = false;             // Whoever says this wants TLS.
  const char* unsupported = nullptr;  // Why it cannot be done.
};
// An error says what is wrong with `value`.
[[nodiscard]] Expected<TlsMeaning> ApplyTlsOption(OptionId id, std::string_view value,
                                                  TlsOptions& tls);

// Options that go together, and their files.
[[nodiscard]] Expected<void> CheckTlsOptions(const TlsOptions& tls);

}  // namespace ringmq::cli
