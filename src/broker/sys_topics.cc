// SPDX-License-Identifier: Apache-2.0
#include "broker/sys_topics.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "broker/dispatcher.h"
#include "broker/memory.h"
#include "broker/version.h"

namespace ringmq::broker {

void LoadAverage::Update(uint64_t count, Instant now) {
  static constexpr std::array<double, 3> kMinutes = {1, 5, 15};
  if (started_ && now > last_) {
    const double minutes = static_cast<double>((now - last_).ns) / 60e9;
    const double rate = static_cast<double>(count - last_count_) / minutes;
    for (size_t i = 0; i < kMinutes.size(); ++i) {
      const double keep = std::exp(-minutes / kMinutes[i]);
      per_minute_[i] = per_minute_[i] * keep + rate * (1 - keep);
    }
  }
  started_ = true;
  last_ = now;
  last_count_ = count;
}

void SysTopics::Begin(const Statistics& own) {
  ++round_;
  total_ = own;
  replies_missing_ = core_.options.count - 1u;
  for (CoreId core = 1; core < core_.options.count; ++core) {
    core_.outbox.Send(core, StatisticsQuery{.round = round_});
  }
  if (replies_missing_ == 0) PublishAll();
}

void SysTopics::OnReply(const StatisticsReply& reply) {
  if (reply.round != round_) return;  // Of a round that took longer than the interval.
  total_.Add(reply.statistics);
  if (--replies_missing_ == 0) PublishAll();
}

void SysTopics::Publish(std::string_view name, std::string_view value) {
  const std::string topic =
      absl::StrCat("$SYS/broker/", absl::string_view(name.data(), name.size()));
  codec::Publication publication(
      {.topic = topic,
       .payload = {static_cast<const uint8_t*>(static_cast<const void*>(value.data())),
                   value.size()},
       .retain = true},
      core_.now, core_.scratch);
  (void)dispatcher_.Publish(publication);
}

void SysTopics::PublishNumber(std::string_view name, int64_t value) {
  Publish(name, absl::StrCat(value));
}

void SysTopics::PublishAll() {
  const Statistics& s = total_;
  clients_maximum_ = std::max(clients_maximum_, s.connections);
  const uint64_t heap = ResidentBytes().value_or(0);
  heap_maximum_ = std::max(heap_maximum_, heap);
  Publish("version", absl::StrCat("ringmq version ", kVersion));
  Publish("uptime", absl::StrCat((core_.now - started_).ns / kSecond.ns, " seconds"));
  PublishNumber("clients/total", s.sessions);
  PublishNumber("clients/maximum", clients_maximum_);
  PublishNumber("clients/connected", s.connections);
  PublishNumber("clients/active", s.connections);
  PublishNumber("clients/disconnected", s.sessions - std::min(s.sessions, s.connections));
  PublishNumber("clients/inactive", s.sessions - std::min(s.sessions, s.connections));
  PublishNumber("clients/expired", static_cast<int64_t>(s.sessions_expired));
  PublishNumber("messages/received", static_cast<int64_t>(s.packets_received));
  PublishNumber("messages/sent", static_cast<int64_t>(s.packets_sent));
  PublishNumber("messages/stored", s.retained_messages);
  PublishNumber("store/messages/count", s.retained_messages);
  PublishNumber("store/messages/bytes", s.retained_bytes);
  PublishNumber("bytes/received", static_cast<int64_t>(s.bytes_received));
  PublishNumber("bytes/sent", static_cast<int64_t>(s.bytes_sent));
  PublishNumber("publish/messages/received", static_cast<int64_t>(s.publishes_received));
  PublishNumber("publish/messages/sent", static_cast<int64_t>(s.publishes_sent));
  PublishNumber("publish/messages/dropped", static_cast<int64_t>(s.dropped_total()));
  PublishNumber("publish/bytes/received", static_cast<int64_t>(s.publish_bytes_received));
  PublishNumber("publish/bytes/sent", static_cast<int64_t>(s.publish_bytes_sent));
  PublishNumber("subscriptions/count", s.subscriptions);
  PublishNumber("shared_subscriptions/count", s.shared_subscriptions);
  PublishNumber("retained messages/count", s.retained_messages);
  PublishNumber("heap/current", static_cast<int64_t>(heap));
  PublishNumber("heap/maximum", static_cast<int64_t>(heap_maximum_));
  PublishLoads();
}

void SysTopics::PublishLoads() {
  static constexpr std::array<std::string_view, 9> kNames = {
      "messages/received", "messages/sent", "publish/received", "publish/sent", "publish/dropped",
      "bytes/received",    "bytes/sent",    "sockets",          "connections",
  };
  const Statistics& s = total_;
  const std::array<uint64_t, 9> counts = {
      s.packets_received,
      s.packets_sent,
      s.publishes_received,
      s.publishes_sent,
      s.dropped_total(),
      s.bytes_received,
      s.bytes_sent,
      s.connections_accepted,
      s.connections_accepted - std::min(s.connections_accepted, s.connections_refused),
  };
  static constexpr std::array<std::string_view, 3> kSpans = {"1min", "5min", "15min"};
  for (size_t i = 0; i < kNames.size(); ++i) {
    loads_[i].Update(counts[i], core_.now);
    for (size_t span = 0; span < kSpans.size(); ++span) {
      Publish(absl::StrCat("load/", absl::string_view(kNames[i].data(), kNames[i].size()), "/",
                           absl::string_view(kSpans[span].data(), kSpans[span].size())),
              absl::StrFormat("%.2f", loads_[i].per_minute()[span]));
    }
  }
}

}  // namespace ringmq::broker
