// SPDX-License-Identifier: Apache-2.0
#include "publish.h"

#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "conversation.h"
#include "exit_code.h"
#include "payload_source.h"

namespace ringmq::cli {
namespace {

// What may be on the way before we stop to read: enough to fill the window of any server, little
// enough that lines do not pile up in memory when it is slow.
constexpr size_t kUnfinishedBytesMax = 4 << 20;
constexpr size_t kUnfinishedCountMax = 5'000;

class Publisher {
 public:
  explicit Publisher(const Settings& settings)
      : settings_(settings), reporter_(settings.output), conversation_(settings, reporter_) {}

  int Run();

 private:
  [[nodiscard]] bool is_from_lines() const {
    return settings_.publish.source == PayloadSource::kLines;
  }
  [[nodiscard]] bool has_room() const {
    return unfinished_bytes_ < kUnfinishedBytesMax && unfinished_count_ < kUnfinishedCountMax;
  }
  // Everything is handed to the client.
  [[nodiscard]] bool is_all_out() const {
    return is_from_lines() ? lines_.is_done() : published_count_ >= settings_.publish.repeat_count;
  }
  void Loop();
  void PublishLines();
  void PublishRepeated();
  void Publish(const SharedBytes& payload);
  void OnDelivered(const Delivery& delivery, size_t size_bytes);
  void ReadLines();
  void Fail(int code, const std::string& why);

  const Settings& settings_;
  Reporter reporter_;
  SharedBytes payload_{};
  LineReader lines_{STDIN_FILENO};
  uint64_t published_count_ = 0;
  size_t unfinished_count_ = 0;
  size_t unfinished_bytes_ = 0;
  std::optional<Clock::time_point> next_at_{};  // Of the next repetition.
  int failure_ = kExitOk;                       // The first one.
  Conversation conversation_;                   // Last: what it ends with is counted above.
};

int Publisher::Run() {
  if (!is_from_lines()) {
    Expected<SharedBytes> payload = ReadPayload(settings_.publish);
    if (!payload.ok()) {
      reporter_.Complain(payload.error().detail());
      return kExitFile;
    }
    payload_ = *std::move(payload);
  }
  if (!conversation_.Open()) return conversation_.exit_code();
  Loop();
  if (conversation_.exit_code() != kExitOk) return conversation_.exit_code();
  if (failure_ != kExitOk) return failure_;
  const bool is_complete = is_all_out() && unfinished_count_ == 0;
  if (is_complete) return kExitOk;
  reporter_.Complain("interrupted with " + std::to_string(unfinished_count_) +
                     " messages on their way");
  return kExitUndelivered;
}

void Publisher::Loop() {
  while (true) {  // Until the conversation ends: everything is through, a signal, no connection.
    if (conversation_.is_connected() && !conversation_.is_leaving()) {
      is_from_lines() ? PublishLines() : PublishRepeated();
      if (is_all_out() && unfinished_count_ == 0) conversation_.Leave(failure_);
    }
    const bool wants_input = is_from_lines() && conversation_.is_connected() && has_room() &&
                             !conversation_.is_leaving() && lines_.needs_input();
    const auto turn =
        conversation_.Turn({.input_fd = wants_input ? STDIN_FILENO : -1,
                            .deadline = conversation_.is_connected() ? next_at_ : std::nullopt},
                           [](Event&) {});
    if (turn.has_ended) return;
    if (turn.is_input_ready) ReadLines();
  }
}

void Publisher::ReadLines() {
  const Expected<void> read = lines_.Read();
  if (!read.ok()) {
    Fail(kExitFile, read.error().detail());
    conversation_.Leave(kExitFile);
  }
}

void Publisher::PublishLines() {
  while (has_room()) {  // Until what was read is used up.
    std::optional<std::string> line = lines_.Next();
    if (!line) return;
    Publish(SharedBytes::Take(*std::move(line)));
  }
}

void Publisher::PublishRepeated() {
  while (!is_all_out() && has_room()) {
    if (next_at_ && Clock::now() < *next_at_) return;
    Publish(payload_);
    if (is_all_out()) {
      next_at_.reset();
    } else if (settings_.publish.repeat_delay.count() > 0) {
      next_at_ = next_at_.value_or(Clock::now()) + settings_.publish.repeat_delay;
    }
  }
}

void Publisher::Publish(const SharedBytes& payload) {
  const PublishProperties& properties = settings_.publish.properties;
  const PublishHandle handle = conversation_.client().Publish(
      settings_.topics.front(), payload,
      {.qos = settings_.qos,
       .retain = settings_.publish.retain,
       .expires_after = settings_.publish.expires_after,
       .properties = properties == PublishProperties{} ? nullptr : &properties});
  ++published_count_;
  ++unfinished_count_;
  unfinished_bytes_ += payload.size();
  const size_t size_bytes = payload.size();
  handle.OnComplete(
      [this, size_bytes](const Delivery& delivery) { OnDelivered(delivery, size_bytes); });
}

void Publisher::OnDelivered(const Delivery& delivery, size_t size_bytes) {
  --unfinished_count_;
  unfinished_bytes_ -= size_bytes;
  if (delivery.ok()) {
    reporter_.Note(std::string("published: ") + NameOf(delivery.outcome));
    if (delivery.reason == ReasonCode::kNoMatchingSubscribers) reporter_.Note("nobody listens");
    return;
  }
  // The conversation's own end tells more than what each message says about it.
  if (delivery.outcome == Outcome::kShutdown) {
    ++unfinished_count_;
    return;
  }
  std::string why = std::string("not delivered: ") + NameOf(delivery.outcome);
  if (IsFailure(delivery.reason)) why += std::string(", ") + NameOf(delivery.reason);
  if (!delivery.reason_string.empty()) why += " (" + delivery.reason_string + ")";
  Fail(ExitCodeOf(delivery.reason), why);
}

void Publisher::Fail(int code, const std::string& why) {
  reporter_.Complain(why);
  if (failure_ == kExitOk) failure_ = code;
}

}  // namespace

int RunPublish(const Settings& settings) { return Publisher(settings).Run(); }

}  // namespace ringmq::cli
