// Our own client as a peer of the simulation: the shipped client::Core on the imitated network, and
// an oracle that knows nothing of either.
//
// Every client publishes and every client subscribes to everything. Sessions outlive connections,
// so what is owed is simple: each handle resolves once and well, each QoS 1 message comes to
// everybody at least once, each QoS 2 message exactly once, and first arrivals keep their
// publisher's order.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "client/core.h"
#include "client/input.h"
#include "sim/cluster.h"

namespace ringmq::sim {

// What all clients of one run have seen.
class CoreOracle {
 public:
  explicit CoreOracle(World& world) : world_(world) {}

  void OnPublished(int publisher, Qos qos, uint64_t number) {
    ++published_[{publisher, qos}];
    if (published_[{publisher, qos}] != number + 1) world_.Fail("the test counts wrongly");
  }
  void OnReceived(int subscriber, int publisher, Qos qos, uint64_t number);
  // Empty when everybody has everything.
  [[nodiscard]] std::string WhatIsMissing(int clients) const;
  [[nodiscard]] uint64_t deliveries() const { return deliveries_; }

 private:
  using Flow = std::pair<int, Qos>;  // Publisher and QoS.
  World& world_;
  std::map<Flow, uint64_t> published_;
  std::map<std::pair<int, Flow>, uint64_t> next_;  // By subscriber: the first number not yet seen.
  uint64_t deliveries_ = 0;
};

struct CoreClientPlan {
  std::vector<std::string> filters = {"#"};  // Each in a SUBSCRIBE of its own at first.
  // The broker forgets the session with each connection. Publishes nothing but Announce().
  bool is_forgotten = false;
};

class CoreClient final : public Actor, private codec::FrameSink {
 public:
  CoreClient(World& world, Cluster& cluster, CoreOracle& oracle, int number,
             CoreClientPlan plan = {});
  ~CoreClient() override;

  // --- Actor.
  [[nodiscard]] Instant NextAction() const override { return next_action_; }
  void Act() override;

  [[nodiscard]] bool subscribed() const;
  // Publishes once to each filter of the plan, which are topics then; heard() counts them.
  void Announce();
  [[nodiscard]] size_t heard() const { return heard_.size(); }
  // Publishing, and breaking the connection, begins and ends.
  void set_lively(bool lively) { lively_ = lively; }
  // Nothing of ours is on its way.
  [[nodiscard]] bool Settled() const;

 private:
  struct NoAcks final : client::AckSink {
    void Send(uint64_t, ReasonCode) noexcept override {}
    void Unused(uint64_t) noexcept override {}
    void Release(uint64_t) noexcept override {}
  };

  // codec::FrameSink.
  [[nodiscard]] uint8_t* Append(size_t size_bytes) override {
    output_.resize(output_.size() + size_bytes);
    return output_.data() + output_.size() - size_bytes;
  }
  void AppendPayload(const codec::MessageRef& message) override {
    output_.insert(output_.end(), message.payload().begin(), message.payload().end());
  }
  [[nodiscard]] size_t pending_bytes() const override { return output_.size(); }

  void Connect();
  void Read();
  void Write();
  void Lose();
  void Publish();
  void Look(Event& event);

  World& world_;
  Cluster& cluster_;
  CoreOracle& oracle_;
  const int number_;
  const CoreClientPlan plan_;
  Options options_;
  client::Attention* const attention_;
  NoAcks acks_;
  client::Core core_;
  client::Input input_;
  std::optional<StreamId> stream_;
  std::vector<uint8_t> received_;
  std::vector<uint8_t> output_;
  uint64_t sent_bytes_ = 0;
  Instant next_action_;
  bool lively_ = false;
  std::vector<SubscribeHandle> subscribed_;
  std::set<std::string> heard_;
  std::map<Qos, uint64_t> published_;
  std::vector<PublishHandle> handles_;
};

}  // namespace ringmq::sim
