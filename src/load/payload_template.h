// Payloads that differ from message to message: text with places that are filled in.
//
//   {seq}      the message's number, counted from zero by each publisher
//   {pub}      the publisher's number
//   {time}     when it was due, in milliseconds since 1970
//   {rand:N}   a number below N, drawn by the seed
//
// Numbers are plain decimals. What follows from a place follows from the message alone, so that it
// has the same payload when it is sent again. Braces around anything else are text, as in
// {"id":{pub},"n":{seq}}.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace ringmq::load {

class PayloadTemplate {
 public:
  struct Values {
    uint64_t sequence = 0;
    uint32_t publisher = 0;
    int64_t time_ms = 0;
    uint64_t seed = 0;
  };

  // Of no payload at all.
  PayloadTemplate() = default;
  // An error is a sentence about a place that is wrong.
  [[nodiscard]] static absl::StatusOr<PayloadTemplate> Parse(std::string_view text);
  // Whether there is a place to be filled in, right or wrong.
  [[nodiscard]] static bool IsOne(std::string_view text);

  [[nodiscard]] bool empty() const { return pieces_.empty(); }
  // No payload is shorter or longer.
  [[nodiscard]] size_t SizeBytesMin() const;
  [[nodiscard]] size_t SizeBytesMax() const;
  // Writes over the front of `out`, and says how much. Allocates nothing.
  // Requires: out.size() >= SizeBytesMax(), time_ms >= 0.
  [[nodiscard]] size_t Render(const Values& values, std::span<uint8_t> out) const;

 private:
  enum class Filled : uint8_t { kNothing, kSequence, kPublisher, kTime, kRandom };
  struct Piece {
    std::string text;
    Filled filled = Filled::kNothing;  // What stands behind the text.
    uint64_t count = 1;                // Of the values of kRandom.
  };

  [[nodiscard]] uint64_t ValueOf(const Piece& piece, size_t place, const Values& values) const;

  std::vector<Piece> pieces_;
};

}  // namespace ringmq::load
