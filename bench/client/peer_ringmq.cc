// Our client library, for bench/client/compare: one thread that polls its loop.
//
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <string>
#include <utility>

#include "peer.h"
#include "ringmq/client.h"

namespace {

constexpr std::chrono::seconds kPatience{10};

ringmq::EventBatch PollOrFail(ringmq::EventLoop& loop) {
  auto batch = loop.Poll(kPatience);
  if (!batch) PeerFail(Describe(batch.error()).c_str(), 1);
  return *batch;
}

void AwaitConnected(ringmq::EventLoop& loop) {
  while (true) {
    for (ringmq::Event& event : PollOrFail(loop)) {
      if (event.get<ringmq::Connected>() != nullptr) return;
    }
  }
}

void Publish(const PeerPlan& plan, const ringmq::Client& client, ringmq::EventLoop& loop) {
  const std::string payload(PEER_PAYLOAD_BYTES, 'x');
  const ringmq::PublishOptions options{.qos = static_cast<ringmq::Qos>(plan.qos)};
  const double begin = PeerCpuSeconds();
  long sent = 0;
  long done = 0;
  while (done < plan.count) {
    for (; sent < plan.count && sent - done < plan.window; ++sent) {
      client.Publish(PEER_TOPIC, payload, options)
          .OnComplete([&done](const ringmq::Delivery& delivery) {
            if (!delivery.ok()) PeerFail(NameOf(delivery.outcome), 1);
            ++done;
          });
    }
    static_cast<void>(PollOrFail(loop));
  }
  PeerSaySpent(begin);
}

void Receive(const PeerPlan& plan, const ringmq::Client& client, ringmq::EventLoop& loop) {
  client.Subscribe(PEER_TOPIC, static_cast<ringmq::Qos>(plan.qos));
  double begin = 0;
  long received = 0;
  while (received < plan.count) {
    for (ringmq::Event& event : PollOrFail(loop)) {
      if (event.get<ringmq::SubscribeDone>() != nullptr) PeerSayReady();
      const auto* const message = event.get<ringmq::Message>();
      if (message == nullptr) continue;
      if (message->payload().size() != PEER_PAYLOAD_BYTES) PeerFail("payload", 1);
      if (received++ == 0) begin = PeerCpuSeconds();
    }
  }
  PeerSaySpent(begin);
}

}  // namespace

int main(int argc, char** argv) {
  const PeerPlan plan = PeerPlanOf(argc, argv);
  auto options = ringmq::Options::FromUrl("mqtt://127.0.0.1:" + std::to_string(plan.port));
  if (!options) PeerFail(Describe(options.error()).c_str(), 1);
  options->version = ringmq::ProtocolVersion::kV311;
  options->in_flight_max = static_cast<uint16_t>(plan.window);
  auto made = ringmq::MakeClient(*std::move(options));
  if (!made) PeerFail(Describe(made.error()).c_str(), 1);
  auto& [client, loop] = *made;
  AwaitConnected(loop);
  (plan.publishes != 0 ? Publish : Receive)(plan, client, loop);
  client.Disconnect();
  while (loop.Poll(kPatience)) {
  }
  return 0;
}
