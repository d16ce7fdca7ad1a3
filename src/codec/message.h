// A published message that outlives the frame it came in: queued, in flight, retained, a will, or
// on its way to another core.
//
// One immutable block of bytes (topic, forwardable properties, payload behind the header) and a
// counted reference to it. Counting is per core and not atomic: a MessageRef belongs to one core.
// To cross, Share() makes a SharedMessage, which may be moved to another core and turned there
// into that core's own MessageRef with Adopt(). The block dies with the last core's last reference,
// on whichever core that is. What crosses never changes.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/time.h"
#include "codec/packets.h"

namespace ringmq::codec {

struct MessageContent {
  std::string_view topic{};
  Bytes payload{};
  Bytes forwardable{};  // Property bytes to pass on unaltered; may come from a list with hop
                        // properties when `filter_hop_properties` is set.
  bool filter_hop_properties = false;
  Qos qos = Qos::kAtMostOnce;
  bool retain = false;               // As published.
  Instant expires = Instant::Max();  // Max: never.
  uint64_t publisher = 0;            // Opaque; for No Local. Zero: none.
};

class Message;

class MessageRef {
 public:
  MessageRef() = default;
  MessageRef(const MessageRef& other);
  MessageRef(MessageRef&& other) noexcept : message_(std::exchange(other.message_, nullptr)) {}
  MessageRef& operator=(MessageRef other) noexcept {
    std::swap(message_, other.message_);
    return *this;
  }
  ~MessageRef();

  // For holders that can keep one pointer only: the reference as a pointer, and back. Each
  // Detach() is undone by one Attach().
  [[nodiscard]] void* Detach() && { return std::exchange(message_, nullptr); }
  [[nodiscard]] static MessageRef Attach(void* detached) {
    return MessageRef(static_cast<Message*>(detached));
  }

  // Copies the content into one new block.
  [[nodiscard]] static MessageRef Make(const MessageContent& content);
  // As Make(), but the payload stays where it is, and `release(owner)` is called when nobody needs
  // it any more, on whichever thread that is.
  [[nodiscard]] static MessageRef MakeReferencing(const MessageContent& content, void* owner,
                                                  void (*release)(void* owner));

  explicit operator bool() const { return message_ != nullptr; }
  bool operator==(const MessageRef& other) const = default;

  // Requires: not empty. Views live as long as any reference to the same message.
  [[nodiscard]] std::string_view topic() const;
  [[nodiscard]] Bytes payload() const;
  [[nodiscard]] Bytes properties() const;  // Forwardable ones.
  [[nodiscard]] Qos qos() const;
  [[nodiscard]] bool retain() const;
  [[nodiscard]] Instant expires() const;
  [[nodiscard]] uint64_t publisher() const;
  // What the message costs in memory: the unit of every byte budget.
  [[nodiscard]] size_t size_bytes() const;

 private:
  friend class SharedMessage;
  explicit MessageRef(Message* message) : message_(message) {}
  Message* message_ = nullptr;
};

// A reference on its way between cores: move-only, owned by nobody's core.
class SharedMessage {
 public:
  SharedMessage() = default;
  SharedMessage(SharedMessage&& other) noexcept : body_(std::exchange(other.body_, nullptr)) {}
  SharedMessage& operator=(SharedMessage&& other) noexcept {
    std::swap(body_, other.body_);
    return *this;
  }
  ~SharedMessage();

  [[nodiscard]] static SharedMessage Share(const MessageRef& message);
  // Turns it into this core's reference; leaves this empty. Requires: not empty.
  [[nodiscard]] MessageRef Adopt();

  explicit operator bool() const { return body_ != nullptr; }

 private:
  explicit SharedMessage(Message* body) : body_(body) {}
  Message* body_ = nullptr;
};

}  // namespace ringmq::codec
