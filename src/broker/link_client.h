// The client's half of MQTT for a Link: packets into its pipe, events out of it. It may be simple,
// for a pipe loses nothing: no keep alive, no resending, no timeouts.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/pipe.h"
#include "codec/encode.h"
#include "codec/framer.h"
#include "codec/packets.h"
#include "ringmq/link.h"

namespace ringmq::broker {

using LinkDeadline = std::chrono::steady_clock::time_point;

class LinkClient {
 public:
  // `options.client_id` is not empty.
  LinkClient(LinkOptions options, Pipe::LinkEnd pipe);
  ~LinkClient() { Close(); }
  LinkClient(const LinkClient&) = delete;
  LinkClient& operator=(const LinkClient&) = delete;

  // CONNECT into the pipe, before the shard has its end.
  // An error says what is wrong with the will.
  [[nodiscard]] Expected<void> Connect();
  // Waits for CONNACK.
  [[nodiscard]] Expected<void> AwaitConnack(LinkDeadline deadline);

  [[nodiscard]] const LinkOptions& options() const { return options_; }
  [[nodiscard]] bool session_present() const { return session_present_; }

  Expected<uint64_t> Publish(std::string_view topic, std::string_view payload,
                             const LinkPublish& options);
  Expected<uint64_t> Subscribe(std::string_view filter, const LinkSubscribe& options);
  Expected<uint64_t> Unsubscribe(std::string_view filter);
  Expected<std::span<const LinkEvent>> Receive(LinkDeadline deadline);
  void Close();
  void Abandon() { pipe_.reset(); }

 private:
  // Packet identifiers that wait for an answer, and whose they are.
  class Window {
   public:
    Window() = default;
    Window(codec::PacketId first, size_t count);
    // Zero: all are in use.
    [[nodiscard]] codec::PacketId Begin(uint64_t ticket);
    // Returns the ticket. Requires: `id` is in use.
    uint64_t End(codec::PacketId id);
    [[nodiscard]] bool has_room() const { return !free_.empty(); }

   private:
    codec::PacketId first_ = 1;
    std::vector<uint64_t> tickets_;  // By identifier; zero: free.
    std::vector<codec::PacketId> free_;
  };

  [[nodiscard]] std::optional<Error> SetWill(const WillMessage& will, codec::Connect& packet);
  [[nodiscard]] std::optional<Error> CheckOpen() const;
  [[nodiscard]] std::optional<Error> CheckPublish(std::string_view topic,
                                                  const LinkPublish& options) const;
  [[nodiscard]] Error WouldBlock();
  template <typename Packet>
  void Write(const Packet& packet);
  void WriteAck(PacketType type, codec::PacketId id);
  Expected<uint64_t> Ask(codec::PacketId id, uint64_t ticket);

  void Compact();
  void ReadFrames();
  void OnFrame(const codec::FrameHead& head, codec::Bytes body);
  void OnPublish(uint8_t flags, codec::Bytes body);
  void OnAck(PacketType type, codec::Bytes body);
  void OnSubscribeAck(PacketType type, codec::Bytes body);
  void OnConnack(codec::Bytes body);
  void NoteRoom();

  const LinkOptions options_;
  Pipe::LinkEnd pipe_;  // Null: closed by us.
  bool connected_ = false;
  bool session_present_ = false;
  bool refused_ = false;  // A LinkWritable is owed.
  bool ended_ = false;    // LinkClosed was returned.
  bool more_comes_ = true;
  ReasonCode connack_ = ReasonCode::kServerUnavailable;
  ReasonCode end_reason_ = ReasonCode::kUnspecifiedError;
  // What the broker allows.
  Qos maximum_qos_ = Qos::kExactlyOnce;
  bool retain_available_ = true;
  uint32_t packet_size_bytes_max_ = 0;

  uint64_t next_ticket_ = 1;
  Window publishes_;
  Window questions_;             // SUBSCRIBE and UNSUBSCRIBE.
  std::vector<uint8_t> staged_;  // Packets on their way into the pipe.
  std::vector<uint8_t> properties_;
  std::vector<uint8_t> received_;
  size_t parsed_bytes_ = 0;  // Of received_; events point there.
  std::vector<LinkEvent> events_;
};

}  // namespace ringmq::broker
