// SPDX-License-Identifier: Apache-2.0
#include "client/input.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "client/text.h"

namespace ringmq::client {

using codec::FrameStatus;

namespace {

// As much as a receive buffer, so that most packets fit at once.
constexpr size_t kFirstBlockBytes = 64 << 10;

}  // namespace

void Input::Give(codec::Bytes bytes) {
  RMQ_CHECK(drained());
  given_ = bytes;
  offset_ = 0;
}

void Input::Reset() {
  given_ = {};
  offset_ = 0;
  have_bytes_ = 0;
  block_ = {};
  block_bytes_ = nullptr;
}

Input::Packet Input::Next() {
  if (have_bytes_ > 0) return NextPartial();
  const codec::Bytes rest = given_.subspan(offset_);
  if (rest.empty()) return {};
  const codec::FrameParse parse = codec::ParseFrame(rest, packet_bytes_max_, version_);
  if (parse.status == FrameStatus::kNeedMore) return NextPartial();
  if (parse.status != FrameStatus::kFrame) return {.status = Status::kBad, .parse = parse};
  offset_ += parse.head.size_bytes();
  return {.status = Status::kFrame,
          .parse = parse,
          .body = rest.subspan(parse.head.header_size_bytes, parse.head.remaining_size_bytes)};
}

// Copies until `target_bytes` of the packet are there; returns how many are.
size_t Input::Fill(size_t target_bytes) {
  uint8_t* const to = block_bytes_ == nullptr ? head_ : reinterpret_cast<uint8_t*>(block_bytes_);
  const size_t count = std::min(target_bytes - have_bytes_, given_.size() - offset_);
  if (count > 0) std::memcpy(to + have_bytes_, given_.data() + offset_, count);
  offset_ += count;
  have_bytes_ += count;
  return have_bytes_;
}

// Makes room for twice as much as there is, or for all.
void Input::GrowBlock() {
  const size_t room_bytes =
      std::min<size_t>(parse_.head.size_bytes(), std::max(kFirstBlockBytes, have_bytes_ * 2));
  char* bytes = nullptr;
  SharedBytes block = SharedBytes::Allocate(room_bytes, &bytes);
  std::memcpy(bytes, block_bytes_ == nullptr ? head_ : AsBytes(block_.view()).data(), have_bytes_);
  block_ = std::move(block);
  block_bytes_ = bytes;
}

Input::Packet Input::NextPartial() {
  while (block_bytes_ == nullptr) {
    const size_t target_bytes = have_bytes_ + 1;
    RMQ_CHECK(target_bytes <= kHeadBytesMax);
    if (Fill(target_bytes) < target_bytes) return {};
    parse_ = codec::ParseFrame({head_, have_bytes_}, packet_bytes_max_, version_);
    if (parse_.status == FrameStatus::kMalformed || parse_.status == FrameStatus::kTooLarge) {
      return {.status = Status::kBad, .parse = parse_};
    }
    if (parse_.head.header_size_bytes == 0) continue;
    GrowBlock();
  }
  while (Fill(block_.size()) < parse_.head.size_bytes()) {
    if (drained()) return {};
    GrowBlock();
  }
  parse_.status = FrameStatus::kFrame;
  blocks_.push_back(std::move(block_));
  block_ = {};
  block_bytes_ = nullptr;
  have_bytes_ = 0;
  const SharedBytes& block = blocks_.back();
  return {.status = Status::kFrame,
          .parse = parse_,
          .body = AsBytes(block.view()).subspan(parse_.head.header_size_bytes),
          .block = &block};
}

}  // namespace ringmq::client
