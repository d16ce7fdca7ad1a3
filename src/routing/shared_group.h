// One shared subscription: all sessions of this core that joined it, what is known of its members
// on other cores, and the choice of the one that gets a message. 5.0 s4.8.2.
//
// The choice has two steps. The publisher's core chooses a core, each counting as many times as it
// has available members; that core chooses among its own. So no core needs to know the members of
// another, and a choice that has become stale is made again by the core that finds out.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "base/random.h"
#include "routing/filter_tree.h"
#include "routing/subscription.h"

namespace ringmq::routing {

struct PickContext {
  uint64_t publisher_hash = 0;
  std::string_view topic;
  base::CoreSet tried_cores = {};
  bool available_only = false;  // Rather nobody than a member that could only queue it.
};

struct GroupMember {
  SubscriberId subscriber = 0;
  codec::SubscriptionOptions options;
  uint32_t subscription_id = 0;
  bool available = true;
};

class SharedGroup {
 public:
  SharedGroup(GroupId group_id, std::string name, NodeId filter_node, CoreId core_count)
      : id(group_id), share_name(std::move(name)), node(filter_node), others_(core_count) {}

  const GroupId id;
  const std::string share_name;
  const NodeId node;

  // Adds or replaces. Returns whether it is new.
  bool Join(const GroupMember& member);
  bool Leave(SubscriberId subscriber);
  void SetAvailable(SubscriberId subscriber, bool available);
  void SetOther(CoreId core, Weight weight);

  [[nodiscard]] Weight own_weight() const;
  [[nodiscard]] bool empty() const { return members_.empty() && others_present_ == 0; }
  [[nodiscard]] bool has_members() const { return !members_.empty(); }

  // The core to give a message to; none when nobody anywhere may take it.
  [[nodiscard]] std::optional<CoreId> PickCore(CoreId self, SharedStrategy strategy,
                                               const PickContext& context, base::Random& random);
  // The member of this core; null when there is none. One that is offline is the last resort.
  [[nodiscard]] const GroupMember* PickMember(SharedStrategy strategy, const PickContext& context,
                                              base::Random& random);

 private:
  [[nodiscard]] CoreId PickOfflineCore(absl::FunctionRef<Weight(CoreId)> weight_of,
                                       uint64_t place) const;
  [[nodiscard]] uint64_t Draw(SharedStrategy strategy, const PickContext& context, uint64_t total,
                              uint64_t& turn, base::Random& random);

  std::vector<GroupMember> members_;
  std::vector<Weight> others_;  // By core; own entry unused.
  size_t others_present_ = 0;   // Entries of others_ that are not zero.
  uint32_t available_ = 0;      // Of members_.
  uint64_t core_turn_ = 0;
  uint64_t member_turn_ = 0;
  std::optional<CoreId> sticky_core_;
  SubscriberId sticky_member_ = 0;
};

}  // namespace ringmq::routing
