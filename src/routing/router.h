// Who gets a message: the subscriptions of this core's sessions, what the other cores have
// announced, and the route that both make for a topic.
//
// Pure: knows neither sessions nor cores but as numbers. One core.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "base/random.h"
#include "routing/filter_tree.h"
#include "routing/match_cache.h"
#include "routing/shared_group.h"
#include "routing/subscription.h"

namespace ringmq::routing {

struct Pick {
  enum class Kind : uint8_t { kNone, kLocal, kRemote };
  Kind kind = Kind::kNone;
  Receiver member;               // kLocal only.
  uint32_t subscription_id = 0;  // kLocal only; zero: none.
  CoreId core = 0;               // kRemote only.
  bool unavailable = false;      // kLocal: could only queue it; nobody here is available.
  GroupId group = 0;
};

// Views live until the next call on the router; both empty when the group is gone.
struct GroupName {
  std::string_view share_name;
  std::string filter;
};

class Router {
 public:
  struct Options {
    CoreId self = 0;
    CoreId core_count = 1;
    SharedStrategy strategy = SharedStrategy::kRoundRobin;
    Overlap overlap = Overlap::kOncePerClient;
    uint32_t match_cache_entries_max = 16'384;
    uint64_t seed = 0;
  };
  using OnChange = absl::FunctionRef<void(const InterestChange&)>;

  explicit Router(const Options& options);
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // --- This core's sessions. Filters are valid.
  struct SubscribeResult {
    bool is_new = false;  // False: it replaced the subscription with an equal filter.
    bool interest_changed = false;
    InterestChange change;
  };
  SubscribeResult Subscribe(SubscriberId subscriber, const SubscriptionRequest& request);
  struct UnsubscribeResult {
    bool existed = false;
    bool interest_changed = false;
    InterestChange change;
  };
  UnsubscribeResult Unsubscribe(SubscriberId subscriber, std::string_view share_name,
                                std::string_view filter);
  void UnsubscribeAll(SubscriberId subscriber, OnChange on_change);
  // Whether a session can take messages of shared groups now; every session starts available.
  void SetAvailable(SubscriberId subscriber, bool available, OnChange on_change);
  [[nodiscard]] uint32_t SubscriptionCount(SubscriberId subscriber) const;

  // --- Other cores.
  void ApplyInterest(CoreId from, const InterestChange& change);

  // --- Publishing. The route lives until the next call that is not const.
  [[nodiscard]] const Route& Resolve(std::string_view topic);
  // Chooses one member of a group. On kRemote the caller sends the message there, where
  // PickLocal() goes on; PickNamed() is PickMember() for a core that knows the group by name only.
  [[nodiscard]] Pick PickMember(GroupId group, const PickContext& context);
  [[nodiscard]] Pick PickNamed(std::string_view share_name, std::string_view filter,
                               const PickContext& context);
  [[nodiscard]] Pick PickLocal(std::string_view share_name, std::string_view filter,
                               const PickContext& context);
  [[nodiscard]] GroupName NameOf(GroupId group) const;

  [[nodiscard]] size_t subscriptions() const { return subscriptions_; }
  [[nodiscard]] size_t shared_subscriptions() const { return shared_subscriptions_; }
  // Room for receivers in the match cache: what MatchCache::kReceiversMax bounds.
  [[nodiscard]] size_t cached_receivers() const { return cache_.receivers(); }
  [[nodiscard]] size_t filters() const { return tree_.node_count(); }
  void Audit() const;

 private:
  struct Entry {
    SubscriberId subscriber = 0;
    uint32_t subscription_id = 0;
    codec::SubscriptionOptions options;
  };
  // What hangs on a node of the tree. Each entry, each core in `cores` and each group keeps the
  // node by one FilterTree::Add().
  struct Leaf {
    absl::InlinedVector<Entry, 1> entries;
    std::unique_ptr<base::CoreSet> cores;  // Other cores with plain subscribers.
    std::unique_ptr<std::vector<GroupId>> groups;
  };
  // A subscription as its session knows it.
  struct Reference {
    NodeId node = kNoNode;
    GroupId group = 0;  // Zero: plain.
  };
  using References = absl::InlinedVector<Reference, 1>;

  [[nodiscard]] Leaf& LeafOf(NodeId node);
  SubscribeResult SubscribePlain(SubscriberId subscriber, const SubscriptionRequest& request);
  SubscribeResult SubscribeShared(SubscriberId subscriber, const SubscriptionRequest& request);
  [[nodiscard]] bool RemovePlain(SubscriberId subscriber, NodeId node);
  void RemoveShared(SubscriberId subscriber, SharedGroup& group);
  void Forget(SubscriberId subscriber, Reference reference);
  [[nodiscard]] InterestChange PlainChange(std::string_view filter, uint32_t count);
  [[nodiscard]] InterestChange GroupChange(const SharedGroup& group);
  [[nodiscard]] SharedGroup* FindGroup(std::string_view share_name, std::string_view filter);
  [[nodiscard]] SharedGroup& NeedGroup(std::string_view share_name, std::string_view filter);
  void DropGroupIfEmpty(SharedGroup& group);
  [[nodiscard]] Pick LocalPick(SharedGroup& group, const PickContext& context);

  void BuildRoute(std::string_view topic, Route& route);
  void AddReceiver(const Entry& entry, Route& route);

  const Options options_;
  base::Random random_;
  FilterTree tree_;
  std::vector<Leaf> leaves_;  // By NodeId.
  absl::flat_hash_map<SubscriberId, References> by_subscriber_;
  absl::flat_hash_map<GroupId, std::unique_ptr<SharedGroup>> groups_;
  GroupId next_group_ = 1;
  MatchCache cache_;
  uint64_t generation_ = 1;
  Route uncached_;
  std::vector<Entry> matched_;  // BuildRoute()'s own.
  std::string change_filter_;   // What an InterestChange's views point to.
  std::string change_share_name_;
  size_t subscriptions_ = 0;
  size_t shared_subscriptions_ = 0;
};

}  // namespace ringmq::routing
