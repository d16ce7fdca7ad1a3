// SPDX-License-Identifier: Apache-2.0
#include "load/outcome_text.h"

#include <bit>
#include <concepts>
#include <map>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "measure/text.h"

namespace ringmq::load {
namespace {

class Writer {
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

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

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

// One list for both directions: `Findings_` is constant for a Writer.
template <typename Each, typename Findings_>
void VisitFindings(Each& each, Findings_& findings) {
  for (const auto histogram :
       {&Findings::response, &Findings::service, &Findings::lag, &Findings::own_lag}) {
    each(findings.*histogram);
  }
  for (const auto histogram :
       {&Findings::ack, &Findings::connect_tcp, &Findings::connect_tls, &Findings::connect_ws,
        &Findings::connack, &Findings::suback, &Findings::connect, &Findings::connect_lag,
        &Findings::first_message, &Findings::last_message, &Findings::will}) {
    each(findings.*histogram);
  }
  for (const auto count :
       {&Findings::missing, &Findings::offered, &Findings::sent, &Findings::acked,
        &Findings::received, &Findings::sent_meanwhile, &Findings::acked_meanwhile,
        &Findings::received_meanwhile, &Findings::window_full, &Findings::socket_full,
        &Findings::turns, &Findings::backlogged_turns}) {
    each(findings.*count);
  }
  for (const auto count :
       {&Findings::connects_offered, &Findings::connects_in_time, &Findings::connects_blocked,
        &Findings::connects_failed, &Findings::sessions_lost, &Findings::wills_early,
        &Findings::reconnects, &Findings::connections_ended, &Findings::tries_failed}) {
    each(findings.*count);
  }
  using Counts = measure::IntegrityCounts;
  for (const auto count :
       {&Counts::received, &Counts::lost, &Counts::lost_permitted, &Counts::lost_unpromised,
        &Counts::duplicates, &Counts::reordered, &Counts::too_old, &Counts::corrupt,
        &Counts::misrouted, &Counts::wrong_qos, &Counts::foreign}) {
    each(findings.integrity.*count);
  }
  for (const auto time : {&Findings::cpu_ns, &Findings::idle_ns}) each(findings.*time);
  each(findings.load_busy_ns);
  for (const auto span : {&Findings::away, &Findings::fill, &Findings::back, &Findings::clear,
                          &Findings::kept, &Findings::came, &Findings::came_back}) {
    each((findings.*span).begin_ns);
    each((findings.*span).end_ns);
    each((findings.*span).busy.share);
    each((findings.*span).busy.thread);
  }
  each(findings.errors);
  each(findings.ends);
  each(findings.by_reason);
  each(findings.engine);
}

template <typename Each, typename Outcome_>
void VisitOutcome(Each& each, Outcome_& outcome) {
  VisitFindings(each, outcome.findings);
  for (const auto count :
       {&Outcome::connected, &Outcome::failed, &Outcome::sent_in_all, &Outcome::expected_in_all}) {
    each(outcome.*count);
  }
  for (const auto seconds : {&Outcome::connect_s, &Outcome::measured_s, &Outcome::sent_s,
                             &Outcome::drain_s, &Outcome::busiest_share}) {
    each(outcome.*seconds);
  }
  each(outcome.busiest_thread);
  each(outcome.interrupted);
  each(outcome.drained);
}

}  // namespace

std::string ToText(const Outcome& outcome) {
  Writer writer;
  VisitOutcome(writer, outcome);
  return writer.Take();
}

std::optional<Outcome> OutcomeFromText(std::string_view text) {
  Outcome outcome;
  Reader reader(text);
  VisitOutcome(reader, outcome);
  return reader.IsWhole() ? std::optional(std::move(outcome)) : std::nullopt;
}

}  // namespace ringmq::load
