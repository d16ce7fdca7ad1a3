// Whole packets out of what was received, as views that live until the next batch.
//
// A packet that lies whole in a receive buffer is shown where it is. One that does not is put
// together in a block of its own, which may be shared with the user (Message::Own()); a payload of
// a whole receive buffer and more always has one. The block grows with what arrives, so a header
// that claims more than ever comes costs nothing.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "codec/framer.h"
#include "codec/packets.h"
#include "ringmq/bytes.h"

namespace ringmq::client {

class Input {
 public:
  // `packet_bytes_max` bounds a whole packet, header included.
  Input(uint32_t packet_bytes_max, ProtocolVersion version)
      : packet_bytes_max_(packet_bytes_max), version_(version) {}

  // More of the stream. The bytes stay where they are until the second BeginBatch() from here, or
  // until drained() and then BeginBatch(). Requires: drained().
  void Give(codec::Bytes bytes);
  // What was given has all been looked at.
  [[nodiscard]] bool drained() const { return offset_ == given_.size(); }

  enum class Status : uint8_t { kFrame, kNeedMore, kBad };
  struct Packet {
    Status status = Status::kNeedMore;
    codec::FrameParse parse;             // Of kFrame, and why it is kBad.
    codec::Bytes body{};                 // Of kFrame.
    const SharedBytes* block = nullptr;  // Of kFrame; null: it lies in a receive buffer.
  };
  // The next packet. After kBad nothing may be asked before Reset().
  [[nodiscard]] Packet Next();

  // For what is not MQTT yet: the bytes that were not looked at, and that they were.
  [[nodiscard]] codec::Bytes Rest() const { return given_.subspan(offset_); }
  void Skip(size_t size_bytes) { offset_ += size_bytes; }

  // Views of packets shown before end.
  void BeginBatch() { blocks_.clear(); }
  // A new connection. Views stay until BeginBatch().
  void Reset();

 private:
  [[nodiscard]] Packet NextPartial();
  [[nodiscard]] size_t Fill(size_t target_bytes);
  void GrowBlock();

  const uint32_t packet_bytes_max_;
  const ProtocolVersion version_;
  codec::Bytes given_;
  size_t offset_ = 0;
  // The packet that is being put together.
  static constexpr size_t kHeadBytesMax = 5;
  uint8_t head_[kHeadBytesMax] = {};
  size_t have_bytes_ = 0;  // Of it, head included; zero: none is.
  codec::FrameParse parse_;
  SharedBytes block_;  // Empty while the head is not whole. Ends with the packet or before.
  char* block_bytes_ = nullptr;
  std::deque<SharedBytes> blocks_;  // Of this batch.
};

}  // namespace ringmq::client
