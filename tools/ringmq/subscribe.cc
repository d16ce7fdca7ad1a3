// SPDX-License-Identifier: Apache-2.0
#include "subscribe.h"

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "conversation.h"
#include "exit_code.h"
#include "output.h"
#include "ringmq/router.h"

namespace ringmq::cli {
namespace {

// What is printed between two writes at most.
constexpr size_t kPendingBytesMax = 1 << 20;

class Subscriber {
 public:
  explicit Subscriber(const Settings& settings)
      : settings_(settings),
        reporter_(settings.output),
        output_(settings.output, reporter_),
        conversation_(settings, reporter_) {}

  int Run();

 private:
  void Subscribe();
  void OnSubscribed(const SubscribeResult& result);
  void OnUnsubscribed(const SubscribeResult& result);
  void OnMessage(Message& message);
  [[nodiscard]] bool IsFilteredOut(std::string_view topic) const;
  void RemoveRetained(std::string_view topic);
  void FlushOutput();

  const Settings& settings_;
  Reporter reporter_;
  Output output_;
  uint64_t message_count_ = 0;
  std::mt19937 random_{std::random_device{}()};
  Conversation conversation_;  // Last: what it ends with calls back here.
};

int Subscriber::Run() {
  if (!conversation_.Open()) return conversation_.exit_code();
  Subscribe();
  const ReceiveSettings& receive = settings_.receive;
  std::optional<Clock::time_point> deadline;
  if (receive.timeout.count() > 0) deadline = Clock::now() + receive.timeout;
  while (true) {  // Until the conversation ends: -C, -W, -E, a signal, a refusal.
    const auto turn = conversation_.Turn({.deadline = deadline}, [this](Event& event) {
      if (auto* message = event.get<Message>()) OnMessage(*message);
    });
    FlushOutput();
    if (turn.has_ended) break;
    if (deadline && Clock::now() >= *deadline) {
      deadline.reset();
      if (!conversation_.is_leaving()) reporter_.Complain("timed out");
      conversation_.Leave(kExitTimedOut);
      if (!conversation_.is_connected()) break;
    }
  }
  return output_.has_failed() ? kExitFile : conversation_.exit_code();
}

void Subscriber::FlushOutput() {
  if (output_.pending_bytes() == 0 || output_.Flush()) return;
  // Nobody reads any more, which is how `ringmq sub ... | head` ends.
  conversation_.Leave(kExitOk);
}

// Asked before there is a connection, so that it is the first thing that the server hears.
void Subscriber::Subscribe() {
  const ReceiveSettings& receive = settings_.receive;
  std::vector<SubscriptionRequest> requests;
  for (const std::string& filter : settings_.topics) {
    requests.push_back({.filter = filter,
                        .qos = settings_.qos,
                        .retain_as_published = receive.retain_as_published,
                        .id = receive.subscription_id});
  }
  if (!requests.empty()) {
    conversation_.client()
        .Subscribe(requests, receive.subscribe_properties)
        .OnComplete([this](const SubscribeResult& result) { OnSubscribed(result); });
  }
  if (receive.unsubscribe.empty()) return;
  conversation_.client()
      .Unsubscribe(receive.unsubscribe, receive.unsubscribe_properties)
      .OnComplete([this](const SubscribeResult& result) { OnUnsubscribed(result); });
}

void Subscriber::OnSubscribed(const SubscribeResult& result) {
  if (result.outcome == Outcome::kShutdown || conversation_.is_leaving()) return;
  size_t granted_count = 0;
  ReasonCode refusal = ReasonCode::kSuccess;
  for (size_t i = 0; i < result.reasons.size() && i < settings_.topics.size(); ++i) {
    const ReasonCode reason = result.reasons[i];
    if (!IsFailure(reason)) {
      ++granted_count;
      reporter_.Note("subscribed to " + settings_.topics[i] + " with QoS " +
                     std::to_string(static_cast<int>(reason)));
      continue;
    }
    if (refusal == ReasonCode::kSuccess) refusal = reason;
    std::string why = settings_.topics[i] + ": subscription refused, " + NameOf(reason);
    if (!result.reason_string.empty()) why += " (" + result.reason_string + ")";
    reporter_.Complain(why);
  }
  if (result.outcome != Outcome::kAcknowledged) {
    std::string why = std::string("not subscribed: ") + NameOf(result.outcome);
    if (!result.reason_string.empty()) why += " (" + result.reason_string + ")";
    reporter_.Complain(why);
  }
  if (granted_count == 0) return conversation_.Leave(ExitCodeOf(refusal));
  if (settings_.receive.leave_when_subscribed && settings_.receive.unsubscribe.empty()) {
    conversation_.Leave(kExitOk);
  }
}

void Subscriber::OnUnsubscribed(const SubscribeResult& result) {
  if (result.outcome == Outcome::kShutdown || conversation_.is_leaving()) return;
  reporter_.Note(std::string("unsubscribed: ") + NameOf(result.outcome));
  // With nothing to wait for, mosquitto_sub waits all the same; so do we, without -E.
  if (settings_.receive.leave_when_subscribed) conversation_.Leave(kExitOk);
}

bool Subscriber::IsFilteredOut(std::string_view topic) const {
  const auto& filters = settings_.receive.filters_out;
  return std::any_of(filters.begin(), filters.end(),
                     [topic](const std::string& filter) { return TopicMatches(filter, topic); });
}

void Subscriber::OnMessage(Message& message) {
  const ReceiveSettings& receive = settings_.receive;
  // With -C what comes after the last message stays unacknowledged: a session that lasts keeps it.
  if (conversation_.is_leaving()) return;
  Ack ack = message.TakeAck();
  if (receive.retained == RetainedFilter::kOnly && !message.retain()) {
    ack.Release();
    return conversation_.Leave(kExitOk);
  }
  ack.Send();
  if (IsFilteredOut(message.topic())) return;
  if (receive.remove_retained && message.retain()) RemoveRetained(message.topic());
  if (receive.retained == RetainedFilter::kNone && message.retain()) return;
  const bool is_chosen = receive.print_chance >= 1 ||
                         std::uniform_real_distribution<>(0, 1)(random_) < receive.print_chance;
  if (is_chosen) output_.Print(PrintableOf(message));
  if (output_.pending_bytes() >= kPendingBytesMax) FlushOutput();
  if (++message_count_ == receive.messages_max) conversation_.Leave(kExitOk);
}

void Subscriber::RemoveRetained(std::string_view topic) {
  conversation_.client()
      .Publish(topic, std::string_view(), {.qos = Qos::kAtLeastOnce, .retain = true})
      .OnComplete([this, name = std::string(topic)](const Delivery& delivery) {
        if (delivery.ok() || delivery.outcome == Outcome::kShutdown) return;
        reporter_.Complain(name + ": not removed, " + NameOf(delivery.outcome));
      });
}

}  // namespace

int RunSubscribe(const Settings& settings) { return Subscriber(settings).Run(); }

}  // namespace ringmq::cli
