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

bool IsLate(const RunEvidence& evidence) {
  if (evidence.response_p50_ns <= 0) return false;
  return static_cast<double>(evidence.send_lag_p999_ns) >
         kSendLagShareMax * static_cast<double>(evidence.response_p50_ns);
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
  const std::string fault = OwnFault(evidence);
  if (!fault.empty() && !TargetSetThePace(evidence)) {
    return Invalid(absl::StrCat(fault, ", never waited for the target; ", kWhat));
  }
  return {Verdict::kValid, absl::StrCat("VALID, ", kWhat)};
}

}  // namespace

Verdict JudgeUnscheduled(const RunEvidence& evidence) {
  const std::string fault = OwnFault(evidence);
  return fault.empty() ? Verdict{Verdict::kValid, "VALID"} : Invalid(fault);
}

Verdict Judge(const RunEvidence& evidence) {
  if (evidence.closed_loop) return JudgeClosedLoop(evidence);

  const bool of_connects = evidence.what == RunEvidence::kConnects;
  const bool late = IsLate(evidence);
  const bool behind = evidence.achieved_per_s < kAchievedShareMin * evidence.offered_per_s;
  if (!late && !behind) return {Verdict::kValid, "VALID"};

  const std::string fault = OwnFault(evidence);
  if (!fault.empty()) return Invalid(fault);
  if (late) {
    const char* const lag = of_connects ? "connect lag" : "send lag";
    return Invalid(absl::StrCat("p99.9 of the ", lag, " ", FormatTime(evidence.send_lag_p999_ns),
                                " is over ", FormatShare(kSendLagShareMax), " of the median ",
                                FormatTime(evidence.response_p50_ns)));
  }
  if (TargetSetThePace(evidence)) {
    return {Verdict::kTargetLimited,
            absl::StrCat("VALID, target-limited at ", FormatRateBriefly(evidence.achieved_per_s),
                         of_connects ? " connects" : "")};
  }
  return Invalid(absl::StrCat("sent ", FormatRateBriefly(evidence.achieved_per_s), " of ",
                              FormatRateBriefly(evidence.offered_per_s),
                              " though neither window nor socket was full"));
}

}  // namespace ringmq::measure
