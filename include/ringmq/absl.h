// Error and Expected as absl::Status and absl::StatusOr, for programs that use Abseil. Nothing else
// includes this header: whoever does needs Abseil's, of whatever version; the library does not
// care.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "ringmq/expected.h"

namespace ringmq {

// Payloads of a Status made by ToStatus(), as decimal numbers, where they say something: what the
// server said, a positive errno.
inline constexpr char kReasonPayload[] = "ringmq/reason";
inline constexpr char kErrnoPayload[] = "ringmq/errno";

// The canonical code that callers act upon in the same way; kUnavailable asks to try again.
[[nodiscard]] inline absl::StatusCode StatusCodeOf(const Error& error) {
  switch (error.code()) {
    case Errc::kInvalidArgument:
      return absl::StatusCode::kInvalidArgument;
    case Errc::kUnsupported:
      return absl::StatusCode::kUnimplemented;
    case Errc::kWouldBlock:
      return absl::StatusCode::kResourceExhausted;
    case Errc::kDeadlock:
      return absl::StatusCode::kFailedPrecondition;
    case Errc::kTimedOut:
      return absl::StatusCode::kDeadlineExceeded;
    case Errc::kStopped:
      return absl::StatusCode::kCancelled;
    case Errc::kAuthenticationFailed:
      return absl::StatusCode::kUnauthenticated;
    case Errc::kConnectionRefused:
    case Errc::kServerDisconnected:
      return error.is_transient() ? absl::StatusCode::kUnavailable
                                  : absl::StatusCode::kPermissionDenied;
    case Errc::kResolveFailed:
    case Errc::kConnectFailed:
    case Errc::kConnectTimedOut:
    case Errc::kProxyRefused:
    case Errc::kTlsFailed:
    case Errc::kUpgradeFailed:
    case Errc::kConnectionLost:
    case Errc::kKeepAliveTimedOut:
    case Errc::kMalformedPacket:
    case Errc::kProtocolError:
      return absl::StatusCode::kUnavailable;
    case Errc::kPacketTooLarge:
      return absl::StatusCode::kOutOfRange;
    case Errc::kStorageFailed:
      return absl::StatusCode::kDataLoss;
    case Errc::kSystem:
      return absl::StatusCode::kInternal;
  }
  return absl::StatusCode::kUnknown;
}

// The message is Describe()'s.
[[nodiscard]] inline absl::Status ToStatus(const Error& error) {
  absl::Status status(StatusCodeOf(error), Describe(error));
  if (error.reason() != ReasonCode::kSuccess) {
    status.SetPayload(kReasonPayload,
                      absl::Cord(std::to_string(static_cast<unsigned>(error.reason()))));
  }
  if (error.system_errno() != 0) {
    status.SetPayload(kErrnoPayload, absl::Cord(std::to_string(error.system_errno())));
  }
  return status;
}

[[nodiscard]] inline absl::Status ToStatus(const Expected<void>& expected) {
  return expected.ok() ? absl::OkStatus() : ToStatus(expected.error());
}

template <typename T>
[[nodiscard]] absl::StatusOr<T> ToStatusOr(Expected<T> expected) {
  if (!expected.ok()) return ToStatus(expected.error());
  return absl::StatusOr<T>(std::move(expected).value());
}

}  // namespace ringmq
