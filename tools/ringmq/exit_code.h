// What `ringmq pub|sub|rr` end with. A number of 128 and above is the reason code that the server
// gave (5.0 s2.4; codes of 3.1.1 are translated): 135 is "not authorized".
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ringmq/expected.h"
#include "ringmq/handle.h"

namespace ringmq::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitUsage = 1;
inline constexpr int kExitConnection = 2;   // Not established, or lost for good.
inline constexpr int kExitUndelivered = 3;  // A message was not delivered; not the server's word.
inline constexpr int kExitFile = 4;         // A file or the standard input cannot be read.
inline constexpr int kExitUnsupported = 5;  // Understood, and not possible in this build.
inline constexpr int kExitTimedOut = 27;    // -W; mosquitto's number.

inline int ExitCodeOf(const Error& error) {
  if (IsFailure(error.reason())) return static_cast<int>(error.reason());
  if (error.code() == Errc::kInvalidArgument) return kExitUsage;
  return error.code() == Errc::kUnsupported ? kExitUnsupported : kExitConnection;
}

inline int ExitCodeOf(ReasonCode reason) {
  return IsFailure(reason) ? static_cast<int>(reason) : kExitUndelivered;
}

}  // namespace ringmq::cli
