// SPDX-License-Identifier: Apache-2.0
#include "report/telemetry.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/strings/ascii.h"
#include "measure/text.h"

namespace ringmq::report {
namespace {

using Kind = TelemetrySample::Kind;

// A page that is larger is none.
constexpr size_t kSamplesMax = 100'000;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view TakeWord(std::string_view& rest) {
  while (!rest.empty() && IsSpace(rest.front())) rest.remove_prefix(1);
  size_t size = 0;
  while (size < rest.size() && !IsSpace(rest[size])) ++size;
  const std::string_view word = rest.substr(0, size);
  rest.remove_prefix(size);
  return word;
}

// The name with its labels, in which anything may stand between quotes; empty: there is none.
std::string_view TakeName(std::string_view& rest) {
  while (!rest.empty() && IsSpace(rest.front())) rest.remove_prefix(1);
  bool is_quoted = false;
  bool is_inside = false;
  for (size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    if (is_quoted) {
      if (c == '\\') ++i;
      is_quoted = c != '"';
    } else if (c == '"') {
      is_quoted = true;
    } else if (c == '{' || c == '}') {
      is_inside = c == '{';
    } else if (IsSpace(c) && !is_inside) {
      const std::string_view name = rest.substr(0, i);
      rest.remove_prefix(i);
      return name;
    }
  }
  return {};
}

// As the format has it; newer pages have names of any letters, in quotes between the braces.
bool IsName(std::string_view name) {
  if (name.starts_with("{\"")) return name.ends_with('}');
  const std::string_view family = name.substr(0, name.find('{'));
  const auto fits = [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == ':'; };
  return !family.empty() && !absl::ascii_isdigit(family.front()) &&
         std::ranges::all_of(family, fits) && (family == name || name.ends_with('}'));
}

// What may stand behind a value: a time, or what is said of an example.
bool IsRest(std::string_view rest) {
  const std::string_view word = TakeWord(rest);
  if (word.empty() || word.starts_with('#')) return true;
  const std::string_view more = TakeWord(rest);
  return measure::ParseNumber<double>(word).has_value() && (more.empty() || more.starts_with('#'));
}

Kind KindOf(std::string_view family, const std::map<std::string, std::string>& types) {
  const auto type_of = [&types](std::string_view name) -> std::string_view {
    const auto found = types.find(std::string(name));
    return found == types.end() ? std::string_view() : found->second;
  };
  const std::string_view type = type_of(family);
  if (type == "counter") return Kind::kCounter;
  if (type == "gauge") return Kind::kGauge;
  for (const std::string_view end : {"_total", "_count", "_sum", "_bucket"}) {
    if (!family.ends_with(end)) continue;
    const std::string_view base = type_of(family.substr(0, family.size() - end.size()));
    return base == "gauge" ? Kind::kGauge : Kind::kCounter;
  }
  return Kind::kGauge;
}

}  // namespace

std::vector<TelemetrySample> ParseMetrics(std::string_view text) {
  std::vector<TelemetrySample> samples;
  std::map<std::string, std::string> types;
  // Some lines of HTML look like samples.
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && text[first] == '<') return samples;
  while (!text.empty() && samples.size() < kSamplesMax) {
    std::string_view line = measure::TakeUntil('\n', text);
    if (line.starts_with('#')) {
      line.remove_prefix(1);
      if (TakeWord(line) != "TYPE") continue;
      const std::string name(TakeWord(line));
      types[name] = std::string(TakeWord(line));
      continue;
    }
    const std::string_view name = TakeName(line);
    const std::optional<double> value = measure::ParseNumber<double>(TakeWord(line));
    if (!IsName(name) || !value || !IsRest(line)) continue;
    samples.push_back({.name = std::string(name),
                       .value = *value,
                       .kind = KindOf(name.substr(0, name.find('{')), types)});
  }
  return samples;
}

void TelemetryLog::Add(double at_s, const std::vector<TelemetrySample>& samples) {
  if (looks_ == 0) from_s_ = at_s;
  for (const TelemetrySample& sample : samples) {
    const auto [found, fresh] = tracks_.try_emplace(sample.name);
    Track& track = found->second;
    if (fresh) {
      track = {.kind = sample.kind, .min = sample.value, .max = sample.value};
      track.first = looks_ == 0 || sample.kind != Kind::kCounter ? sample.value : 0;
      track.last = track.first;
      track.from_s = looks_ == 0 || sample.kind != Kind::kCounter ? at_s : to_s_;
      track.at_s = track.from_s;
    }
    AddTo(track, at_s, sample);
  }
  to_s_ = at_s;
  ++looks_;
}

void TelemetryLog::AddTo(Track& track, double at_s, const TelemetrySample& sample) const {
  const double value = sample.value;
  const double grown = value < track.last ? value : value - track.last;
  track.fell |= value < track.last;
  track.is_whole &= std::floor(value) == value;
  track.grown += grown;
  if (at_s > track.at_s) {
    track.steepest_per_s = std::max(track.steepest_per_s, grown / (at_s - track.at_s));
  }
  track.at_s = at_s;
  track.last = value;
  track.min = std::min(track.min, value);
  track.max = std::max(track.max, value);
  track.sum += value;
  ++track.count;
}

bool TelemetryLog::IsCounter(const Track& track) {
  if (track.kind != Kind::kUnknown) return track.kind == Kind::kCounter;
  return track.is_whole && !track.fell && track.last > track.first;
}

Telemetry TelemetryLog::Take(const std::string& source, double began_s) const {
  Telemetry telemetry = {
      .source = source, .looks = looks_, .from_s = from_s_ - began_s, .to_s = to_s_ - began_s};
  for (const auto& [name, track] : tracks_) {
    const double seconds = to_s_ - track.from_s;
    if (!IsCounter(track)) {
      telemetry.gauges.push_back({.name = name,
                                  .min = track.min,
                                  .mean = track.sum / static_cast<double>(track.count),
                                  .max = track.max});
    } else if (track.grown > 0 || track.fell) {
      telemetry.counters.push_back({.name = name,
                                    .before = track.first,
                                    .after = track.last,
                                    .per_s = seconds > 0 ? track.grown / seconds : 0,
                                    .max_per_s = track.steepest_per_s});
    }
  }
  return telemetry;
}

bool HasChanged(const Telemetry& telemetry) {
  return !telemetry.counters.empty() ||
         std::ranges::any_of(telemetry.gauges,
                             [](const TelemetryGauge& gauge) { return gauge.min < gauge.max; });
}

}  // namespace ringmq::report
