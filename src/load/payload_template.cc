// SPDX-License-Identifier: Apache-2.0
#include "load/payload_template.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "measure/text.h"

namespace ringmq::load {
namespace {

constexpr std::string_view kRandom = "{rand:";

size_t DigitsOf(uint64_t number) { return absl::StrCat(number).size(); }

// Equal inputs have equal outputs; all bits of the output depend on all bits of the input.
// Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014.
uint64_t Scramble(uint64_t bits) {
  bits += 0x9e3779b97f4a7c15;
  bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
  return bits ^ bits >> 31;
}

uint64_t Below(uint64_t count, uint64_t bits) {
  return static_cast<uint64_t>(static_cast<unsigned __int128>(bits) * count >> 64);
}

}  // namespace

bool PayloadTemplate::IsOne(std::string_view text) {
  constexpr std::string_view kPlaces[] = {"{seq}", "{pub}", "{time}", kRandom};
  return std::ranges::any_of(kPlaces, [text](std::string_view place) {
    return text.find(place) != std::string_view::npos;
  });
}

absl::StatusOr<PayloadTemplate> PayloadTemplate::Parse(std::string_view text) {
  constexpr std::pair<std::string_view, Filled> kPlaces[] = {
      {"{seq}", Filled::kSequence}, {"{pub}", Filled::kPublisher}, {"{time}", Filled::kTime}};
  PayloadTemplate made;
  Piece piece;
  const auto add = [&made, &piece](Filled filled, uint64_t count) {
    piece.filled = filled;
    piece.count = count;
    made.pieces_.push_back(std::exchange(piece, {}));
  };
  while (!text.empty()) {
    const auto* const place = std::ranges::find_if(
        kPlaces, [text](const auto& each) { return text.starts_with(each.first); });
    if (place != std::end(kPlaces)) {
      add(place->second, 1);
      text.remove_prefix(place->first.size());
    } else if (text.starts_with(kRandom)) {
      const size_t end = text.find('}');
      const std::string_view number =
          end == std::string_view::npos ? "" : text.substr(kRandom.size(), end - kRandom.size());
      const auto count = measure::ParseNumber<uint64_t>(number);
      if (!count.has_value() || *count == 0) {
        return absl::InvalidArgumentError(absl::StrCat("'", std::string(text.substr(0, 20)),
                                                       "' is no {rand:N}, a number below N"));
      }
      add(Filled::kRandom, *count);
      text.remove_prefix(end + 1);
    } else {
      piece.text += text.front();
      text.remove_prefix(1);
    }
  }
  if (!piece.text.empty()) add(Filled::kNothing, 1);
  return made;
}

size_t PayloadTemplate::SizeBytesMin() const {
  size_t sum = 0;
  for (const Piece& piece : pieces_) {
    sum += piece.text.size() + (piece.filled == Filled::kNothing ? 0 : 1);
  }
  return sum;
}

size_t PayloadTemplate::SizeBytesMax() const {
  size_t sum = 0;
  for (const Piece& piece : pieces_) {
    sum += piece.text.size();
    switch (piece.filled) {
      case Filled::kNothing:
        break;
      case Filled::kSequence:
        sum += DigitsOf(std::numeric_limits<uint64_t>::max());
        break;
      case Filled::kPublisher:
        sum += DigitsOf(std::numeric_limits<uint32_t>::max());
        break;
      case Filled::kTime:
        sum += DigitsOf(std::numeric_limits<int64_t>::max());
        break;
      case Filled::kRandom:
        sum += DigitsOf(piece.count - 1);
        break;
    }
  }
  return sum;
}

uint64_t PayloadTemplate::ValueOf(const Piece& piece, size_t place, const Values& values) const {
  switch (piece.filled) {
    case Filled::kNothing:
      break;
    case Filled::kSequence:
      return values.sequence;
    case Filled::kPublisher:
      return values.publisher;
    case Filled::kTime:
      return static_cast<uint64_t>(values.time_ms);
    case Filled::kRandom: {
      const uint64_t message = Scramble(Scramble(values.seed + values.publisher) + values.sequence);
      return Below(piece.count, Scramble(message + place));
    }
  }
  RMQ_CHECK(false);  // Nothing is asked for behind the last text.
}

size_t PayloadTemplate::Render(const Values& values, std::span<uint8_t> out) const {
  RMQ_DCHECK(out.size() >= SizeBytesMax());
  char* const begin = reinterpret_cast<char*>(out.data());
  char* const end = begin + out.size();
  char* at = begin;
  for (size_t i = 0; i < pieces_.size(); ++i) {
    at = std::copy(pieces_[i].text.begin(), pieces_[i].text.end(), at);
    if (pieces_[i].filled == Filled::kNothing) continue;
    at = std::to_chars(at, end, ValueOf(pieces_[i], i, values)).ptr;
  }
  return static_cast<size_t>(at - begin);
}

}  // namespace ringmq::load
