// SPDX-License-Identifier: Apache-2.0
#include "sys_log.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "measure/text.h"

namespace ringmq::bench {
namespace {

// Brokers say all of it in one go: what comes without so long a silence is one look.
constexpr int64_t kSilenceNs = 100'000'000;
constexpr const char* kSource = "$SYS";

double Seconds(int64_t ns) { return static_cast<double>(ns) * 1e-9; }

// Those that say what is, not what was.
report::TelemetrySample::Kind KindOf(std::string_view topic) {
  using Kind = report::TelemetrySample::Kind;
  for (const std::string_view level : {"/heap/", "/load/", "/clients/", "/store/"}) {
    if (topic.find(level) != std::string_view::npos) return Kind::kGauge;
  }
  const bool is_present = topic.ends_with("/count") || topic.ends_with("/stored");
  return is_present ? Kind::kGauge : Kind::kUnknown;
}

}  // namespace

void SysLog::Hear(const SysMessage& message) {
  const std::optional<double> value = measure::ParseNumber<double>(message.payload);
  if (!value) return;  // Events of clients may be among them, which no burst has to do with.
  heard_numbers_ = true;
  heard_ns_ = message.at_ns;
  if (!message.is_kept && !std::exchange(is_burst_, true)) burst_ns_ = message.at_ns;
  std::string topic(message.topic);
  if (!pattern_.Fits(topic)) return;
  const auto kind = KindOf(topic);
  (message.is_kept ? kept_ : burst_)
      .push_back({.name = std::move(topic), .value = *value, .kind = kind});
}

void SysLog::OnSilence(int64_t now_ns) {
  if (!heard_numbers_ || now_ns - heard_ns_ <= kSilenceNs) return;
  has_looked_ = true;
  EndBurst();
}

void SysLog::EndBurst() {
  if (!std::exchange(is_burst_, false)) return;
  if (bursts_ == 0) {
    AddKept();
    first_burst_ns_ = burst_ns_;
  }
  log_.Add(Seconds(burst_ns_), burst_);
  last_burst_ns_ = burst_ns_;
  ++bursts_;
  burst_.clear();
}

// To the burst: what it does not have.
void SysLog::AddKept() {
  std::set<std::string, std::less<>> there;
  for (const report::TelemetrySample& sample : burst_) there.insert(sample.name);
  for (report::TelemetrySample& sample : kept_) {
    if (there.insert(sample.name).second) burst_.push_back(std::move(sample));
  }
  kept_.clear();
}

void SysLog::Conclude(const Span& run, report::Result& result) {
  EndBurst();
  const bool has_any = bursts_ > 0 || !kept_.empty();
  if (bursts_ == 0 && has_any) log_.Add(Seconds(run.from_ns), kept_);
  report::Telemetry telemetry = log_.Take(kSource, Seconds(run.from_ns));
  const bool is_empty = telemetry.counters.empty() && telemetry.gauges.empty();
  if (!heard_numbers_) {
    result.notes.emplace_back("--sys: nothing came in $SYS/#.");
    return;
  }
  if (is_empty && !pattern_text_.empty()) {
    result.notes.push_back(
        absl::StrCat("--sys: nothing in $SYS/# fits --scrape-only '", pattern_text_, "'."));
    return;
  }
  result.notes.push_back(NoteOf(run));
  if (bursts_ > 1 && !HasChanged(telemetry)) {
    result.notes.emplace_back("--sys: no counter rose, and no gauge moved.");
  }
  result.telemetry.push_back(std::move(telemetry));
}

std::string SysLog::NoteOf(const Span& run) const {
  if (bursts_ < 2) {
    return absl::StrCat(
        "--sys: the broker ", bursts_ == 0 ? "only said what it had kept" : "spoke once only",
        ", so nothing is known to have changed; it speaks every so often, and the run was shorter "
        "than two times of that.");
  }
  const double before_s = Seconds(first_burst_ns_ - run.from_ns);
  const double after_s = Seconds(run.to_ns - last_burst_ns_);
  const std::string first = absl::StrFormat("the first %.1f s and ", before_s);
  return absl::StrCat("--sys: figures are from one time that the broker spoke to another: ",
                      before_s > 0 ? first : "",
                      absl::StrFormat("the last %.1f s of the run are not in them.", after_s));
}

}  // namespace ringmq::bench
