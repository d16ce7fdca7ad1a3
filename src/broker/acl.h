// Who may publish to, subscribe to and receive what: Mosquitto's access rules.
//
// A policy belongs to one shard: it is a value, immutable after it was built, and each shard is
// handed its own copy. Checks allocate nothing and take time linear in the topic's length times
// the rules of the subject; callers that check per message cache the answer per topic.
//
// What is decided how:
//   - No file: everything is allowed. A file: what no rule allows is denied.
//   - A client with a user name has the rules of its `user` section; one without has those
//     before the first `user`. `pattern` rules apply to both.
//   - A matching `deny` wins over every matching permission, wherever it stands. (In Mosquitto a
//     user's own permission hides a pattern's denial; here it does not.)
//   - A first level with a wildcard never matches a topic that begins with "$".
//     [MQTT-4.7.2-1]
//   - A SUBSCRIBE is allowed if some read rule could match a topic of the filter, and no denial
//     covers all of them; each message is then checked by MayReceive. So `#` may be subscribed
//     by a client that may read one topic only, and brings that topic.
//   - $SYS is never writable, whatever the rules say. Reading it needs a rule like any topic,
//     and none where there is no file.
//   - A client id or user name that is empty or contains "+", "#" or "/" is never put into a
//     pattern: permissions with it do not match, denials with it match everything.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "broker/string_hash.h"

namespace ringmq::broker {

// Views that need to live for one call only.
struct Identity {
  std::string_view client_id;
  std::string_view username;
  bool anonymous = false;       // No user name was given; `username` is ignored.
  bool has_all_rights = false;  // A part of this process. $SYS is closed to it all the same.
};

enum class AclAccess : uint8_t { kDeny, kRead, kWrite, kReadWrite };
enum class AclSubject : uint8_t { kAnonymous, kUser, kPattern };

enum class Right : uint8_t { kPublish, kSubscribe, kReceive };

// What else must agree: the program that embeds the broker. Any shard's thread; must not wait.
class RightsHook {
 public:
  virtual ~RightsHook() = default;
  [[nodiscard]] virtual bool Allows(const Identity& who, Right right,
                                    std::string_view topic_or_filter) const = 0;
};

class AccessPolicy {
 public:
  // Where no ACL file is configured.
  [[nodiscard]] static AccessPolicy AllowEverything() { return AccessPolicy(true); }
  // An empty file; and what to use when the first load fails.
  [[nodiscard]] static AccessPolicy DenyEverything() { return AccessPolicy(false); }

  // True if no check but IsSysTopic() on publishing is needed.
  [[nodiscard]] bool AllowsEverything() const { return allows_everything_ && hook_ == nullptr; }
  // Asked about what the rules allow; null: nobody. Outlives the policy and its copies.
  void SetHook(const RightsHook* hook) { hook_ = hook; }

  // `topic` is a valid topic name, `filter` a valid topic filter; "$share/group/" in front is
  // ignored.
  [[nodiscard]] bool MayPublish(const Identity& who, std::string_view topic) const;
  [[nodiscard]] bool MaySubscribe(const Identity& who, std::string_view filter) const;
  [[nodiscard]] bool MayReceive(const Identity& who, std::string_view topic) const;

  // Building, before anyone reads. `username` counts for kUser only. Fails if the filter is not
  // valid or there are too many rules. Requires: not AllowsEverything().
  [[nodiscard]] absl::Status Add(AclSubject subject, std::string_view username, AclAccess access,
                                 std::string_view filter);
  [[nodiscard]] size_t rule_count() const { return rule_count_; }

 private:
  struct Rule {
    std::string filter;
    AclAccess access;
    bool has_client_id = false;  // A pattern with %c.
    bool has_username = false;   // A pattern with %u.
  };
  struct Rules {
    std::vector<Rule> rules;  // Denials first; within each kind in no order.
    size_t denial_count = 0;
  };
  enum class Verdict : uint8_t { kDenied, kAllowed, kUndecided };
  enum class Need : uint8_t { kWriteTopic, kReadTopic, kReadFilter };

  explicit AccessPolicy(bool allows_everything) : allows_everything_(allows_everything) {}

  [[nodiscard]] bool IsAllowed(const Identity& who, std::string_view topic, Right right) const;
  [[nodiscard]] bool RulesAllow(const Identity& who, std::string_view topic, Need need) const;
  [[nodiscard]] const Rules* RulesOf(const Identity& who) const;
  [[nodiscard]] static Verdict Judge(const Rules& rules, const Identity& who,
                                     std::string_view topic, Need need);

  bool allows_everything_;
  const RightsHook* hook_ = nullptr;
  size_t rule_count_ = 0;
  Rules anonymous_rules_;
  Rules pattern_rules_;
  absl::flat_hash_map<std::string, Rules, StringHash, StringEqual> user_rules_;
};

// "$SYS" and everything below it, which only the broker writes.
[[nodiscard]] bool IsSysTopic(std::string_view topic);

}  // namespace ringmq::broker
