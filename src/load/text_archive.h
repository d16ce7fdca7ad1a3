// What threads of one process measure, as text for another process of the same program.
//
// There is no version, and nothing has a name: numbers and histograms in a fixed order, a space
// behind each, texts with their length before them. A list of members serves both directions.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "load/findings.h"
#include "measure/text.h"

namespace ringmq::load {

class TextWriter {
 public:
  template <std::integral Number>
  void operator()(Number number) {
    absl::StrAppend(&text_, static_cast<uint64_t>(number), " ");
  }
  void operator()(double number) { (*this)(std::bit_cast<uint64_t>(number)); }
  void operator()(const measure::Histogram& histogram) {
    absl::StrAppend(&text_, histogram.Encode(), " ");
  }
  void operator()(const std::string& text) { absl::StrAppend(&text_, text.size(), " ", text, " "); }
  template <typename Key>
  void operator()(const std::map<Key, uint64_t>& counts) {
    (*this)(counts.size());
    for (const auto& [key, count] : counts) {
      (*this)(key);
      (*this)(count);
    }
  }
  [[nodiscard]] std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

class TextReader {
 public:
  // `text` outlives it; any is legal to pass.
  explicit TextReader(std::string_view text) : rest_(text) {}

  template <std::integral Number>
  void operator()(Number& number) {
    number = static_cast<Number>(Next());
  }
  void operator()(double& number) { number = std::bit_cast<double>(Next()); }
  void operator()(measure::Histogram& histogram) {
    absl::StatusOr<measure::Histogram> decoded = measure::Histogram::Decode(NextWord());
    is_sound_ = is_sound_ && decoded.ok();
    if (decoded.ok()) histogram = *std::move(decoded);
  }
  void operator()(std::string& text) {
    const uint64_t size_bytes = Next();
    is_sound_ = is_sound_ && size_bytes < rest_.size();
    if (!is_sound_) return;
    text = rest_.substr(0, size_bytes);
    rest_.remove_prefix(size_bytes + 1);
  }
  template <typename Key>
  void operator()(std::map<Key, uint64_t>& counts) {
    for (uint64_t left = Next(); left > 0 && is_sound_; --left) {
      Key key{};
      (*this)(key);
      (*this)(counts[std::move(key)]);
    }
  }
  [[nodiscard]] bool is_sound() const { return is_sound_; }
  // Sound, and at its end.
  [[nodiscard]] bool IsWhole() const { return is_sound_ && rest_.empty(); }

 private:
  std::string_view NextWord() {
    is_sound_ = is_sound_ && rest_.find(' ') != std::string_view::npos;
    return measure::TakeUntil(' ', rest_);
  }
  uint64_t Next() {
    const std::optional<uint64_t> number = measure::ParseNumber<uint64_t>(NextWord());
    is_sound_ = is_sound_ && number.has_value();
    return is_sound_ ? number.value_or(0) : 0;
  }

  std::string_view rest_;
  bool is_sound_ = true;
};

// `Tally_` is constant for a writer.
template <typename Each, typename Tally_>
void VisitTally(Each& each, Tally_& tally) {
  for (const auto histogram :
       {&Tally::response, &Tally::service, &Tally::lag, &Tally::own_lag, &Tally::ack}) {
    each(tally.*histogram);
  }
  for (const auto count :
       {&Tally::missing, &Tally::offered, &Tally::sent, &Tally::acked, &Tally::received,
        &Tally::sent_meanwhile, &Tally::acked_meanwhile, &Tally::received_meanwhile,
        &Tally::window_full, &Tally::socket_full, &Tally::turns, &Tally::backlogged_turns,
        &Tally::sent_times_unknown, &Tally::expected}) {
    each(tally.*count);
  }
  using Counts = measure::IntegrityCounts;
  for (const auto count :
       {&Counts::received, &Counts::lost, &Counts::lost_permitted, &Counts::lost_unpromised,
        &Counts::surplus, &Counts::duplicates, &Counts::duplicates_permitted, &Counts::reordered,
        &Counts::too_old, &Counts::corrupt, &Counts::misrouted, &Counts::wrong_qos,
        &Counts::foreign}) {
    each(tally.integrity.*count);
  }
  for (const auto time : {&Tally::cpu_ns, &Tally::idle_ns}) each(tally.*time);
  for (const auto time : {&OffCore::watched_ns, &OffCore::off_ns, &OffCore::longest_ns}) {
    each(tally.off_core.*time);
  }
  each(tally.off_core.thread);
}

}  // namespace ringmq::load
