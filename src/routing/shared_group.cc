// SPDX-License-Identifier: Apache-2.0
#include "routing/shared_group.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"

namespace ringmq::routing {

bool SharedGroup::Join(const GroupMember& member) {
  for (GroupMember& old : members_) {
    if (old.subscriber != member.subscriber) continue;
    const bool available = old.available;
    old = member;
    old.available = available;
    return false;
  }
  members_.push_back(member);
  available_ += member.available ? 1 : 0;
  return true;
}

bool SharedGroup::Leave(SubscriberId subscriber) {
  const auto it = std::find_if(members_.begin(), members_.end(), [&](const GroupMember& member) {
    return member.subscriber == subscriber;
  });
  if (it == members_.end()) return false;
  available_ -= it->available ? 1 : 0;
  members_.erase(it);
  return true;
}

void SharedGroup::SetAvailable(SubscriberId subscriber, bool available) {
  for (GroupMember& member : members_) {
    if (member.subscriber != subscriber || member.available == available) continue;
    member.available = available;
    available_ += available ? 1 : UINT32_MAX;
  }
  RMQ_CHECK(available_ <= members_.size());
}

void SharedGroup::SetOther(CoreId core, Weight weight) {
  RMQ_CHECK(core < others_.size());
  const Weight none;
  others_present_ -= others_[core] == none ? 0 : 1;
  others_[core] = weight;
  others_present_ += weight == none ? 0 : 1;
}

Weight SharedGroup::own_weight() const {
  return {.available = available_, .has_offline = available_ < members_.size()};
}

uint64_t SharedGroup::Draw(SharedStrategy strategy, const PickContext& context, uint64_t total,
                           uint64_t& turn, base::Random& random) {
  RMQ_CHECK(total > 0);
  switch (strategy) {
    case SharedStrategy::kRoundRobin:
    case SharedStrategy::kLocalFirst:
      return turn++ % total;
    case SharedStrategy::kRandom:
    case SharedStrategy::kSticky:
      return random.Below(total);
    case SharedStrategy::kHashClientId:
      return context.publisher_hash % total;
    case SharedStrategy::kHashTopic:
      return base::StableHash(context.topic, 0, 0) % total;
  }
  RMQ_CHECK(false);
}

CoreId SharedGroup::PickOfflineCore(absl::FunctionRef<Weight(CoreId)> weight_of,
                                    uint64_t place) const {
  for (CoreId core = 0; core < others_.size(); ++core) {
    if (!weight_of(core).has_offline) continue;
    if (place == 0) return core;
    --place;
  }
  RMQ_CHECK(false);
}

std::optional<CoreId> SharedGroup::PickCore(CoreId self, SharedStrategy strategy,
                                            const PickContext& context, base::Random& random) {
  const auto weight_of = [&](CoreId core) {
    if (context.tried_cores.Has(core)) return Weight{};
    return core == self ? own_weight() : others_[core];
  };
  if (strategy == SharedStrategy::kLocalFirst && weight_of(self).available > 0) return self;
  if (strategy == SharedStrategy::kSticky && sticky_core_.has_value() &&
      weight_of(*sticky_core_).available > 0) {
    return sticky_core_;
  }
  uint64_t total = 0;
  uint64_t offline_cores = 0;
  for (CoreId core = 0; core < others_.size(); ++core) {
    const Weight weight = weight_of(core);
    total += weight.available;
    offline_cores += weight.has_offline ? 1 : 0;
  }
  if (total == 0) {
    if (offline_cores == 0 || context.available_only) return std::nullopt;
    return PickOfflineCore(weight_of, Draw(strategy, context, offline_cores, core_turn_, random));
  }
  uint64_t place = Draw(strategy, context, total, core_turn_, random);
  for (CoreId core = 0; core < others_.size(); ++core) {
    const uint64_t available = weight_of(core).available;
    if (place < available) {
      sticky_core_ = core;
      return core;
    }
    place -= available;
  }
  RMQ_CHECK(false);
}

const GroupMember* SharedGroup::PickMember(SharedStrategy strategy, const PickContext& context,
                                           base::Random& random) {
  if (members_.empty()) return nullptr;
  if (available_ == 0)
    return &members_[Draw(strategy, context, members_.size(), member_turn_, random)];
  if (strategy == SharedStrategy::kSticky) {
    for (const GroupMember& member : members_) {
      if (member.subscriber == sticky_member_ && member.available) return &member;
    }
  }
  uint64_t place = Draw(strategy, context, available_, member_turn_, random);
  for (const GroupMember& member : members_) {
    if (!member.available) continue;
    if (place == 0) {
      sticky_member_ = member.subscriber;
      return &member;
    }
    --place;
  }
  RMQ_CHECK(false);
}

}  // namespace ringmq::routing
