// What goes wrong, and a value or what went wrong: the error channel of the public headers.
//
// No exceptions: losing a network is ordinary, and users compile with -fno-exceptions. Not
// std::expected: that is C++23, and aliasing it where it exists would give one static library two
// layouts.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "ringmq/protocol.h"

namespace ringmq {

enum class Errc : uint8_t {
  kInvalidArgument,     // A bug or bad input of the caller; detail() says which.
  kUnsupported,         // Not built in, or the server said that it cannot.
  kWouldBlock,          // The bounded queue is full; try again after a Writable event.
  kDeadlock,            // Waiting here would stop the thread that is waited for.
  kTimedOut,            // The caller's deadline passed first.
  kStopped,             // The loop, broker or link has ended.
  kResolveFailed,       // No address for the host name.
  kConnectFailed,       // No address accepted a connection; system_errno() says why.
  kConnectTimedOut,     // Including proxy, TLS, WebSocket and CONNACK.
  kProxyRefused,        // The HTTP or SOCKS5 proxy said no.
  kTlsFailed,           // Handshake or verification.
  kUpgradeFailed,       // The WebSocket upgrade.
  kConnectionRefused,   // CONNACK with a failure; reason() says why.
  kConnectionLost,      // End of stream or an error of the socket.
  kServerDisconnected,  // DISCONNECT from the server; reason() says why.
  kKeepAliveTimedOut,   // The server did not answer PINGREQ.
  kMalformedPacket,     // From the server.
  kProtocolError,       // Of the server.
  kPacketTooLarge,      // A packet of the server above our limit, or ours above the server's.
  kAuthenticationFailed,
  kStorageFailed,  // The session store.
  kSystem,         // A refusal of the kernel: descriptors, memory, io_uring.
};

// Where in the life of a connection it happened.
enum class Phase : uint8_t {
  kConfigure,
  kResolve,
  kDial,
  kProxy,
  kTls,
  kUpgrade,
  kHandshake,  // CONNECT and CONNACK.
  kEstablished,
};

// A value that anyone may copy and keep.
class Error {
 public:
  explicit Error(Errc code, std::string detail = {}) : detail_(std::move(detail)), code_(code) {}

  Error& WithReason(ReasonCode reason) {
    reason_ = reason;
    return *this;
  }
  Error& WithErrno(int system_errno) {
    system_errno_ = system_errno;
    return *this;
  }
  Error& WithPhase(Phase phase) {
    phase_ = phase;
    return *this;
  }

  [[nodiscard]] Errc code() const { return code_; }
  [[nodiscard]] Phase phase() const { return phase_; }
  // What the server said; kSuccess when it said nothing.
  [[nodiscard]] ReasonCode reason() const { return reason_; }
  // A positive errno, or zero.
  [[nodiscard]] int system_errno() const { return system_errno_; }
  // A sentence for people: what, with whom, which limit.
  [[nodiscard]] const std::string& detail() const { return detail_; }

  // Whether trying again may help without anybody changing anything: what the event loop asks
  // itself before it reconnects. (After kPacketTooLarge it tries once all the same: the packet may
  // have been one that nobody kept.)
  [[nodiscard]] bool is_transient() const {
    if (code_ == Errc::kConnectionRefused || code_ == Errc::kServerDisconnected) {
      return IsTransientReason(reason_);
    }
    return code_ != Errc::kInvalidArgument && code_ != Errc::kUnsupported &&
           code_ != Errc::kDeadlock && code_ != Errc::kStopped && code_ != Errc::kStorageFailed &&
           code_ != Errc::kPacketTooLarge;
  }

 private:
  // What the server will say again to the same CONNECT.
  static bool IsTransientReason(ReasonCode reason) {
    constexpr ReasonCode kLasting[] = {ReasonCode::kMalformedPacket,
                                       ReasonCode::kProtocolError,
                                       ReasonCode::kUnsupportedProtocolVersion,
                                       ReasonCode::kClientIdentifierNotValid,
                                       ReasonCode::kBadUserNameOrPassword,
                                       ReasonCode::kNotAuthorized,
                                       ReasonCode::kBanned,
                                       ReasonCode::kBadAuthenticationMethod,
                                       ReasonCode::kSessionTakenOver,
                                       ReasonCode::kTopicNameInvalid,
                                       ReasonCode::kPacketTooLarge,
                                       ReasonCode::kPayloadFormatInvalid,
                                       ReasonCode::kRetainNotSupported,
                                       ReasonCode::kQosNotSupported,
                                       ReasonCode::kServerMoved};
    for (const ReasonCode lasting : kLasting) {
      if (reason == lasting) return false;
    }
    return true;
  }

  std::string detail_;
  int system_errno_ = 0;
  Errc code_;
  Phase phase_ = Phase::kConfigure;
  ReasonCode reason_ = ReasonCode::kSuccess;
};

// "connection refused", "packet too large", ...: constant text, never null.
[[nodiscard]] const char* NameOf(Errc code) noexcept;
// "not authorized" as in the table of 5.0 s2.4; "unknown" for other numbers.
[[nodiscard]] const char* NameOf(ReasonCode reason) noexcept;
// All of it in one line.
[[nodiscard]] std::string Describe(const Error& error);

// A T, or the Error that tells why there is none. Asking for what is not there ends the process.
template <typename T>
class [[nodiscard]] Expected {
 public:
  Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: converts.
  Expected(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: converts.

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  // Requires: ok().
  [[nodiscard]] T& value() & noexcept {
    Require(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const& noexcept {
    Require(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T&& value() && noexcept { return std::move(value()); }
  T& operator*() & noexcept { return value(); }
  const T& operator*() const& noexcept { return value(); }
  T&& operator*() && noexcept { return std::move(value()); }
  T* operator->() noexcept { return &value(); }
  const T* operator->() const noexcept { return &value(); }

  // Requires: !ok().
  [[nodiscard]] const Error& error() const noexcept {
    Require(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  static void Require(bool holds) noexcept {
    if (!holds) std::abort();
  }

  std::variant<T, Error> state_;
};

// Success, or the Error.
template <>
class [[nodiscard]] Expected<void> {
 public:
  Expected() = default;
  Expected(Error error) : error_(std::move(error)) {}  // NOLINT: converts.

  [[nodiscard]] bool ok() const noexcept { return error_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }
  // Requires: !ok().
  [[nodiscard]] const Error& error() const noexcept {
    if (ok()) std::abort();
    return *std::get_if<1>(&error_);
  }

 private:
  std::variant<std::monostate, Error> error_;
};

}  // namespace ringmq
