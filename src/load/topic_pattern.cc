// SPDX-License-Identifier: Apache-2.0
#include "load/topic_pattern.h"

#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "measure/quantity.h"

namespace ringmq::load {
namespace {

using Filled = TopicPattern::Filled;

constexpr std::string_view kRandom = "{rand";
constexpr std::string_view kTurn = "{topic";

// splitmix64's last step: each bit of the result depends on all of `word`.
uint64_t Mix(uint64_t word) {
  word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
  word = (word ^ word >> 27) * 0x94d049bb133111eb;
  return word ^ word >> 31;
}

uint64_t Below(uint64_t drawn, uint64_t bound) {
  return static_cast<uint64_t>(static_cast<unsigned __int128>(drawn) * bound >> 64);
}

void AppendNumber(uint64_t number, std::string& out) {
  char digits[20];
  const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), number);
  RMQ_CHECK(error == std::errc());
  out.append(digits, end);
}

// What `place` stands for, from its brace to its brace.
absl::StatusOr<TopicPattern::Piece> ReadPlace(std::string_view place) {
  TopicPattern::Piece piece;
  if (place == "{i}") {
    piece.filled = Filled::kNumber;
    return piece;
  }
  const bool is_random = place.starts_with(kRandom);
  const std::string_view name = is_random ? kRandom : kTurn;
  if (!place.starts_with(name)) return piece;
  const std::string_view rest = place.substr(name.size(), place.size() - name.size() - 1);
  if (!rest.empty() && rest.front() != ':') return piece;
  const auto values = measure::ParseCount(rest.substr(rest.empty() ? 0 : 1));
  const bool is_whole = values.ok() && *values >= 1 &&
                        *values <= static_cast<double>(TopicPattern::kValuesMax) &&
                        *values == static_cast<double>(static_cast<uint64_t>(*values));
  if (!is_whole) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", std::string(place), "' needs a number of values, from 1 to 1G"));
  }
  piece.filled = is_random ? Filled::kRandom : Filled::kTurn;
  piece.count = static_cast<uint64_t>(*values);
  return piece;
}

}  // namespace

absl::StatusOr<TopicPattern> TopicPattern::Parse(std::string_view text) {
  TopicPattern pattern;
  std::string before;
  while (!text.empty()) {
    const size_t begin = text.find('{');
    const size_t end = text.find('}', begin == std::string_view::npos ? text.size() : begin);
    if (end == std::string_view::npos) break;
    absl::StatusOr<Piece> piece = ReadPlace(text.substr(begin, end + 1 - begin));
    if (!piece.ok()) return piece.status();
    const bool is_text = piece->filled == Filled::kNothing;
    before += text.substr(0, is_text ? begin + 1 : begin);
    text.remove_prefix(is_text ? begin + 1 : end + 1);
    if (is_text) continue;
    if (piece->filled != Filled::kNumber && piece->count == 1) {
      before += '0';
      continue;
    }
    if (piece->count > kTopicsMax / pattern.topics_) {
      return absl::InvalidArgumentError("it makes more than 2^60 topics");
    }
    pattern.topics_ *= piece->count;
    piece->text = std::exchange(before, {});
    pattern.pieces_.push_back(*std::move(piece));
  }
  before += text;
  if (!before.empty()) pattern.pieces_.push_back({.text = std::move(before)});
  return pattern;
}

size_t TopicPattern::SizeBytesMax(uint32_t connections) const {
  std::string longest;
  Name(connections > 0 ? connections - 1 : 0, topics_ - 1, longest);
  return longest.size();
}

uint64_t TopicPattern::TopicOf(uint64_t seed, uint32_t publisher, uint64_t sequence) const {
  constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;
  uint64_t state = Mix(Mix(seed + kGolden) + publisher + kGolden) + sequence;
  uint64_t topic = 0;
  for (const Piece& piece : pieces_) {
    if (piece.count == 1) continue;
    state += kGolden;
    const uint64_t value =
        piece.filled == Filled::kTurn ? sequence % piece.count : Below(Mix(state), piece.count);
    topic = topic * piece.count + value;
  }
  return topic;
}

bool TopicPattern::IsNamed(uint32_t i, uint64_t topic, std::string_view name) const {
  uint64_t unit = topics_;
  for (const Piece& piece : pieces_) {
    if (!name.starts_with(piece.text)) return false;
    name.remove_prefix(piece.text.size());
    if (piece.filled == Filled::kNothing) continue;
    unit /= piece.count;
    const uint64_t number = piece.filled == Filled::kNumber ? i : topic / unit % piece.count;
    char digits[20];
    const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), number);
    RMQ_CHECK(error == std::errc());
    const std::string_view filled(digits, static_cast<size_t>(end - digits));
    if (!name.starts_with(filled)) return false;
    name.remove_prefix(filled.size());
  }
  return name.empty();
}

void TopicPattern::Name(uint32_t i, uint64_t topic, std::string& name) const {
  RMQ_DCHECK(topic < topics_);
  name.clear();
  uint64_t unit = topics_;
  for (const Piece& piece : pieces_) {
    name += piece.text;
    if (piece.filled == Filled::kNumber) {
      AppendNumber(i, name);
    } else if (piece.filled != Filled::kNothing) {
      unit /= piece.count;
      AppendNumber(topic / unit % piece.count, name);
    }
  }
}

}  // namespace ringmq::load
