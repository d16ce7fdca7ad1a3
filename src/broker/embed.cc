// SPDX-License-Identifier: Apache-2.0
#include "broker/embed.h"

#include <string>
#include <utility>

#include "broker/embed_options.h"

namespace ringmq::broker {

void FunctionLog::Emit(LogLevel level, std::string_view line) {
  if (sink_) sink_(PublicLevelOf(level), line);
}

Embedding::Embedding(const BrokerOptions& options)
    : log_(LevelOf(options.log_level), options.log),
      events_(options.events_max),
      rights_(options.authorize) {}

Expected<std::unique_ptr<Embedding>> Embedding::Start(BrokerOptions options) {
  Expected<Config> config = ConfigOf(options);
  if (!config) return config.error();
  auto embedding = std::unique_ptr<Embedding>(new Embedding(options));
  Extensions extensions{.events = options.events_max > 0 ? &embedding->events_ : nullptr,
                        .rights = options.authorize ? &embedding->rights_ : nullptr};
  if (options.authenticate) {
    extensions.make_authenticator = [function = std::move(options.authenticate),
                                     pending_max = config->auth.checks_pending_max](auto wakes) {
      return std::make_unique<FunctionAuthenticator>(function, std::move(wakes), pending_max);
    };
  }
  auto running = Broker::Start(*config, embedding->log_, embedding->auth_methods_, extensions);
  if (!running.ok()) return Error(Errc::kSystem, std::string(running.status().message()));
  embedding->running_ = *std::move(running);
  return embedding;
}

void Embedding::Stop() {
  running_->Stop();
  events_.End();
  stopped_ = true;
}

}  // namespace ringmq::broker

namespace ringmq {
namespace {

BrokerCounters CountersOf(const broker::Statistics& s) {
  const auto dropped = [&s](broker::DropReason reason) {
    return s.dropped[static_cast<size_t>(reason)];
  };
  using Reason = broker::DropReason;
  return {.connections = s.connections,
          .sessions = s.sessions,
          .subscriptions = s.subscriptions,
          .retained_messages = s.retained_messages,
          .retained_bytes = s.retained_bytes,
          .connections_accepted = s.connections_accepted,
          .connections_refused = s.connections_refused,
          .admissions_deferred = s.admissions_deferred,
          .admissions_timed_out = s.admissions_timed_out,
          .sessions_expired = s.sessions_expired,
          .sessions_taken_over = s.sessions_taken_over,
          .packets_received = s.packets_received,
          .packets_sent = s.packets_sent,
          .bytes_received = s.bytes_received,
          .bytes_sent = s.bytes_sent,
          .publishes_received = s.publishes_received,
          .publishes_sent = s.publishes_sent,
          .publish_bytes_received = s.publish_bytes_received,
          .publish_bytes_sent = s.publish_bytes_sent,
          .malformed_packets = s.malformed_packets,
          .protocol_errors = s.protocol_errors,
          .transport_errors = s.transport_errors,
          .handshakes = s.handshakes,
          .kernel_tls = s.kernel_tls,
          .kernel_tls_spent = s.kernel_tls_spent,
          .publishers_paused = s.publishers_paused,
          .dropped_output_full = dropped(Reason::kOutputFull),
          .dropped_queue_full = dropped(Reason::kQueueFull),
          .dropped_oldest_replaced = dropped(Reason::kOldestReplaced),
          .dropped_too_large = dropped(Reason::kTooLarge),
          .dropped_expired = dropped(Reason::kExpired),
          .dropped_offline = dropped(Reason::kOffline),
          .dropped_not_authorized = dropped(Reason::kNotAuthorized),
          .dropped_no_member = dropped(Reason::kNoMember),
          .dropped_retained_full = dropped(Reason::kRetainedFull)};
}

}  // namespace

Expected<BrokerOptions> BrokerOptions::FromToml(std::string text) {
  BrokerOptions options;
  options.configuration = std::move(text);
  if (const auto config = broker::ConfigOf(options); !config) return config.error();
  return options;
}

Broker::Broker(std::unique_ptr<broker::Embedding> embedding) noexcept
    : embedding_(std::move(embedding)) {}
Broker::Broker(Broker&&) noexcept = default;
Broker& Broker::operator=(Broker&& other) noexcept {
  embedding_ = std::move(other.embedding_);
  return *this;
}
Broker::~Broker() = default;

Expected<Broker> Broker::Start(BrokerOptions options) {
  auto embedding = broker::Embedding::Start(std::move(options));
  if (!embedding) return embedding.error();
  return Broker(*std::move(embedding));
}

const std::vector<uint16_t>& Broker::ports() const { return embedding_->running().ports(); }

Expected<void> Broker::Reload() {
  if (stopped()) return Error(Errc::kStopped, "the broker was stopped");
  const absl::Status status = embedding_->running().Reload();
  if (!status.ok()) return Error(Errc::kSystem, std::string(status.message()));
  return {};
}

void Broker::Stop() { embedding_->Stop(); }
bool Broker::stopped() const { return embedding_->stopped(); }

std::vector<BrokerEvent> Broker::PollEvents(std::chrono::milliseconds timeout) {
  return embedding_->events().Take(timeout);
}
uint64_t Broker::events_lost() const { return embedding_->events().lost(); }

BrokerCounters Broker::counters() const {
  return CountersOf(embedding_->running().CollectStatistics());
}

}  // namespace ringmq
