// The part of Wire for connections whose TLS moves into the kernel, and for those that are there.
//
// The move wants a moment at which nothing is under way: all that was said is with the kernel, no
// receive is armed, and no record is half received. There is one right behind CONNACK, if the
// client waits for it. So from there on an open connection receives piece by piece and waits with
// the next receive until its answers are sent, for a few times; then it stays in user space, for
// a client that always has something under way need not wait for its bytes.
//
// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "base/check.h"
#include "broker/wire.h"

namespace ringmq::broker {

using transport::ControlRecord;
using transport::KernelMove;

// True: nothing is to be received now.
bool Wire::WaitsForKernel(Connection& connection) {
  RMQ_CHECK(connection.kernel_tries > 0);
  RMQ_CHECK(connection.tunnel != nullptr);
  --connection.kernel_tries;
  const bool is_quiet =
      connection.output.empty() && Outgoing(connection).empty() && !Outgoing(connection).sending();
  if (!is_quiet) {
    // The send that is due or under way goes on with this, once: somebody who is told more and
    // more would never be heard.
    const bool is_first = !connection.awaits_send;
    connection.awaits_send = is_first;
    return is_first;
  }
  connection.awaits_send = false;
  RMQ_CHECK(connection.receive == ReceiveState::kIdle);
  RMQ_CHECK(connection.operations == 0);
  switch (connection.tunnel->layers.MoveIntoKernel(connection.fd)) {
    case KernelMove::kNever:
      connection.kernel_tries = 0;
      return false;
    case KernelMove::kNotYet:
      return false;
    case KernelMove::kDone:
      connection.kernel_tries = 0;
      connection.kernel_tls = true;
      ++core_.statistics.kernel_tls;
      DropTunnel(connection);
      return false;
    case KernelMove::kBroken:
      FailTunnel(connection, "the kernel took over only half of TLS");
      connection.abort = true;
      return true;
  }
  RMQ_CHECK(false);
}

// A receive has failed because of a record that is no data, or is damaged.
void Wire::OnControlRecord(Connection& connection) {
  RMQ_CHECK(connection.kernel_tls);
  if (connection.state == ConnectionState::kClosing) return;
  risen_.Clear();
  const transport::ControlResult result = core_.kernel_tls.read_control(connection.fd, risen_);
  switch (result.record) {
    case ControlRecord::kNothing:
    case ControlRecord::kIgnored:
      return;
    case ControlRecord::kData:
      if (connection.tunnel != nullptr) {
        const std::vector<uint8_t> bytes = risen_.Take();
        Unwrap(connection, bytes);
      } else {
        HandleBytes(connection, risen_.bytes());
      }
      return;
    case ControlRecord::kClosed:
      OnGoodbye(connection);
      return;
    case ControlRecord::kFailed:
      FailTunnel(connection, result.reason);
      connection.abort = true;  // Nothing can be said to it any more.
      return;
  }
  RMQ_CHECK(false);
}

// A key may seal only so much, and this one cannot be changed: the connection ends in good order
// before that, and its client comes back with a new one. Counted for every cipher alike, though
// ChaCha20 would bear more.
void Wire::CountSealed(Connection& connection, size_t sent_bytes) {
  constexpr size_t kRecordTextBytesMax = 1 << 14;
  // Its last block, which may be nearly empty, and the one for its tag.
  constexpr size_t kRecordExtraBytes = 32;
  const size_t records = (sent_bytes + kRecordTextBytesMax - 1) / kRecordTextBytesMax;
  connection.kernel_sealed_bytes += sent_bytes + records * kRecordExtraBytes;
  if (connection.kernel_sealed_bytes < core_.kernel_tls.sealed_bytes_max) return;
  if (connection.state == ConnectionState::kClosing) return;
  ++core_.statistics.kernel_tls_spent;
  core_.peer_errors.Write(core_.now, LogLevel::kInfo,
                          "connection closed: its TLS key in the kernel has sealed all that one "
                          "may, {} bytes, from {}",
                          connection.kernel_sealed_bytes, PeerNameOf(connection));
  core_.condemned.emplace_back(connection.self, ReasonCode::kQuotaExceeded);
}

// The last thing that is said on a connection that closes, after everything else was sent.
void Wire::SayGoodbyeInKernel(Connection& connection) {
  if (!connection.kernel_tls || connection.abort || connection.said_goodbye) return;
  connection.said_goodbye = true;
  core_.kernel_tls.say_goodbye(connection.fd);
}

}  // namespace ringmq::broker
