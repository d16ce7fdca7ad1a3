// SPDX-License-Identifier: Apache-2.0
#include "live_screen.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "measure/quantity.h"
#include "report/result.h"

namespace ringmq::bench {
namespace {

using load::Phase;
using measure::FormatCount;
using measure::FormatRate;
using measure::FormatTime;
using report::Colour;
using report::GroupDigits;
using report::Ink;
using report::WidthOf;

constexpr const char* kUnknown = "–";
constexpr size_t kLabelWidth = 11;

// One line: a label and what follows it, as far as there is room.
class Row {
 public:
  Row(std::string_view label, size_t width, Colour colour)
      : width_(width),
        colour_(colour),
        text_(report::PadRight(label, std::min(kLabelWidth, width))),
        used_(WidthOf(text_)) {}

  // Once something had no room, nothing has.
  Row& Add(std::string_view text, Ink ink = Ink::kPlain) {
    if (text.empty()) return *this;
    const size_t gap = is_first_ ? 0 : 2;
    if (is_full_ || used_ + gap + WidthOf(text) > width_) {
      is_full_ = true;
      return *this;
    }
    text_ += std::string(gap, ' ') + report::Paint(text, ink, colour_);
    used_ += gap + WidthOf(text);
    is_first_ = false;
    return *this;
  }
  // "lost 3": bad news in red unless there is none.
  Row& AddFault(const char* name, uint64_t count) {
    return Add(absl::StrCat(name, " ", GroupDigits(count)), count > 0 ? Ink::kBad : Ink::kPlain);
  }
  Row& AddCount(uint64_t count, const char* name) {
    return Add(absl::StrCat(GroupDigits(count), " ", name), count > 0 ? Ink::kBad : Ink::kPlain);
  }
  [[nodiscard]] size_t room() const {
    const size_t gap = is_first_ ? 0 : 2;
    return width_ > used_ + gap ? width_ - used_ - gap : 0;
  }
  std::string Take() { return std::move(text_); }

 private:
  const size_t width_;
  const Colour colour_;
  std::string text_;
  size_t used_;
  bool is_first_ = true;
  bool is_full_ = false;
};

const char* NameOf(Phase phase) {
  static constexpr const char* kNames[] = {"connect", "warm-up", "measure", "drain", "away",
                                           "fill",    "return",  "clear",   "cut",   "done"};
  return kNames[static_cast<size_t>(phase)];
}

std::string Clock(double seconds) {
  const auto whole = static_cast<int64_t>(std::max(seconds, 0.0) + 1e-9);
  const int64_t minutes = whole / 60;
  if (minutes < 60) return absl::StrFormat("%02d:%02d", minutes, whole % 60);
  return absl::StrFormat("%d:%02d:%02d", minutes / 60, minutes % 60, whole % 60);
}

// Eighths of a character, so that it moves smoothly.
std::string Bar(double share, size_t columns) {
  static constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double filled = std::clamp(share, 0.0, 1.0) * static_cast<double>(columns) * 8;
  const auto eighths = static_cast<size_t>(std::floor(filled + 1e-9));
  std::string bar;
  for (size_t i = 0; i < eighths / 8; ++i) bar += "█";
  bar += kEighths[eighths % 8];
  const size_t used = eighths / 8 + (eighths % 8 > 0 ? 1 : 0);
  for (size_t i = used; i < columns; ++i) bar += "·";
  return bar;
}

double ShareOf(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

// How far the phase is, in what decides about its end.
double ProgressOf(const LiveState& state) {
  const load::Tick& tick = state.tick;
  if (tick.phase == Phase::kLeave) return 1;
  if (tick.phase == Phase::kConnect) {
    return ShareOf(tick.connected + tick.failed, tick.connections);
  }
  const double by_time = tick.phase_max_s > 0 ? tick.phase_s / tick.phase_max_s : 0;
  const bool is_load = tick.phase == Phase::kWarmup || tick.phase == Phase::kMeasure;
  if (!is_load || state.messages_max == 0) return by_time;
  return std::max(by_time, ShareOf(tick.sent, state.messages_max));
}

std::string PhaseLine(const LiveState& state, size_t width, Colour colour) {
  constexpr size_t kBarMin = 8;
  constexpr size_t kBarMax = 50;
  const load::Tick& tick = state.tick;
  const bool is_load = tick.phase == Phase::kWarmup || tick.phase == Phase::kMeasure;
  const bool by_time = is_load && state.messages_max == 0;
  std::string note;
  if (tick.phase == Phase::kConnect || tick.connected < tick.connections) {
    note = absl::StrCat(GroupDigits(tick.connected), " of ", GroupDigits(tick.connections),
                        " connected");
  } else if (is_load && state.messages_max > 0) {
    note = absl::StrCat(GroupDigits(tick.sent), " of ", GroupDigits(state.messages_max), " sent");
  } else {
    note = absl::StrCat(GroupDigits(tick.connected), " connected");
  }
  if (tick.interrupted) {
    note = tick.phase == Phase::kLeave ? "interrupted" : "interrupted; again: leave at once";
  }
  Row row(NameOf(tick.phase), width, colour);
  if (tick.phase != Phase::kLeave) {
    row.Add(Clock(tick.phase_s) + (by_time ? "/" + Clock(tick.phase_max_s) : ""));
  }
  const size_t taken = WidthOf(note) + 2;
  if (row.room() >= kBarMin + taken) {
    row.Add(Bar(ProgressOf(state), std::min(row.room() - taken, kBarMax)));
  } else if (row.room() >= kBarMin) {
    row.Add(Bar(ProgressOf(state), std::min(row.room(), kBarMax)));
  }
  row.Add(note, state.tick.interrupted ? Ink::kWarning : Ink::kPlain);
  return row.Take();
}

std::string OfferedLine(const LiveState& state, size_t width, Colour colour) {
  Row row("offered", width, colour);
  if (state.tick.seconds.empty()) return row.Add(kUnknown).Take();
  const report::Second& last = state.tick.seconds.back();
  row.Add(FormatRate(static_cast<double>(last.offered)))
      .Add("sent " + FormatRate(static_cast<double>(last.sent)));
  if (state.has_acks) row.Add("ack " + FormatRate(static_cast<double>(last.acked)));
  return row.Take();
}

// The newest seconds on the right, as many as there is room for, against the highest of them.
std::string Sparks(const LiveState& state, size_t columns) {
  constexpr size_t kSparksMax = 100;
  const size_t count = std::min({columns, state.tick.seconds.size(), kSparksMax});
  const auto of = [&state](const report::Second& second) {
    return state.has_hearers ? second.received : second.sent;
  };
  uint64_t highest = 0;
  for (size_t i = state.tick.seconds.size() - count; i < state.tick.seconds.size(); ++i) {
    highest = std::max(highest, of(state.tick.seconds[i]));
  }
  std::string sparks;
  for (size_t i = state.tick.seconds.size() - count; i < state.tick.seconds.size(); ++i) {
    sparks += report::Spark(ShareOf(of(state.tick.seconds[i]), highest));
  }
  return sparks;
}

std::string DeliveredLine(const LiveState& state, size_t width, Colour colour) {
  constexpr size_t kRateWidth = 8;  // So that the sparks stand still: "200.0k/s".
  Row row(state.has_hearers ? "delivered" : "sent", width, colour);
  if (state.tick.seconds.empty()) return row.Add(kUnknown).Take();
  const report::Second& last = state.tick.seconds.back();
  const std::string rate =
      FormatRate(static_cast<double>(state.has_hearers ? last.received : last.sent));
  row.Add(report::PadRight(rate, std::max(kRateWidth, WidthOf(rate))));
  return row.Add(Sparks(state, row.room())).Take();
}

std::string TimeOr(const std::optional<int64_t>& ns) {
  if (!ns.has_value()) return kUnknown;
  return *ns < measure::Histogram::kLowestNs ? "<1µs" : FormatTime(*ns);
}

void AddQuantiles(const load::Quantiles& quantiles, Row& row) {
  row.Add("p50 " + TimeOr(quantiles.p50_ns))
      .Add("p99 " + TimeOr(quantiles.p99_ns))
      .Add("p99.9 " + TimeOr(quantiles.p999_ns))
      .Add("max " + TimeOr(quantiles.max_ns));
}

// Of the second that was over last; a hint, so it asks for fewer samples than a result does.
void AddLastSecond(const LiveState& state, Row& row) {
  constexpr uint64_t kSamplesMin = 100;
  if (state.tick.seconds.empty() || state.tick.seconds.back().received < kSamplesMin) return;
  if (state.tick.seconds.back().response_p99_ns == 0) return;
  row.Add("(last 1 s p99 " + FormatTime(state.tick.seconds.back().response_p99_ns) + ")");
}

std::string ResponseLine(const LiveState& state, size_t width, Colour colour) {
  Row row("response", width, colour);
  if (state.is_closed_loop) return row.Add("closed loop, service time only").Take();
  AddQuantiles(state.tick.so_far.response, row);
  AddLastSecond(state, row);
  return row.Take();
}

std::string ServiceLine(const LiveState& state, size_t width, Colour colour) {
  Row row("service", width, colour);
  AddQuantiles(state.tick.so_far.service, row);
  if (state.is_closed_loop) AddLastSecond(state, row);
  return row.Take();
}

std::string IntegrityLine(const LiveState& state, size_t width, Colour colour) {
  const load::SoFar& so_far = state.tick.so_far;
  const measure::IntegrityCounts& counts = so_far.integrity;
  Row row("integrity", width, colour);
  if (so_far.missing.has_value()) {
    row.AddFault("lost", *so_far.missing);
  } else {
    row.Add(absl::StrCat("lost ", kUnknown));
  }
  const auto add = [&row](const char* name, uint64_t count, bool is_known) {
    if (is_known) {
      row.AddFault(name, count);
    } else {
      row.Add(absl::StrCat(name, " ", kUnknown));
    }
  };
  add("dup", counts.duplicates, so_far.has_flows);
  add("reordered", counts.reordered + counts.too_old, so_far.has_flows);
  add("corrupt", counts.corrupt, so_far.has_stamps);
  // What hardly ever is, is shown only if it is.
  if (counts.misrouted > 0) row.AddFault("misrouted", counts.misrouted);
  if (counts.wrong_qos > 0) row.AddFault("wrong QoS", counts.wrong_qos);
  return row.Add("in flight " + GroupDigits(state.tick.in_flight)).Take();
}

std::string ErrorsLine(const LiveState& state, size_t width, Colour colour) {
  const load::Tick& tick = state.tick;
  Row row("errors", width, colour);
  return row.AddCount(tick.failed, "connect")
      .AddCount(tick.dropped, "dropped")
      .AddCount(tick.refusals, "reason≥0x80")
      .AddCount(tick.reconnects, "reconnects")
      .Take();
}

// Of a verdict that says no: "thread 3 at 99 %".
std::string_view ReasonOf(const measure::Verdict& verdict) {
  const std::string_view text = verdict.text;
  const size_t open = text.find('(');
  const bool is_bad = !verdict.is_valid();
  if (!is_bad || open == std::string_view::npos || !text.ends_with(')')) return "";
  return text.substr(open + 1, text.size() - open - 2);
}

std::string GeneratorLine(const LiveState& state, size_t width, Colour colour) {
  const load::SoFar& so_far = state.tick.so_far;
  Row row("generator", width, colour);
  if (!so_far.verdict.has_value()) return row.Add(kUnknown).Take();
  switch (so_far.verdict->kind) {
    case measure::Verdict::kValid:
      row.Add("OK", Ink::kGood);
      break;
    case measure::Verdict::kTargetLimited:
      row.Add("OK", Ink::kGood).Add("target-limited", Ink::kWarning);
      break;
    case measure::Verdict::kGeneratorLimited:
    case measure::Verdict::kIncomplete:
    case measure::Verdict::kNotMeasured:
      row.Add("INVALID", Ink::kBad);
      break;
  }
  if (!state.is_closed_loop) {
    row.Add(absl::StrCat("send-lag p50 ", TimeOr(so_far.lag.p50_ns), " p99.9 ",
                         TimeOr(so_far.lag.p999_ns)));
  }
  return row.Add("busiest thread " + measure::FormatShare(so_far.busiest.share))
      .Add("rx backlog " + measure::FormatShare(so_far.backlog_share))
      .Add(ReasonOf(*so_far.verdict))
      .Take();
}

std::string BrokerLine(const LiveState& state, size_t width, Colour colour) {
  Row row("broker", width, colour);
  if (state.watch_pid == 0) return row.Add("not watched (--watch-pid)").Take();
  row.Add(absl::StrCat("pid ", state.watch_pid));
  // The newest seconds may have no bill yet.
  const auto billed =
      std::find_if(state.tick.seconds.rbegin(), state.tick.seconds.rend(),
                   [](const report::Second& second) { return second.broker_rss_bytes > 0; });
  if (billed == state.tick.seconds.rend()) return row.Add(kUnknown).Take();
  row.Add(absl::StrFormat("cpu %.2f cores", billed->broker_cpu_cores))
      .Add("rss " + measure::FormatBytes(static_cast<double>(billed->broker_rss_bytes)));
  if (billed->broker_cpu_cores > 0) {
    const auto messages =
        static_cast<double>(billed->received > 0 ? billed->received : billed->sent);
    row.Add(FormatCount(messages / billed->broker_cpu_cores) + " msg per cpu-second");
  }
  return row.Take();
}

}  // namespace

std::array<std::string, kLiveLines> LiveScreen(const LiveState& state, size_t width,
                                               Colour colour) {
  const std::string title = report::Printable(state.title);
  return {report::Paint(report::Clip(title, width), Ink::kBold, colour),
          PhaseLine(state, width, colour),
          OfferedLine(state, width, colour),
          DeliveredLine(state, width, colour),
          ResponseLine(state, width, colour),
          ServiceLine(state, width, colour),
          IntegrityLine(state, width, colour),
          ErrorsLine(state, width, colour),
          GeneratorLine(state, width, colour),
          BrokerLine(state, width, colour)};
}

std::string LiveLine(const LiveState& state) {
  const load::Tick& tick = state.tick;
  std::string line = absl::StrFormat("%-8s %5.1f s  connected %d", NameOf(tick.phase), tick.phase_s,
                                     tick.connected);
  if (!state.tick.seconds.empty() && tick.phase != Phase::kConnect) {
    const report::Second& last = state.tick.seconds.back();
    absl::StrAppend(&line, "  sent ", FormatRate(static_cast<double>(last.sent)));
    if (state.has_acks) {
      absl::StrAppend(&line, "  acked ", FormatRate(static_cast<double>(last.acked)));
    }
    absl::StrAppend(&line, "  received ", FormatRate(static_cast<double>(last.received)));
    if (last.response_p99_ns > 0)
      absl::StrAppend(&line, "  p99 ", FormatTime(last.response_p99_ns));
  }
  const uint64_t lost = tick.so_far.missing.value_or(0);
  if (lost > 0) absl::StrAppend(&line, "  lost ", lost);
  const uint64_t errors = tick.failed + tick.dropped + tick.refusals;
  if (errors > 0) absl::StrAppend(&line, "  errors ", errors);
  if (tick.reconnects > 0) absl::StrAppend(&line, "  reconnects ", tick.reconnects);
  if (state.tick.interrupted) line += "  interrupted";
  return line;
}

}  // namespace ringmq::bench
