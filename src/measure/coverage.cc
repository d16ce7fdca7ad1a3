// SPDX-License-Identifier: Apache-2.0
#include "measure/coverage.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "measure/quantity.h"

namespace ringmq::measure {
namespace {

Verdict NotMeasured(const std::string& why) {
  return {Verdict::kNotMeasured, absl::StrCat("INVALID, not measured: ", why)};
}

Verdict Incomplete(const std::string& why) {
  return {Verdict::kIncomplete, absl::StrCat("INVALID, incomplete: ", why)};
}

std::string InBrackets(const std::string& why) {
  return why.empty() ? "" : absl::StrCat(" (", why, ")");
}

Verdict OfConnecting(const RunCoverage& coverage) {
  const bool is_nothing = coverage.connected == 0 || !coverage.are_connects;
  const auto verdict = is_nothing ? NotMeasured : Incomplete;
  if (coverage.was_interrupted) return verdict("interrupted while clients were connecting");
  if (coverage.connected == 0) {
    return verdict(absl::StrCat("no client could connect", InBrackets(coverage.failure)));
  }
  return verdict(absl::StrCat(coverage.clients - coverage.connected, " of ", coverage.clients,
                              " clients did not connect", InBrackets(coverage.failure)));
}

// What there is nothing of, though there should be.
std::optional<Verdict> OfNothing(const RunCoverage& coverage) {
  const bool has_time = coverage.measured_s > 0;
  if (!coverage.are_connects && !has_time) {
    return NotMeasured(coverage.was_interrupted ? "interrupted before it began"
                                                : "the measured phase had no time");
  }
  if (coverage.connects_due == 0u) return NotMeasured("no connect was due");
  if (coverage.sent == 0u) return NotMeasured("no message was sent");
  if (coverage.received == 0u) {
    return NotMeasured(coverage.sent.has_value()
                           ? absl::StrCat("nothing came of ", *coverage.sent, " messages")
                           : "no message came");
  }
  if (coverage.acked == 0u && coverage.sent.has_value()) {
    return NotMeasured(absl::StrCat("none of ", *coverage.sent, " messages was acknowledged"));
  }
  return std::nullopt;
}

std::string WhenLost(double at_s) {
  if (at_s < 0) return "in the warm-up";
  return absl::StrCat("from ", FormatTime(std::llround(at_s * 1e9)), " on");
}

}  // namespace

std::optional<Verdict> FindGap(const RunCoverage& coverage) {
  if (coverage.connected < coverage.clients || !coverage.has_begun) return OfConnecting(coverage);
  if (coverage.lost > 0) {
    return Incomplete(absl::StrCat(coverage.lost, " of ", coverage.clients,
                                   " connections were lost ", WhenLost(coverage.lost_at_s),
                                   InBrackets(coverage.loss)));
  }
  if (std::optional<Verdict> verdict = OfNothing(coverage)) return verdict;
  if (coverage.failed_later > 0) {
    return Incomplete(
        absl::StrCat(coverage.failed_later, " connects failed", InBrackets(coverage.failure)));
  }
  return std::nullopt;
}

}  // namespace ringmq::measure
