// The password of an encrypted private key: from the command line or the environment, or else asked
// for on the terminal, without an echo, as mosquitto's tools do.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "settings.h"

namespace ringmq::cli {

// Whether this text of a PEM file holds a private key under a password: PKCS #8 (RFC 7468 s11) or
// the older form of RFC 1421.
[[nodiscard]] bool IsEncryptedKey(std::string_view pem);

// Completes `settings` if its key needs a password that nobody has given. An error is for the user:
// there is no terminal to ask on. A signal while it asks ends the process, echo restored.
[[nodiscard]] Expected<void> FindKeyPassword(Settings& settings);

}  // namespace ringmq::cli
