// SPDX-License-Identifier: Apache-2.0
#include "routing/router.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "routing/naive_match.h"
#include "routing/random_topics.h"

namespace ringmq::routing {
namespace {

Router::Options OneCore() { return {}; }
Router::Options Core(CoreId self, CoreId count, SharedStrategy strategy = {}) {
  Router::Options options;
  options.self = self;
  options.core_count = count;
  options.strategy = strategy;
  return options;
}

SubscriptionRequest Plain(std::string_view filter, Qos qos = Qos::kAtMostOnce, uint32_t id = 0) {
  SubscriptionRequest request;
  request.filter = filter;
  request.options.qos = qos;
  request.subscription_id = id;
  return request;
}

SubscriptionRequest SharedBy(std::string_view share_name, std::string_view filter) {
  SubscriptionRequest request = Plain(filter, Qos::kAtLeastOnce);
  request.share_name = share_name;
  return request;
}

TEST(RouterTest, MergesOverlappingSubscriptionsWithTheHighestQosAndAllIdentifiers) {
  Router router(OneCore());
  (void)router.Subscribe(7, Plain("a/#", Qos::kAtLeastOnce, 11));
  (void)router.Subscribe(7, Plain("a/+", Qos::kExactlyOnce, 22));
  (void)router.Subscribe(7, Plain("a/b", Qos::kAtMostOnce));
  const Route& route = router.Resolve("a/b");
  ASSERT_EQ(route.receivers.size(), 1u);  // [MQTT-3.3.4-2]
  EXPECT_EQ(route.receivers[0].qos, Qos::kExactlyOnce);
  const auto ids = route.SubscriptionIds(route.receivers[0]);  // [MQTT-3.3.4-3] [MQTT-3.3.4-4]
  EXPECT_EQ(std::set<uint32_t>(ids.begin(), ids.end()), (std::set<uint32_t>{11, 22}));
}

TEST(RouterTest, DeliversOncePerSubscriptionWhereThatIsConfigured) {
  Router::Options options;
  options.overlap = Overlap::kOncePerSubscription;
  Router router(options);
  (void)router.Subscribe(7, Plain("a/#"));
  (void)router.Subscribe(7, Plain("a/b"));
  EXPECT_EQ(router.Resolve("a/b").receivers.size(), 2u);  // [MQTT-3.3.4-5]
}

TEST(RouterTest, NoLocalHoldsOnlyForTheSubscriptionsThatHaveIt) {
  Router router(OneCore());
  SubscriptionRequest quiet = Plain("a/#", Qos::kExactlyOnce);
  quiet.options.no_local = true;
  (void)router.Subscribe(7, quiet);
  {
    const Receiver& receiver = router.Resolve("a/b").receivers.at(0);  // [MQTT-3.8.3-3]
    EXPECT_TRUE(receiver.no_local);
    EXPECT_FALSE(receiver.reaches_self);
  }
  (void)router.Subscribe(7, Plain("a/b", Qos::kAtLeastOnce));
  const Receiver& receiver = router.Resolve("a/b").receivers.at(0);
  EXPECT_TRUE(receiver.reaches_self);
  EXPECT_EQ(receiver.qos_to_self, Qos::kAtLeastOnce);
  EXPECT_EQ(receiver.qos, Qos::kExactlyOnce);
}

TEST(RouterTest, AnEqualFilterReplacesTheSubscription) {
  Router router(OneCore());
  EXPECT_TRUE(router.Subscribe(7, Plain("a/b", Qos::kAtMostOnce, 5)).is_new);
  EXPECT_FALSE(router.Subscribe(7, Plain("a/b", Qos::kExactlyOnce)).is_new);  // [MQTT-3.8.4-3]
  EXPECT_EQ(router.SubscriptionCount(7), 1u);
  const Route& route = router.Resolve("a/b");
  ASSERT_EQ(route.receivers.size(), 1u);
  EXPECT_EQ(route.receivers[0].qos, Qos::kExactlyOnce);
  EXPECT_TRUE(route.SubscriptionIds(route.receivers[0]).empty());
  EXPECT_TRUE(router.Unsubscribe(7, "", "a/b").existed);
  EXPECT_FALSE(router.Unsubscribe(7, "", "a/b").existed);
  EXPECT_TRUE(router.Resolve("a/b").empty());
  EXPECT_EQ(router.filters(), 0u);
  router.Audit();
}

// A router beside lists that are searched from end to end.
class Twin {
 public:
  Twin(uint64_t seed, const Router::Options& options) : random_(seed), router_(options) {}

  void Change() {
    const std::string filter = RandomFilter(random_);
    const SubscriberId subscriber = 1 + random_.Below(4);
    const CoreId other = random_.Chance(1, 2) ? 0 : 2;
    switch (random_.Below(6)) {
      case 0:
      case 1:
        return Subscribe(subscriber, filter, static_cast<Qos>(random_.Below(3)));
      case 2:
        return Unsubscribe(subscriber, filter);
      case 3:
        router_.ApplyInterest(other, {.share_name = "", .filter = filter, .member_count = 1});
        remote_.insert({other, filter});
        return;
      case 4:
        router_.ApplyInterest(other, {.share_name = "", .filter = filter, .member_count = 0});
        remote_.erase({other, filter});
        return;
      case 5:
        if (random_.Chance(1, 10)) UnsubscribeAll(subscriber);
        return;
    }
  }

  void Compare() {
    const std::string topic = RandomTopic(random_);
    std::map<SubscriberId, Qos> expected;
    base::CoreSet cores;
    for (const auto& [key, qos] : plain_) {
      if (!NaiveMatches(key.second, topic)) continue;
      auto& best = expected.emplace(key.first, qos).first->second;
      best = std::max(best, qos);
    }
    for (const auto& [core, name] : remote_) {
      if (NaiveMatches(name, topic)) cores.Set(core);
    }
    for (int again = 0; again < 3; ++again) {  // Uncached, admitted, cached.
      const Route& route = router_.Resolve(topic);
      std::map<SubscriberId, Qos> found;
      for (const Receiver& receiver : route.receivers) {
        ASSERT_TRUE(found.emplace(receiver.subscriber, receiver.qos).second);
      }
      ASSERT_EQ(found, expected) << topic;
      ASSERT_TRUE(route.remote_cores == cores);
    }
    ASSERT_EQ(router_.subscriptions(), plain_.size());
  }

  // What was announced last is what is true, and nothing is left behind.
  void Finish() {
    router_.Audit();
    std::set<std::string> filters;
    for (const auto& [key, qos] : plain_) filters.insert(key.second);
    for (const auto& [filter, count] : announced_) {
      ASSERT_EQ(count, filters.contains(filter) ? 1 : 0) << filter;
    }
    for (SubscriberId subscriber = 1; subscriber <= 4; ++subscriber) UnsubscribeAll(subscriber);
    for (const auto& [core, name] : remote_) {
      router_.ApplyInterest(core, {.share_name = "", .filter = name, .member_count = 0});
    }
    ASSERT_EQ(router_.filters(), 0u);
  }

 private:
  void Hear(const InterestChange& change) {
    announced_[std::string(change.filter)] = static_cast<int>(change.member_count);
  }

  void Subscribe(SubscriberId subscriber, const std::string& filter, Qos qos) {
    const auto result = router_.Subscribe(subscriber, Plain(filter, qos));
    ASSERT_EQ(result.is_new, plain_.emplace(std::pair(subscriber, filter), qos).second);
    plain_[{subscriber, filter}] = qos;
    if (result.interest_changed) Hear(result.change);
  }

  void Unsubscribe(SubscriberId subscriber, const std::string& filter) {
    const auto result = router_.Unsubscribe(subscriber, "", filter);
    ASSERT_EQ(result.existed, plain_.erase({subscriber, filter}) == 1);
    if (result.interest_changed) Hear(result.change);
  }

  void UnsubscribeAll(SubscriberId subscriber) {
    router_.UnsubscribeAll(subscriber, [this](const InterestChange& change) { Hear(change); });
    std::erase_if(plain_, [&](const auto& entry) { return entry.first.first == subscriber; });
  }

  base::Random random_;
  Router router_;
  std::map<std::pair<SubscriberId, std::string>, Qos> plain_;
  std::set<std::pair<CoreId, std::string>> remote_;
  std::map<std::string, int> announced_;  // By filter: what other cores were told last.
};

// Any mix of changes, on both sides of the match cache.
TEST(RouterTest, AgreesWithANaiveTwin) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    Router::Options options = Core(1, 3);
    options.match_cache_entries_max = static_cast<uint32_t>(seed % 12);
    Twin twin(seed, options);
    for (int step = 0; step < 500 && !testing::Test::HasFatalFailure(); ++step) {
      twin.Change();
      twin.Compare();
    }
    twin.Finish();
  }
}

TEST(RouterTest, OneCoreTellsNobody) {
  Router router(OneCore());
  EXPECT_FALSE(router.Subscribe(7, Plain("a")).interest_changed);
  EXPECT_FALSE(router.Subscribe(7, SharedBy("g", "a")).interest_changed);
  EXPECT_FALSE(router.Unsubscribe(7, "", "a").interest_changed);
}

std::map<SubscriberId, int> Spread(Router& router, int messages, std::string_view topic = "a") {
  std::map<SubscriberId, int> counts;
  for (int i = 0; i < messages; ++i) {
    const GroupId group = router.Resolve(topic).groups.at(0);
    PickContext context;
    context.publisher_hash = static_cast<uint64_t>(i % 10);
    context.topic = topic;
    const Pick pick = router.PickMember(group, context);
    EXPECT_EQ(pick.kind, Pick::Kind::kLocal);
    ++counts[pick.member.subscriber];
  }
  return counts;
}

Router::OnChange Ignore() {
  static const auto ignore = [](const InterestChange&) {};
  return ignore;
}

// [MQTT-4.8.2-3] is the member's own QoS; the choice itself is ours, 5.0 s4.8.2.
TEST(SharedGroupTest, RoundRobinIsEvenAndSkipsMembersThatAreOffline) {
  Router router(OneCore());
  for (SubscriberId member = 1; member <= 3; ++member) {
    (void)router.Subscribe(member, SharedBy("g", "a"));
  }
  EXPECT_EQ(Spread(router, 30), (std::map<SubscriberId, int>{{1, 10}, {2, 10}, {3, 10}}));
  router.SetAvailable(2, false, Ignore());
  EXPECT_EQ(Spread(router, 30), (std::map<SubscriberId, int>{{1, 15}, {3, 15}}));
  router.SetAvailable(1, false, Ignore());
  router.SetAvailable(3, false, Ignore());
  EXPECT_EQ(Spread(router, 30).size(), 3u);  // The last resort: somebody's queue.
  router.SetAvailable(3, true, Ignore());
  EXPECT_EQ(Spread(router, 30), (std::map<SubscriberId, int>{{3, 30}}));
  router.Audit();
}

TEST(SharedGroupTest, RandomReachesEverybody) {
  Router router(Core(0, 1, SharedStrategy::kRandom));
  for (SubscriberId member = 1; member <= 4; ++member) {
    (void)router.Subscribe(member, SharedBy("g", "a"));
  }
  const auto counts = Spread(router, 4000);
  ASSERT_EQ(counts.size(), 4u);
  for (const auto& [member, count] : counts) EXPECT_NEAR(count, 1000, 150);
}

TEST(SharedGroupTest, StickyStaysUntilTheMemberIsGone) {
  Router router(Core(0, 1, SharedStrategy::kSticky));
  for (SubscriberId member = 1; member <= 3; ++member) {
    (void)router.Subscribe(member, SharedBy("g", "a"));
  }
  const auto first = Spread(router, 20);
  ASSERT_EQ(first.size(), 1u);
  router.SetAvailable(first.begin()->first, false, Ignore());
  const auto second = Spread(router, 20);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_NE(second.begin()->first, first.begin()->first);
}

TEST(SharedGroupTest, HashesAreStablePerClientOrTopic) {
  for (const SharedStrategy strategy :
       {SharedStrategy::kHashClientId, SharedStrategy::kHashTopic}) {
    Router router(Core(0, 1, strategy));
    for (SubscriberId member = 1; member <= 3; ++member) {
      (void)router.Subscribe(member, SharedBy("g", "+"));
    }
    PickContext context;
    context.publisher_hash = 12345;
    context.topic = "t";
    const GroupId group = router.Resolve("t").groups.at(0);
    const SubscriberId chosen = router.PickMember(group, context).member.subscriber;
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(router.PickMember(group, context).member.subscriber, chosen);
    }
  }
}

TEST(SharedGroupTest, ChoosesCoresByTheirMembersAndNotThoseThatWereTried) {
  Router router(Core(0, 3));
  (void)router.Subscribe(1, SharedBy("g", "a"));
  router.ApplyInterest(1,
                       {.share_name = "g", .filter = "a", .member_count = Weight{2, false}.Pack()});
  router.ApplyInterest(2,
                       {.share_name = "g", .filter = "a", .member_count = Weight{1, true}.Pack()});
  const GroupId group = router.Resolve("a").groups.at(0);
  std::map<int, int> counts;
  PickContext context;
  context.topic = "a";
  for (int i = 0; i < 400; ++i) {
    const Pick pick = router.PickMember(group, context);
    ++counts[pick.kind == Pick::Kind::kLocal ? 0 : pick.core];
  }
  EXPECT_EQ(counts, (std::map<int, int>{{0, 100}, {1, 200}, {2, 100}}));
  context.tried_cores.Set(1);
  context.tried_cores.Set(0);
  EXPECT_EQ(router.PickMember(group, context).core, 2);
  context.tried_cores.Set(2);
  EXPECT_EQ(router.PickMember(group, context).kind, Pick::Kind::kNone);
}

TEST(SharedGroupTest, LocalFirstLeavesTheCoreOnlyWhenItMust) {
  Router router(Core(0, 2, SharedStrategy::kLocalFirst));
  (void)router.Subscribe(1, SharedBy("g", "a"));
  router.ApplyInterest(1,
                       {.share_name = "g", .filter = "a", .member_count = Weight{9, false}.Pack()});
  const GroupId group = router.Resolve("a").groups.at(0);
  PickContext context;
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(router.PickMember(group, context).kind, Pick::Kind::kLocal);
  }
  router.SetAvailable(1, false, Ignore());
  EXPECT_EQ(router.PickMember(group, context).kind, Pick::Kind::kRemote);
}

TEST(SharedGroupTest, GroupsAreKeyedByNameAndFilterAndDieWithTheirLastMember) {
  Router router(Core(0, 2));
  (void)router.Subscribe(1, SharedBy("g", "a"));
  (void)router.Subscribe(1, SharedBy("h", "a"));
  (void)router.Subscribe(1, SharedBy("g", "+"));
  EXPECT_EQ(router.Resolve("a").groups.size(), 3u);
  const GroupId group = router.Resolve("a").groups.at(0);
  EXPECT_FALSE(router.NameOf(group).filter.empty());
  EXPECT_TRUE(router.Unsubscribe(1, "g", "a").existed);
  EXPECT_FALSE(router.Unsubscribe(1, "g", "a").existed);
  EXPECT_EQ(router.PickLocal("g", "a", {}).kind, Pick::Kind::kNone);
  router.UnsubscribeAll(1, Ignore());
  EXPECT_TRUE(router.Resolve("a").groups.empty());
  EXPECT_TRUE(router.NameOf(group).filter.empty());
  EXPECT_EQ(router.filters(), 0u);
  EXPECT_EQ(router.shared_subscriptions(), 0u);
  router.Audit();
}

TEST(SharedGroupTest, SaysWhenOnlyAnUnavailableMemberIsLeftHere) {
  Router router(Core(0, 3));
  (void)router.Subscribe(1, SharedBy("g", "a"));
  EXPECT_FALSE(router.PickLocal("g", "a", {}).unavailable);
  router.SetAvailable(1, false, Ignore());
  EXPECT_TRUE(router.PickLocal("g", "a", {}).unavailable);
  PickContext context;
  context.tried_cores.Set(0);
  context.available_only = true;
  EXPECT_EQ(router.PickNamed("g", "a", context).kind, Pick::Kind::kNone);
  router.ApplyInterest(1,
                       {.share_name = "g", .filter = "a", .member_count = Weight{0, true}.Pack()});
  EXPECT_EQ(router.PickNamed("g", "a", context).kind, Pick::Kind::kNone);
  router.ApplyInterest(2,
                       {.share_name = "g", .filter = "a", .member_count = Weight{1, false}.Pack()});
  EXPECT_EQ(router.PickNamed("g", "a", context).core, 2);
}

TEST(SharedGroupTest, OfflineMembersOfAllCoresTakeTurns) {
  Router router(Core(0, 3));
  for (const CoreId core : {CoreId{1}, CoreId{2}}) {
    router.ApplyInterest(
        core, {.share_name = "g", .filter = "a", .member_count = Weight{0, true}.Pack()});
  }
  const GroupId group = router.Resolve("a").groups.at(0);
  std::map<int, int> counts;
  for (int i = 0; i < 100; ++i) ++counts[router.PickMember(group, {}).core];
  EXPECT_EQ(counts, (std::map<int, int>{{1, 50}, {2, 50}}));
}

// Topics that are remembered first and get their many receivers afterwards count like any other.
TEST(MatchCacheTest, IsBoundedWhenRoutesGrowAndGivesBackWhenTheyShrink) {
  constexpr SubscriberId kSubscribers = 2'000;
  constexpr int kTopics = 1'000;
  Router router(OneCore());
  const auto resolve_all = [&] {
    for (int again = 0; again < 3; ++again) {
      for (int i = 0; i < kTopics; ++i) (void)router.Resolve("t/" + std::to_string(i));
    }
  };
  resolve_all();
  for (SubscriberId one = 1; one <= kSubscribers; ++one) (void)router.Subscribe(one, Plain("#"));
  for (int again = 0; again < 3; ++again) {
    for (int i = 0; i < kTopics; ++i) {
      (void)router.Resolve("t/" + std::to_string(i));
      ASSERT_LE(router.cached_receivers(), MatchCache::kReceiversMax + 2 * kSubscribers);
    }
  }
  EXPECT_GT(router.cached_receivers(), 0u);
  for (SubscriberId one = 1; one <= kSubscribers; ++one) router.UnsubscribeAll(one, Ignore());
  resolve_all();
  EXPECT_EQ(router.cached_receivers(), 0u);
}

}  // namespace
}  // namespace ringmq::routing
