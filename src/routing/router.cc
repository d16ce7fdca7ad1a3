// SPDX-License-Identifier: Apache-2.0
#include "routing/router.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace ringmq::routing {

Router::Router(const Options& options)
    : options_(options), random_(options.seed), cache_(options.match_cache_entries_max) {
  RMQ_CHECK(options.self < options.core_count);
}

Router::Leaf& Router::LeafOf(NodeId node) {
  if (leaves_.size() < tree_.capacity()) leaves_.resize(tree_.capacity());
  return leaves_[node];
}

Router::SubscribeResult Router::Subscribe(SubscriberId subscriber,
                                          const SubscriptionRequest& request) {
  RMQ_CHECK(subscriber != 0);
  ++generation_;
  return request.share_name.empty() ? SubscribePlain(subscriber, request)
                                    : SubscribeShared(subscriber, request);
}

Router::SubscribeResult Router::SubscribePlain(SubscriberId subscriber,
                                               const SubscriptionRequest& request) {
  const Entry entry{.subscriber = subscriber,
                    .subscription_id = request.subscription_id,
                    .options = request.options};
  const NodeId node = tree_.Add(request.filter);
  Leaf& leaf = LeafOf(node);
  for (Entry& old : leaf.entries) {
    if (old.subscriber != subscriber) continue;
    old = entry;  // [MQTT-3.8.4-3]
    tree_.Remove(node);
    return {};
  }
  leaf.entries.push_back(entry);
  by_subscriber_[subscriber].push_back({.node = node, .group = 0});
  ++subscriptions_;
  SubscribeResult result{.is_new = true, .interest_changed = false, .change = {}};
  if (leaf.entries.size() == 1 && options_.core_count > 1) {
    result.interest_changed = true;
    result.change = PlainChange(request.filter, 1);
  }
  return result;
}

Router::SubscribeResult Router::SubscribeShared(SubscriberId subscriber,
                                                const SubscriptionRequest& request) {
  SharedGroup& group = NeedGroup(request.share_name, request.filter);
  const Weight before = group.own_weight();
  SubscribeResult result;
  result.is_new = group.Join({.subscriber = subscriber,
                              .options = request.options,
                              .subscription_id = request.subscription_id,
                              .available = true});
  if (result.is_new) {
    by_subscriber_[subscriber].push_back({.node = group.node, .group = group.id});
    ++subscriptions_;
    ++shared_subscriptions_;
  }
  if (before != group.own_weight() && options_.core_count > 1) {
    result.interest_changed = true;
    result.change = GroupChange(group);
  }
  return result;
}

InterestChange Router::PlainChange(std::string_view filter, uint32_t count) {
  change_share_name_.clear();
  change_filter_ = std::string(filter);
  return {.share_name = change_share_name_, .filter = change_filter_, .member_count = count};
}

InterestChange Router::GroupChange(const SharedGroup& group) {
  change_share_name_ = group.share_name;
  change_filter_ = tree_.FilterOf(group.node);
  return {.share_name = change_share_name_,
          .filter = change_filter_,
          .member_count = group.own_weight().Pack()};
}

Router::UnsubscribeResult Router::Unsubscribe(SubscriberId subscriber, std::string_view share_name,
                                              std::string_view filter) {
  UnsubscribeResult result;
  if (!share_name.empty()) {
    SharedGroup* const group = FindGroup(share_name, filter);
    if (group == nullptr || !group->Leave(subscriber)) return {};
    ++generation_;
    result.existed = true;
    Forget(subscriber, {.node = group->node, .group = group->id});
    if (options_.core_count > 1) {
      result.interest_changed = true;
      result.change = GroupChange(*group);
    }
    RemoveShared(subscriber, *group);
    return result;
  }
  const NodeId node = tree_.Find(filter);
  if (node == kNoNode || !RemovePlain(subscriber, node)) return {};
  ++generation_;
  result.existed = true;
  Forget(subscriber, {.node = node, .group = 0});
  if (LeafOf(node).entries.empty() && options_.core_count > 1) {
    result.interest_changed = true;
    result.change = PlainChange(filter, 0);
  }
  tree_.Remove(node);
  return result;
}

bool Router::RemovePlain(SubscriberId subscriber, NodeId node) {
  auto& entries = LeafOf(node).entries;
  const auto it = std::find_if(entries.begin(), entries.end(),
                               [&](const Entry& entry) { return entry.subscriber == subscriber; });
  if (it == entries.end()) return false;
  *it = entries.back();
  entries.pop_back();
  // A filter that many had and none has gives its memory back.
  if (entries.empty()) entries.shrink_to_fit();
  --subscriptions_;
  return true;
}

void Router::RemoveShared(SubscriberId /*subscriber*/, SharedGroup& group) {
  --subscriptions_;
  --shared_subscriptions_;
  DropGroupIfEmpty(group);
}

void Router::Forget(SubscriberId subscriber, Reference reference) {
  const auto it = by_subscriber_.find(subscriber);
  RMQ_CHECK(it != by_subscriber_.end());
  References& references = it->second;
  const auto place =
      std::find_if(references.begin(), references.end(), [&](const Reference& candidate) {
        return candidate.node == reference.node && candidate.group == reference.group;
      });
  RMQ_CHECK(place != references.end());
  *place = references.back();
  references.pop_back();
  if (references.empty()) by_subscriber_.erase(it);
}

void Router::UnsubscribeAll(SubscriberId subscriber, OnChange on_change) {
  const auto it = by_subscriber_.find(subscriber);
  if (it == by_subscriber_.end()) return;
  ++generation_;
  const References references = std::move(it->second);
  by_subscriber_.erase(it);
  for (const Reference& reference : references) {
    if (reference.group != 0) {
      SharedGroup& group = *groups_.at(reference.group);
      RMQ_CHECK(group.Leave(subscriber));
      if (options_.core_count > 1) on_change(GroupChange(group));
      RemoveShared(subscriber, group);
      continue;
    }
    RMQ_CHECK(RemovePlain(subscriber, reference.node));
    if (LeafOf(reference.node).entries.empty() && options_.core_count > 1) {
      on_change(PlainChange(tree_.FilterOf(reference.node), 0));
    }
    tree_.Remove(reference.node);
  }
}

void Router::SetAvailable(SubscriberId subscriber, bool available, OnChange on_change) {
  const auto it = by_subscriber_.find(subscriber);
  if (it == by_subscriber_.end()) return;
  for (const Reference& reference : it->second) {
    if (reference.group == 0) continue;
    SharedGroup& group = *groups_.at(reference.group);
    const Weight before = group.own_weight();
    group.SetAvailable(subscriber, available);
    if (before != group.own_weight() && options_.core_count > 1) on_change(GroupChange(group));
  }
}

uint32_t Router::SubscriptionCount(SubscriberId subscriber) const {
  const auto it = by_subscriber_.find(subscriber);
  return it == by_subscriber_.end() ? 0 : static_cast<uint32_t>(it->second.size());
}

void Router::ApplyInterest(CoreId from, const InterestChange& change) {
  RMQ_CHECK(from != options_.self && from < options_.core_count);
  ++generation_;
  if (!change.share_name.empty()) {
    SharedGroup& group = NeedGroup(change.share_name, change.filter);
    group.SetOther(from, Weight::Unpack(change.member_count));
    DropGroupIfEmpty(group);
    return;
  }
  if (change.member_count > 0) {
    const NodeId node = tree_.Add(change.filter);
    Leaf& leaf = LeafOf(node);
    if (leaf.cores == nullptr) leaf.cores = std::make_unique<base::CoreSet>();
    if (leaf.cores->Has(from)) tree_.Remove(node);  // Known; one Add() is enough.
    leaf.cores->Set(from);
    return;
  }
  const NodeId node = tree_.Find(change.filter);
  if (node == kNoNode) return;
  Leaf& leaf = LeafOf(node);
  if (leaf.cores == nullptr || !leaf.cores->Has(from)) return;
  leaf.cores->Clear(from);
  if (!leaf.cores->Any()) leaf.cores.reset();
  tree_.Remove(node);
}

SharedGroup* Router::FindGroup(std::string_view share_name, std::string_view filter) {
  const NodeId node = tree_.Find(filter);
  if (node == kNoNode) return nullptr;
  const Leaf& leaf = LeafOf(node);
  if (leaf.groups == nullptr) return nullptr;
  for (const GroupId id : *leaf.groups) {
    SharedGroup& group = *groups_.at(id);
    if (group.share_name == share_name) return &group;
  }
  return nullptr;
}

SharedGroup& Router::NeedGroup(std::string_view share_name, std::string_view filter) {
  if (SharedGroup* const group = FindGroup(share_name, filter)) return *group;
  const NodeId node = tree_.Add(filter);
  const GroupId id = next_group_++;
  auto group =
      std::make_unique<SharedGroup>(id, std::string(share_name), node, options_.core_count);
  Leaf& leaf = LeafOf(node);
  if (leaf.groups == nullptr) leaf.groups = std::make_unique<std::vector<GroupId>>();
  leaf.groups->push_back(id);
  return *groups_.emplace(id, std::move(group)).first->second;
}

void Router::DropGroupIfEmpty(SharedGroup& group) {
  if (!group.empty()) return;
  const NodeId node = group.node;
  Leaf& leaf = LeafOf(node);
  std::erase(*leaf.groups, group.id);
  if (leaf.groups->empty()) leaf.groups.reset();
  groups_.erase(group.id);
  tree_.Remove(node);
}

const Route& Router::Resolve(std::string_view topic) {
  MatchCache::Entry* entry = cache_.Find(topic);
  if (entry != nullptr && entry->generation == generation_) return entry->route;
  if (entry == nullptr) {
    BuildRoute(topic, uncached_);
    return uncached_;
  }
  if (cache_.TrimIfFull(*entry)) {
    BuildRoute(topic, uncached_);
    return uncached_;
  }
  BuildRoute(topic, entry->route);
  entry->generation = generation_;
  cache_.NoteResolved(*entry);
  return entry->route;
}

void Router::BuildRoute(std::string_view topic, Route& route) {
  route.Clear();
  matched_.clear();
  tree_.Match(topic, [&](NodeId node) {
    const Leaf& leaf = LeafOf(node);
    matched_.insert(matched_.end(), leaf.entries.begin(), leaf.entries.end());
    if (leaf.cores != nullptr) route.remote_cores |= *leaf.cores;
    if (leaf.groups != nullptr) {
      route.groups.insert(route.groups.end(), leaf.groups->begin(), leaf.groups->end());
    }
  });
  // By subscriber: those of one client together, and receivers in the order of their memory.
  std::stable_sort(matched_.begin(), matched_.end(),
                   [](const Entry& a, const Entry& b) { return a.subscriber < b.subscriber; });
  for (const Entry& entry : matched_) AddReceiver(entry, route);
}

// Overlapping subscriptions of one client: one delivery with the highest QoS and all identifiers,
// or one each. [MQTT-3.3.4-2] [MQTT-3.3.4-3] [MQTT-3.3.4-4] [MQTT-3.3.4-5]
void Router::AddReceiver(const Entry& entry, Route& route) {
  const codec::SubscriptionOptions& options = entry.options;
  const bool merges = options_.overlap == Overlap::kOncePerClient && !route.receivers.empty() &&
                      route.receivers.back().subscriber == entry.subscriber;
  if (!merges) {
    route.receivers.push_back({.subscriber = entry.subscriber,
                               .qos = options.qos,
                               .retain_as_published = false,
                               .no_local = false,
                               .reaches_self = false,
                               .qos_to_self = Qos::kAtMostOnce,
                               .ids_begin = static_cast<uint32_t>(route.subscription_ids.size()),
                               .ids_count = 0});
  }
  Receiver& receiver = route.receivers.back();
  receiver.qos = std::max(receiver.qos, options.qos);
  receiver.retain_as_published |= options.retain_as_published;
  receiver.no_local |= options.no_local;
  if (!options.no_local) {
    receiver.reaches_self = true;
    receiver.qos_to_self = std::max(receiver.qos_to_self, options.qos);
  }
  if (entry.subscription_id != 0) {
    route.subscription_ids.push_back(entry.subscription_id);
    ++receiver.ids_count;
  }
}

Pick Router::LocalPick(SharedGroup& group, const PickContext& context) {
  const GroupMember* const member = group.PickMember(options_.strategy, context, random_);
  if (member == nullptr) return {};
  Pick pick;
  pick.kind = Pick::Kind::kLocal;
  pick.unavailable = !member->available;
  pick.group = group.id;
  pick.subscription_id = member->subscription_id;
  pick.member.subscriber = member->subscriber;
  pick.member.qos = member->options.qos;
  pick.member.retain_as_published = member->options.retain_as_published;
  return pick;
}

Pick Router::PickMember(GroupId id, const PickContext& context) {
  SharedGroup& group = *groups_.at(id);
  const auto core = group.PickCore(options_.self, options_.strategy, context, random_);
  if (!core.has_value()) return {};
  if (*core == options_.self) return LocalPick(group, context);
  Pick pick;
  pick.kind = Pick::Kind::kRemote;
  pick.core = *core;
  pick.group = id;
  return pick;
}

Pick Router::PickNamed(std::string_view share_name, std::string_view filter,
                       const PickContext& context) {
  SharedGroup* const group = FindGroup(share_name, filter);
  return group == nullptr ? Pick{} : PickMember(group->id, context);
}

Pick Router::PickLocal(std::string_view share_name, std::string_view filter,
                       const PickContext& context) {
  SharedGroup* const group = FindGroup(share_name, filter);
  return group == nullptr ? Pick{} : LocalPick(*group, context);
}

GroupName Router::NameOf(GroupId id) const {
  const auto it = groups_.find(id);
  if (it == groups_.end()) return {};
  return {.share_name = it->second->share_name, .filter = tree_.FilterOf(it->second->node)};
}

void Router::Audit() const {
  tree_.Audit();
  size_t plain = 0;
  for (const Leaf& leaf : leaves_) plain += leaf.entries.size();
  RMQ_CHECK(plain + shared_subscriptions_ == subscriptions_);
  size_t referenced = 0;
  for (const auto& [subscriber, references] : by_subscriber_) {
    RMQ_CHECK(!references.empty());
    referenced += references.size();
  }
  RMQ_CHECK(referenced == subscriptions_);
  for (const auto& [id, group] : groups_) {
    RMQ_CHECK(group->id == id);
    RMQ_CHECK(!group->empty());
  }
}

}  // namespace ringmq::routing
