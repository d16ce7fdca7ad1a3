// The present connection's output, as the parts of the client see it: where packets go, how many
// bytes have gone, and who watches.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "codec/encode.h"
#include "codec/frame_sink.h"
#include "ringmq/event.h"

namespace ringmq::client {

class Wire {
 public:
  // `sink` outlives the wire; `trace`, if not null, gets every packet that goes out.
  Wire(codec::FrameSink& sink, ProtocolVersion version, std::vector<PacketSent>* trace)
      : sink_(sink), trace_(trace), version_(version) {}

  [[nodiscard]] codec::FrameSink& sink() const { return sink_; }
  [[nodiscard]] ProtocolVersion version() const { return version_; }
  [[nodiscard]] bool is_v5() const { return version_ == ProtocolVersion::kV5; }
  // Of this connection.
  [[nodiscard]] uint64_t appended_bytes() const { return appended_bytes_; }

  template <typename Packet>
  void Write(PacketType type, codec::PacketId id, const Packet& packet) {
    const size_t size_bytes = codec::EncodedSizeBytes(packet, version_);
    codec::Encode(packet, version_, {sink_.Append(size_bytes), size_bytes});
    Note(type, id, size_bytes);
  }
  // PUBACK, PUBREC, PUBREL or PUBCOMP.
  void WriteAck(PacketType type, codec::PacketId id, ReasonCode reason) {
    Write(type, id, codec::TypedAck{.type = type, .ack = {.packet_id = id, .reason = reason}});
  }
  void WritePingreq() {
    uint8_t* const out = sink_.Append(sizeof(codec::kPingreqFrame));
    out[0] = codec::kPingreqFrame[0];
    out[1] = codec::kPingreqFrame[1];
    Note(PacketType::kPingreq, 0, sizeof(codec::kPingreqFrame));
  }
  // Of a packet that somebody else wrote into the sink.
  void Note(PacketType type, codec::PacketId id, size_t size_bytes) {
    appended_bytes_ += size_bytes;
    if (trace_ != nullptr) trace_->push_back({type, id, static_cast<uint32_t>(size_bytes)});
  }

 private:
  codec::FrameSink& sink_;
  std::vector<PacketSent>* const trace_;
  const ProtocolVersion version_;
  uint64_t appended_bytes_ = 0;
};

}  // namespace ringmq::client
