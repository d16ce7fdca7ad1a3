// Not on Client::Request(): with -e the response topic is the user's, and before version 5 the
// topic is all there is.
//
// SPDX-License-Identifier: Apache-2.0
#include "request.h"

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "conversation.h"
#include "exit_code.h"
#include "output.h"
#include "payload_source.h"

namespace ringmq::cli {
namespace {

class Requester {
 public:
  Requester(const Settings& settings, std::string_view random_id)
      : settings_(settings),
        reporter_(settings.output),
        output_(settings.output, reporter_),
        properties_(settings.publish.properties),
        conversation_(settings, reporter_) {
    properties_.response_topic = settings.response_topic;
    if (properties_.correlation_data.empty()) properties_.correlation_data = random_id;
  }

  int Run();

 private:
  void Subscribe();
  void OnSubscribed(const SubscribeResult& result);
  void OnPublished(const Delivery& delivery);
  void OnMessage(const Message& message);

  const Settings& settings_;
  Reporter reporter_;
  Output output_;
  PublishProperties properties_;
  SharedBytes payload_{};
  bool is_asked_ = false;
  bool is_answered_ = false;
  Conversation conversation_;  // Last: what it ends with calls back here.
};

int Requester::Run() {
  Expected<SharedBytes> payload = ReadPayload(settings_.publish);
  if (!payload.ok()) {
    reporter_.Complain(payload.error().detail());
    return kExitFile;
  }
  payload_ = *std::move(payload);
  if (!conversation_.Open()) return conversation_.exit_code();
  Subscribe();
  std::optional<Clock::time_point> deadline;
  if (settings_.receive.timeout.count() > 0) deadline = Clock::now() + settings_.receive.timeout;
  while (true) {  // Until the conversation ends: the answer, -W, a signal, a refusal.
    const auto turn = conversation_.Turn({.deadline = deadline}, [this](Event& event) {
      if (const auto* message = event.get<Message>()) OnMessage(*message);
    });
    if (turn.has_ended) break;
    if (deadline && Clock::now() >= *deadline) {
      deadline.reset();
      if (!conversation_.is_leaving()) reporter_.Complain("timed out: no response");
      conversation_.Leave(kExitTimedOut);
      if (!conversation_.is_connected()) break;
    }
  }
  if (output_.has_failed()) return kExitFile;
  if (conversation_.exit_code() != kExitOk) return conversation_.exit_code();
  return is_answered_ ? kExitOk : kExitUndelivered;
}

void Requester::Subscribe() {
  const SubscriptionRequest request{.filter = settings_.response_topic, .qos = settings_.qos};
  conversation_.client()
      .Subscribe(std::span(&request, 1), settings_.receive.subscribe_properties)
      .OnComplete([this](const SubscribeResult& result) { OnSubscribed(result); });
}

// Only now can no answer be missed.
void Requester::OnSubscribed(const SubscribeResult& result) {
  if (result.outcome == Outcome::kShutdown || conversation_.is_leaving()) return;
  if (!result.ok()) {
    const ReasonCode reason =
        result.reasons.empty() ? ReasonCode::kSuccess : result.reasons.front();
    reporter_.Complain(settings_.response_topic + ": subscription refused, " +
                       (IsFailure(reason) ? NameOf(reason) : NameOf(result.outcome)));
    return conversation_.Leave(ExitCodeOf(reason));
  }
  const bool is_v5 = settings_.client.version == ProtocolVersion::kV5;
  is_asked_ = true;
  conversation_.client()
      .Publish(settings_.topics.front(), payload_,
               {.qos = settings_.qos,
                .expires_after = settings_.publish.expires_after,
                .properties = is_v5 ? &properties_ : nullptr})
      .OnComplete([this](const Delivery& delivery) { OnPublished(delivery); });
}

void Requester::OnPublished(const Delivery& delivery) {
  if (delivery.reason == ReasonCode::kNoMatchingSubscribers) reporter_.Note("nobody listens");
  if (delivery.ok() || delivery.outcome == Outcome::kShutdown) return;
  reporter_.Complain(
      std::string("request not delivered: ") + NameOf(delivery.outcome) +
      (IsFailure(delivery.reason) ? std::string(", ") + NameOf(delivery.reason) : ""));
  conversation_.Leave(ExitCodeOf(delivery.reason));
}

void Requester::OnMessage(const Message& message) {
  if (!is_asked_ || is_answered_ || conversation_.is_leaving()) return;
  if (settings_.receive.retained == RetainedFilter::kNone && message.retain()) return;
  // Others may ask on the same topic. An answer without correlation data comes from a program that
  // knows none, such as mosquitto_pub, and may be for us.
  const std::string_view correlation = message.correlation_data();
  if (!correlation.empty() && correlation != properties_.correlation_data) return;
  is_answered_ = true;
  output_.Print(PrintableOf(message));
  if (!output_.Flush()) reporter_.Note("nobody reads the response");
  conversation_.Leave(kExitOk);
}

}  // namespace

int RunRequest(const Settings& settings, std::string_view random_id) {
  return Requester(settings, random_id).Run();
}

}  // namespace ringmq::cli
