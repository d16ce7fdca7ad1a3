// The block behind MessageRef and SharedMessage.
//
//   home core:    MessageRef -> [ Message | Block | topic | properties | payload ]
//   other cores:  MessageRef -> [ Message ] -> the same block
//
// A Message is one core's count of references; the block counts the cores (and the SharedMessages
// on their way). The home core's Message is the front of the block itself, so that a message that
// never leaves its core costs one allocation.
//
// SPDX-License-Identifier: Apache-2.0
#include "codec/message.h"

#include <atomic>
#include <cstring>
#include <limits>
#include <new>

#include "base/check.h"
#include "codec/limits.h"
#include "codec/properties.h"

namespace ringmq::codec {
namespace {
struct Block;
}  // namespace

class Message {
 public:
  explicit Message(Block* shared) : block(shared) {}
  uint32_t references = 1;  // This core's; not atomic.
  Block* const block;
};

namespace {

// A payload that is not in the block.
struct External {
  const uint8_t* bytes = nullptr;
  void* owner = nullptr;
  void (*release)(void* owner) = nullptr;
};

struct Block : Message {
  explicit Block(const MessageContent& content)
      : Message(this),
        topic_bytes(static_cast<uint16_t>(content.topic.size())),
        qos(content.qos),
        retain(content.retain),
        expires(content.expires),
        publisher(content.publisher) {}

  [[nodiscard]] uint8_t* bytes() { return reinterpret_cast<uint8_t*>(this + 1); }
  [[nodiscard]] Bytes payload() {
    if (external != nullptr) return {external->bytes, payload_bytes};
    return {bytes() + topic_bytes + property_bytes, payload_bytes};
  }
  [[nodiscard]] size_t size_bytes() const {
    return sizeof(Block) + topic_bytes + property_bytes + payload_bytes;
  }

  // Shared. One for each core with references, one for each SharedMessage.
  std::atomic<uint32_t> cores = 1;
  // Constant once Make() returned.
  uint16_t topic_bytes;
  Qos qos;
  bool retain;
  uint32_t property_bytes = 0;
  uint32_t payload_bytes = 0;
  Instant expires;
  uint64_t publisher;
  const External* external = nullptr;  // Owned.
};
static_assert(sizeof(Block) <= 64);  // Of every queued and retained message: one cache line.

void AddCore(Block& block) {
  // Relaxed: whoever adds a count holds one already, so the block cannot die meanwhile.
  const uint32_t before = block.cores.fetch_add(1, std::memory_order_relaxed);
  RMQ_CHECK(before > 0);
  RMQ_CHECK(before < std::numeric_limits<uint32_t>::max());
}

void DropCore(Block* block) {
  // Release: our reads of the block happen before its death; acquire: so do those of others.
  const uint32_t before = block->cores.fetch_sub(1, std::memory_order_acq_rel);
  RMQ_CHECK(before > 0);
  if (before > 1) return;
  if (block->external != nullptr) {
    block->external->release(block->external->owner);
    delete block->external;
  }
  block->~Block();
  ::operator delete(block);
}

uint8_t* Copy(Bytes bytes, uint8_t* out) {
  if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

}  // namespace

namespace {

enum class PayloadPlace : uint8_t { kInside, kOutside };

Block* MakeBlock(const MessageContent& content, PayloadPlace place) {
  RMQ_CHECK(content.topic.size() <= kStringBytesMax);
  RMQ_CHECK(content.payload.size() <= kPacketSizeBytesMax);
  const size_t property_bytes = content.filter_hop_properties
                                    ? ForwardableSizeBytes(content.forwardable)
                                    : content.forwardable.size();
  RMQ_CHECK(property_bytes <= kPacketSizeBytesMax);
  const size_t inside_bytes = place == PayloadPlace::kInside ? content.payload.size() : 0;
  const size_t size_bytes = sizeof(Block) + content.topic.size() + property_bytes + inside_bytes;
  Block* const block = new (::operator new(size_bytes)) Block(content);
  block->property_bytes = static_cast<uint32_t>(property_bytes);
  block->payload_bytes = static_cast<uint32_t>(content.payload.size());

  uint8_t* out = Copy(AsBytes(content.topic), block->bytes());
  if (content.filter_hop_properties) {
    ForEachForwardable(content.forwardable, [&](Bytes property) { out = Copy(property, out); });
  } else {
    out = Copy(content.forwardable, out);
  }
  if (place == PayloadPlace::kInside) out = Copy(content.payload, out);
  RMQ_CHECK(out == block->bytes() + (size_bytes - sizeof(Block)));
  return block;
}

}  // namespace

MessageRef MessageRef::Make(const MessageContent& content) {
  return MessageRef(MakeBlock(content, PayloadPlace::kInside));
}

MessageRef MessageRef::MakeReferencing(const MessageContent& content, void* owner,
                                       void (*release)(void* owner)) {
  Block* const block = MakeBlock(content, PayloadPlace::kOutside);
  block->external = new External{content.payload.data(), owner, release};
  return MessageRef(block);
}

MessageRef::MessageRef(const MessageRef& other) : message_(other.message_) {
  if (message_ == nullptr) return;
  RMQ_CHECK(message_->references > 0);
  ++message_->references;
}

MessageRef::~MessageRef() {
  if (message_ == nullptr) return;
  RMQ_CHECK(message_->references > 0);
  if (--message_->references > 0) return;
  Block* const block = message_->block;
  if (message_ != block) delete message_;
  DropCore(block);
}

std::string_view MessageRef::topic() const {
  Block& block = *message_->block;
  return AsText(Bytes(block.bytes(), block.topic_bytes));
}

Bytes MessageRef::properties() const {
  Block& block = *message_->block;
  return {block.bytes() + block.topic_bytes, block.property_bytes};
}

Bytes MessageRef::payload() const { return message_->block->payload(); }

Qos MessageRef::qos() const { return message_->block->qos; }
bool MessageRef::retain() const { return message_->block->retain; }
Instant MessageRef::expires() const { return message_->block->expires; }
uint64_t MessageRef::publisher() const { return message_->block->publisher; }
size_t MessageRef::size_bytes() const { return message_->block->size_bytes(); }

SharedMessage SharedMessage::Share(const MessageRef& message) {
  RMQ_CHECK(message.message_ != nullptr);
  Block* const block = message.message_->block;
  AddCore(*block);
  return SharedMessage(block);
}

MessageRef SharedMessage::Adopt() {
  RMQ_CHECK(body_ != nullptr);
  // The count that the SharedMessage held becomes that of the new core.
  Block* const block = body_->block;
  body_ = nullptr;
  return MessageRef(new Message(block));
}

SharedMessage::~SharedMessage() {
  if (body_ != nullptr) DropCore(body_->block);
}

}  // namespace ringmq::codec
