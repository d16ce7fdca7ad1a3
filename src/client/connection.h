// One network connection on the ring: bytes in, bytes out, and an end in good order.
//
//   kNone --Open()--> kOpen --Close(kFlush)--> kFlushing --> kWaitingForEnd --> kNone
//                       |                          |               |
//                       +-------Close(kNow)--------+---------------+--> kReaping --> kNone
//
// Belongs to the loop; the next connection opens when this one is kNone. Operations and their
// buffers live until their last completion, so kNone comes only after it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/time.h"
#include "client/input.h"
#include "client/tunnel.h"
#include "codec/frame_sink.h"
#include "reactor/ring.h"
#include "transport/chunk_pool.h"
#include "transport/output_queue.h"

namespace ringmq::client {

class Connection final : public codec::FrameSink {
 public:
  // How long a connection that is closed in good order may take to flush and to see its end.
  static constexpr Duration kFarewell = 2 * kSecond;
  // Tokens first_token to first_token + 2 are the connection's.
  static constexpr uint64_t kTokens = 3;

  Connection(reactor::Ring& ring, uint64_t first_token, uint32_t packet_bytes_max,
             ProtocolVersion version)
      : ring_(ring), first_token_(first_token), input_(packet_bytes_max, version) {}
  ~Connection() override;

  // Takes the descriptor. Requires: is_none().
  void Open(int fd);
  // Bytes go through layers from here on; what was received and not looked at is theirs. Requires:
  // is_open(), nothing of ours waits to be sent, no layers yet.
  void StartLayers(transport::LayerStack layers);
  // kOpen if there are none.
  [[nodiscard]] transport::LayerState layers_state() const {
    return tunnel_ == nullptr ? transport::LayerState::kOpen : tunnel_->state();
  }
  [[nodiscard]] std::string_view layers_error() const { return tunnel_->error(); }
  enum class End : uint8_t { kFlush, kNow };
  void Close(End end, Instant now);
  // An end in good order takes no longer than this.
  void LimitFarewell(Instant deadline) {
    farewell_deadline_ = std::min(farewell_deadline_, deadline);
  }

  [[nodiscard]] bool is_none() const { return state_ == State::kNone; }
  [[nodiscard]] bool is_open() const { return state_ == State::kOpen; }
  // Why the peer or the kernel ended it: a positive errno, zero for end of stream.
  [[nodiscard]] std::optional<int> lost() const { return lost_; }

  [[nodiscard]] bool Owns(uint64_t token) const {
    return token >= first_token_ && token < first_token_ + kTokens;
  }
  void OnCompletion(const reactor::Completion& completion);
  // Appends what is to be submitted next. Reads only when everything read before was looked at.
  void Turn(Instant now, std::vector<reactor::Op>& ops);
  [[nodiscard]] Instant next_deadline() const {
    return state_ == State::kFlushing || state_ == State::kWaitingForEnd ? farewell_deadline_
                                                                         : Instant::Max();
  }

  [[nodiscard]] Input& input() { return input_; }
  // Something was received that nobody has looked at.
  [[nodiscard]] bool has_unread() const { return state_ == State::kOpen && !input_.drained(); }
  // The views of the batch before end; receive buffers go back.
  void BeginBatch();

  // Since Open(): what was appended and has gone,
  [[nodiscard]] uint64_t written_bytes() const { return written_bytes_; }
  // and what the socket has seen.
  [[nodiscard]] uint64_t sent_bytes() const { return sent_bytes_; }
  [[nodiscard]] uint64_t received_bytes() const { return received_bytes_; }

  // codec::FrameSink.
  [[nodiscard]] uint8_t* Append(size_t size_bytes) override {
    return output_.Append(pool_, size_bytes);
  }
  void AppendPayload(const codec::MessageRef& message) override;
  [[nodiscard]] size_t pending_bytes() const override { return output_.pending_bytes(); }

 private:
  enum class State : uint8_t { kNone, kOpen, kFlushing, kWaitingForEnd, kReaping };

  void OnReceived(const reactor::Completion& completion);
  void OnSent(const reactor::Completion& completion);
  void Show(std::span<const uint8_t> bytes);
  void ReturnBuffer(size_t index);
  void PrepareSend();
  void FlushFarewell();
  [[nodiscard]] transport::OutputQueue& outgoing() {
    return tunnel_ == nullptr ? output_ : tunnel_->output();
  }
  void Reap();
  void Lose(int error);

  reactor::Ring& ring_;
  const uint64_t first_token_;
  transport::ChunkPool pool_;
  transport::OutputQueue output_;
  Input input_;
  std::unique_ptr<Tunnel> tunnel_;  // Null: none is needed.
  State state_ = State::kNone;
  int fd_ = -1;
  bool receiving_ = false;   // A kRecv is under way,
  bool cancelling_ = false;  // and was asked to end.
  bool ended_ = false;       // The peer's side.
  std::optional<int> lost_;
  Instant farewell_deadline_{};
  uint64_t written_bytes_ = 0;
  uint64_t sent_bytes_ = 0;
  uint64_t received_bytes_ = 0;
  std::vector<uint16_t> lent_;  // Receive buffers, the one in use last.
};

}  // namespace ringmq::client
