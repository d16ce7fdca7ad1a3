// SPDX-License-Identifier: Apache-2.0
#include "broker/filter_match.h"

#include <cstddef>

#include "broker/limits.h"

namespace ringmq::broker {
namespace {

// Hands out the levels of a topic one after the other. "a//b" has an empty one.
class Levels {
 public:
  explicit Levels(std::string_view text) : rest_(text) {}

  // False if there are no more.
  bool Next() {
    if (at_end_) return false;
    const size_t end = rest_.find('/');
    level_ = rest_.substr(0, end);
    at_end_ = end == std::string_view::npos;
    if (!at_end_) rest_.remove_prefix(end + 1);
    return true;
  }

  [[nodiscard]] std::string_view level() const { return level_; }

 private:
  std::string_view rest_;
  std::string_view level_;
  bool at_end_ = false;
};

// "%c" and "%u" at the front of `pattern`, or nothing.
std::string_view ReplacementAt(std::string_view pattern, const Substitution& substitution) {
  if (pattern.starts_with("%c")) return substitution.client_id;
  if (pattern.starts_with("%u")) return substitution.username;
  return {};
}

// Compares one level of a rule with one literal level.
bool LevelEquals(std::string_view pattern, const Substitution& substitution,
                 std::string_view literal) {
  while (!pattern.empty()) {  // Each turn shortens the pattern.
    const std::string_view replacement = ReplacementAt(pattern, substitution);
    const std::string_view part = replacement.empty() ? pattern.substr(0, 1) : replacement;
    if (!literal.starts_with(part)) return false;
    literal.remove_prefix(part.size());
    pattern.remove_prefix(replacement.empty() ? 1 : 2);
  }
  return literal.empty();
}

// A wildcard in the first level does not reach topics that begin with "$". The rule's own text
// counts, so a client whose id begins with "$" gains nothing. [MQTT-4.7.2-1]
bool DollarRuleForbids(std::string_view rule, std::string_view filter) {
  return rule.starts_with('$') != filter.starts_with('$');
}

}  // namespace

bool FilterCovers(std::string_view rule, const Substitution& substitution,
                  std::string_view filter) {
  if (DollarRuleForbids(rule, filter)) return false;
  // The one pair that a walk by level gets wrong: every topic has a first level.
  if (rule == "+/#" && filter == "#") return true;
  Levels ours(rule);
  Levels theirs(filter);
  while (ours.Next()) {
    if (ours.level() == "#") return true;  // Asked before theirs: "a/#" covers "a" as well.
    if (!theirs.Next()) return false;
    if (theirs.level() == "#") return false;
    if (ours.level() == "+") continue;
    if (!LevelEquals(ours.level(), substitution, theirs.level())) return false;
  }
  return !theirs.Next();
}

bool FiltersOverlap(std::string_view rule, const Substitution& substitution,
                    std::string_view filter) {
  if (DollarRuleForbids(rule, filter)) return false;
  Levels ours(rule);
  Levels theirs(filter);
  while (true) {  // Ends with the shorter of the two.
    const bool has_ours = ours.Next();
    const bool has_theirs = theirs.Next();
    if (has_ours && ours.level() == "#") return true;
    if (has_theirs && theirs.level() == "#") return true;
    if (!has_ours || !has_theirs) return has_ours == has_theirs;
    if (ours.level() == "+" || theirs.level() == "+") continue;
    if (!LevelEquals(ours.level(), substitution, theirs.level())) return false;
  }
}

bool IsValidRuleFilter(std::string_view filter) {
  if (filter.empty() || filter.size() > kMqttStringBytesMax) return false;
  if (filter.find('\0') != std::string_view::npos) return false;
  Levels levels(filter);
  bool ended = false;  // By "#".
  while (levels.Next()) {
    if (ended) return false;
    ended = levels.level() == "#";
    if (levels.level().size() > 1 && levels.level().find_first_of("+#") != std::string_view::npos) {
      return false;
    }
  }
  return true;
}

}  // namespace ringmq::broker
