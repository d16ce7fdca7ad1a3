// SPDX-License-Identifier: Apache-2.0
#include "load/audience.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "codec/topic.h"

namespace ringmq::load {
namespace {

using Filled = TopicPattern::Filled;

// As many digits as a number below TopicPattern::kValuesMax or of a publisher may have.
constexpr size_t kDigitsMax = 10;

// The number that stands there as we write it: decimal, and nothing before its first digit.
std::optional<uint64_t> NumberIn(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  return is_whole ? std::optional(number) : std::nullopt;
}

// All numbers that are written somewhere in `text`, each once.
std::vector<uint32_t> NumbersIn(std::string_view text, uint32_t below) {
  std::vector<uint32_t> numbers;
  for (size_t begin = 0; begin < text.size(); ++begin) {
    for (size_t size = 1; size <= std::min(kDigitsMax, text.size() - begin); ++size) {
      const auto number = NumberIn(text.substr(begin, size));
      if (!number.has_value()) break;
      if (*number < below) numbers.push_back(static_cast<uint32_t>(*number));
    }
  }
  std::ranges::sort(numbers);
  const auto repeated = std::ranges::unique(numbers);
  numbers.erase(repeated.begin(), repeated.end());
  return numbers;
}

std::vector<std::string_view> LevelsOf(std::string_view text) {
  std::vector<std::string_view> levels;
  size_t begin = 0;
  for (size_t end = text.find('/'); end != std::string_view::npos; end = text.find('/', begin)) {
    levels.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  levels.push_back(text.substr(begin));
  return levels;
}

bool Changes(const TopicPattern::Piece& piece) { return piece.count > 1; }
bool IsNumber(const TopicPattern::Piece& piece) { return piece.filled == Filled::kNumber; }

}  // namespace

Topics::Topics(const TopicPattern& pattern, uint32_t publishers)
    : levels_(1), publishers_(publishers) {
  for (const TopicPattern::Piece& piece : pattern.pieces()) {
    const std::vector<std::string_view> texts = LevelsOf(piece.text);
    for (size_t i = 0; i < texts.size(); ++i) {
      if (i > 0) levels_.emplace_back();
      const bool is_last = i + 1 == texts.size();
      levels_.back().push_back({.text = std::string(texts[i]),
                                .filled = is_last ? piece.filled : Filled::kNothing,
                                .count = is_last ? piece.count : 1});
    }
  }
  const Level& first = levels_.front();
  is_hidden_ = !first.empty() && first.front().text.starts_with('$');
}

bool Topics::CanBe(const Level& level, std::string_view text, uint32_t i) {
  // Where in the text what comes next may begin.
  std::vector<bool> starts(text.size() + 1);
  starts[0] = true;
  for (const TopicPattern::Piece& piece : level) {
    std::vector<bool> next(text.size() + 1);
    for (size_t at = 0; at <= text.size(); ++at) {
      if (!starts[at] || !text.substr(at).starts_with(piece.text)) continue;
      const size_t begin = at + piece.text.size();
      if (piece.filled == Filled::kNothing) next[begin] = true;
      if (piece.filled == Filled::kNothing) continue;
      for (size_t size = 1; size <= std::min(kDigitsMax, text.size() - begin); ++size) {
        const auto number = NumberIn(text.substr(begin, size));
        if (!number.has_value()) break;
        const bool fits = IsNumber(piece) ? *number == i : *number < piece.count;
        if (fits) next[begin + size] = true;
      }
    }
    starts.swap(next);
  }
  return starts[text.size()];
}

Reach Topics::ReachOf(std::string_view filter) const {
  constexpr Reach kNobody;
  const std::vector<std::string_view> wanted = LevelsOf(filter);
  // [MQTT-4.7.2-1]
  if (is_hidden_ && (wanted.front() == "+" || wanted.front() == "#")) return kNobody;
  const bool takes_rest = wanted.back() == "#";
  const size_t named = wanted.size() - (takes_rest ? 1 : 0);
  // What is above a "#" is meant, too. 5.0 s4.7.1.2
  if (takes_rest ? levels_.size() < named : levels_.size() != named) return kNobody;
  Reach reach{.first = 0, .count = publishers_};
  std::vector<size_t> numbered;  // Levels that depend on the publisher, and are no wildcard.
  for (size_t i = 0; i < named; ++i) {
    if (wanted[i] == "+") continue;
    reach.is_partial = reach.is_partial || std::ranges::any_of(levels_[i], Changes);
    if (std::ranges::any_of(levels_[i], IsNumber)) {
      numbered.push_back(i);
    } else if (!CanBe(levels_[i], wanted[i], 0)) {
      return kNobody;
    }
  }
  if (numbered.empty()) return reach;
  reach.count = 0;
  for (const uint32_t i : NumbersIn(wanted[numbered.front()], publishers_)) {
    const bool is_heard = std::ranges::all_of(
        numbered, [&](size_t level) { return CanBe(levels_[level], wanted[level], i); });
    if (!is_heard) continue;
    if (reach.count == 0) reach.first = i;
    reach.count = i - reach.first + 1;
  }
  return reach.count == 0 ? kNobody : reach;
}

FilterKind KindOf(std::string_view filter) {
  const std::string filled = Fill(filter, 0);
  if (!codec::IsValidSubscriptionFilter(filled)) return FilterKind::kInvalid;
  return codec::IsSharedFilter(filled) ? FilterKind::kShared : FilterKind::kPlain;
}

Audience SetAudience(const Topics& topics, Role& role, Plan& plan) {
  Audience audience;
  absl::flat_hash_map<std::string, uint32_t> groups;
  absl::flat_hash_map<std::string, Reach> reaches;  // By filters that several have.
  // By publisher: how many more hear it than the one before.
  std::vector<int64_t> more(plan.publishers + 1);
  role.heard.reserve(role.count);
  for (uint32_t n = 0; n < role.count; ++n) {
    const std::string filter = role.FilterOf(n);
    const auto shared = codec::ParseSharedFilter(filter);
    const bool is_repeated = role.filter_template(n).find("{i}") == std::string::npos;
    const auto known = is_repeated ? reaches.find(filter) : reaches.end();
    const Reach reach = known != reaches.end()
                            ? known->second
                            : topics.ReachOf(shared.has_value() ? shared->filter : filter);
    if (is_repeated) reaches.emplace(filter, reach);
    if (reach.is_partial && audience.partial.empty()) audience.partial = filter;
    if (reach.count == 0) ++audience.silent;
    Heard& heard = role.heard.emplace_back(Heard{.first = reach.first, .count = reach.count});
    bool is_first = true;
    if (shared.has_value()) {
      role.is_shared = true;
      const auto next = static_cast<uint32_t>(plan.groups.size());
      const auto [group, is_new] = groups.try_emplace(filter, next);
      if (is_new) plan.groups.push_back({.first = reach.first, .count = reach.count});
      heard.group = group->second;
      is_first = is_new;
    }
    if (!is_first) continue;
    ++more[reach.first];
    --more[reach.first + reach.count];
  }
  plan.deliveries.resize(plan.publishers);
  int64_t deliveries = 0;
  for (uint32_t i = 0; i < plan.publishers; ++i) {
    deliveries += more[i];
    plan.deliveries[i] = static_cast<uint32_t>(deliveries);
    plan.deliveries_sum += plan.deliveries[i];
  }
  return audience;
}

}  // namespace ringmq::load
