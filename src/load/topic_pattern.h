// The topics of those that publish alike, as a plan writes them: text with places that are filled
// in.
//
//   {i}         the number of the connection
//   {rand:N}    of each message: a number below N, drawn by the seed
//   {topic:N}   of each message: its own number modulo N
//
// Numbers are plain decimals. The topics of one connection are numbered: where {rand:N} and
// {topic:N} stand are the digits of that number, the last place counting ones. Which of them a
// message has follows from its own number alone, so that it has the same when it is sent again.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace ringmq::load {

class TopicPattern {
 public:
  // Of one place, and of all together.
  static constexpr uint64_t kValuesMax = 1'000'000'000;
  static constexpr uint64_t kTopicsMax = uint64_t{1} << 60;

  enum class Filled : uint8_t { kNothing, kNumber, kRandom, kTurn };
  struct Piece {
    std::string text;
    Filled filled = Filled::kNothing;  // What stands behind the text.
    uint64_t count = 1;                // Of its values, which are more than one; kRandom and kTurn.
  };

  // Braces that hold nothing of the above are text. An error is a sentence about a place that is
  // none.
  [[nodiscard]] static absl::StatusOr<TopicPattern> Parse(std::string_view text);

  [[nodiscard]] const std::vector<Piece>& pieces() const { return pieces_; }
  // Of one connection.
  [[nodiscard]] uint64_t topics() const { return topics_; }
  // Of the longest topic, if there are so many connections.
  [[nodiscard]] size_t SizeBytesMax(uint32_t connections) const;
  // The topic of a message, below topics().
  [[nodiscard]] uint64_t TopicOf(uint64_t seed, uint32_t publisher, uint64_t sequence) const;
  // The name of that topic of connection `i`, in place of what `name` was. Topic 0 has the shortest
  // one. Allocates nothing if `name` has the memory.
  void Name(uint32_t i, uint64_t topic, std::string& name) const;
  // Whether `name` is what Name() makes.
  [[nodiscard]] bool IsNamed(uint32_t i, uint64_t topic, std::string_view name) const;

 private:
  std::vector<Piece> pieces_;
  uint64_t topics_ = 1;
};

}  // namespace ringmq::load
