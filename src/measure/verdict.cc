// SPDX-License-Identifier: Apache-2.0
#include "measure/verdict.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "measure/quantity.h"

namespace ringmq::measure {
namespace {

// What the tool itself did wrong, or nothing.
std::string OwnFault(const RunEvidence& evidence) {
  if (evidence.busiest_thread_share > kBusyShareMax) {
    return absl::StrCat("thread ", evidence.busiest_thread, " at ",
                        FormatShare(evidence.busiest_thread_share));
  }
  if (evidence.receive_backlog_share > kReceiveBacklogShareMax) {
    return absl::StrCat("receiving fell behind in ", FormatShare(evidence.receive_backlog_share),
                        " of the loop turns");
  }
  return "";
}

// Or nothing. A closed loop that does not run looks like one whose target is slow.
std::string KeptFromRunning(const RunEvidence& evidence) {
  if (evidence.kept_ns < kKeptNsMin || evidence.kept_share <= kKeptShareMax) return "";
  return absl::StrCat(
      "thread ", evidence.kept_thread, " was kept from running for ",
      FormatShare(evidence.kept_share), " of the time",
      evidence.kept_longest_ns > 0 ? ", once for " + FormatTime(evidence.kept_longest_ns) : "");
}

// What the send lag is compared with.
struct Reference {
  const char* name = "";  // Empty: with kSendLagNsMax.
  int64_t ns = 0;
};

Reference ReferenceOf(const RunEvidence& evidence) {
  if (evidence.response_p50_ns > 0) return {"median", evidence.response_p50_ns};
  if (evidence.ack_p50_ns > 0) return {"median acknowledgement", evidence.ack_p50_ns};
  return {};
}

bool IsLate(const RunEvidence& evidence) {
  if (evidence.send_lag_allowed_ns > 0) {
    return evidence.send_lag_p999_ns > evidence.send_lag_allowed_ns;
  }
  const Reference reference = ReferenceOf(evidence);
  if (reference.ns == 0) return evidence.send_lag_p999_ns > kSendLagNsMax;
  return static_cast<double>(evidence.send_lag_p999_ns) >
         kSendLagShareMax * static_cast<double>(reference.ns);
}

std::string Lateness(const RunEvidence& evidence) {
  const Reference reference = ReferenceOf(evidence);
  const char* const lag = evidence.what == RunEvidence::kConnects ? "connect lag" : "send lag";
  std::string bound = FormatTime(kSendLagNsMax);
  if (evidence.send_lag_allowed_ns > 0) {
    bound = absl::StrCat("the allowed ", FormatTime(evidence.send_lag_allowed_ns));
  } else if (reference.ns > 0) {
    bound = absl::StrCat(FormatShare(kSendLagShareMax), " of the ", reference.name, " ",
                         FormatTime(reference.ns));
  }
  if (evidence.has_few_lags) {
    return absl::StrCat("a ", lag, " of up to ", FormatTime(evidence.send_lag_max_ns), " is over ",
                        bound);
  }
  return absl::StrCat("p99.9 of the ", lag, " ", FormatTime(evidence.send_lag_p999_ns), " is over ",
                      bound);
}

// Said with every verdict that rests on it.
std::string Allowance(const RunEvidence& evidence) {
  if (evidence.send_lag_allowed_ns == 0) return "";
  const char* const lag = evidence.what == RunEvidence::kConnects ? "connect lag" : "send lag";
  return absl::StrCat(", with a ", lag, " of up to ", FormatTime(evidence.send_lag_allowed_ns),
                      " allowed");
}

Verdict Invalid(const std::string& reason) {
  return {Verdict::kGeneratorLimited, absl::StrCat("INVALID, generator-limited (", reason, ")")};
}

bool TargetSetThePace(const RunEvidence& evidence) {
  return std::max(evidence.window_full_share, evidence.socket_full_share) >= kFullShareMin;
}

// Without a schedule waiting for the target is the normal state, and a busy core no fault as long
// as there is such waiting.
Verdict JudgeClosedLoop(const RunEvidence& evidence) {
  constexpr const char* kWhat = "closed loop, service time only";
  const std::string kept = KeptFromRunning(evidence);
  if (!kept.empty()) return Invalid(absl::StrCat(kept, "; ", kWhat));
  const std::string fault = OwnFault(evidence);
  if (!fault.empty() && !TargetSetThePace(evidence)) {
    return Invalid(absl::StrCat(fault, ", never waited for the target; ", kWhat));
  }
  return {Verdict::kValid, absl::StrCat("VALID, ", kWhat)};
}

}  // namespace

Verdict JudgeUnscheduled(const RunEvidence& evidence) {
  std::string fault = OwnFault(evidence);
  if (fault.empty()) fault = KeptFromRunning(evidence);
  return fault.empty() ? Verdict{Verdict::kValid, "VALID"} : Invalid(fault);
}

Verdict Judge(const RunEvidence& evidence) {
  if (evidence.closed_loop) return JudgeClosedLoop(evidence);

  const bool of_connects = evidence.what == RunEvidence::kConnects;
  const bool late = IsLate(evidence);
  const bool behind = evidence.achieved_per_s < kAchievedShareMin * evidence.offered_per_s;
  if (!late && !behind) return {Verdict::kValid, absl::StrCat("VALID", Allowance(evidence))};

  const std::string fault = OwnFault(evidence);
  if (!fault.empty()) return Invalid(fault);
  if (late) {
    Verdict verdict = Invalid(Lateness(evidence));
    verdict.is_only_late = !behind;
    return verdict;
  }
  if (TargetSetThePace(evidence)) {
    return {Verdict::kTargetLimited,
            absl::StrCat("VALID, target-limited at ", FormatRateBriefly(evidence.achieved_per_s),
                         of_connects ? " connects" : "", Allowance(evidence))};
  }
  return Invalid(absl::StrCat("sent ", FormatRateBriefly(evidence.achieved_per_s), " of ",
                              FormatRateBriefly(evidence.offered_per_s),
                              " though neither window nor socket was full"));
}

}  // namespace ringmq::measure
