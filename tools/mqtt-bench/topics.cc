// SPDX-License-Identifier: Apache-2.0
#include "topics.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/check.h"
#include "load/audience.h"
#include "load/topic_pattern.h"
#include "make_plan.h"

namespace ringmq::bench {
namespace {

using load::TopicPattern;

constexpr const char* kExample = "--topic 't/{pub}/{rand:1000}'";
constexpr size_t kTopicBytesMax = 65'535;

// With every place that changes from message to message, and {pub} yet.
std::string Written(const Settings& settings, uint32_t run) {
  std::string topic = absl::StrReplaceAll(settings.topic, {{"{run}", absl::StrCat(run)}});
  const bool is_wanted = settings.topics > 0 && topic.find("{topic}") == std::string::npos;
  if (is_wanted) topic += "/{topic}";
  const uint32_t count = std::max(settings.topics, 1u);
  return absl::StrReplaceAll(topic, {{"{topic}", absl::StrCat("{topic:", count, "}")}});
}

bool Changes(const std::string& level) {
  return level.find("{rand:") != std::string::npos || level.find("{topic:") != std::string::npos;
}

bool NamesPublisher(const std::string& level) { return level.find("{pub}") != std::string::npos; }

template <typename IsAny>
std::string FilterOf(const Settings& settings, uint32_t run, IsAny is_any) {
  std::vector<std::string> levels = absl::StrSplit(Written(settings, run), '/');
  for (std::string& level : levels) {
    if (is_any(level)) level = "+";
  }
  return absl::StrReplaceAll(absl::StrJoin(levels, "/"), {{"{pub}", "{i}"}});
}

uint32_t PublishersOf(const Settings& settings) {
  return settings.command == "fanout" ? 1 : settings.publishers;
}

// What stands in braces and is none of `places`; empty: nothing does.
std::string StrangeOf(const std::string& text, std::initializer_list<std::string_view> places) {
  for (size_t at = text.find('{'); at != std::string::npos; at = text.find('{', at + 1)) {
    const std::string_view rest = std::string_view(text).substr(at);
    const auto begins = [rest](std::string_view place) { return rest.starts_with(place); };
    const size_t end = rest.find('}');
    if (end == std::string_view::npos) return std::string(rest);
    if (std::ranges::none_of(places, begins)) return std::string(rest.substr(0, end + 1));
  }
  return "";
}

}  // namespace

absl::Status CheckTopics(const Settings& settings) {
  const std::string& command = settings.command;
  const std::string strange =
      StrangeOf(settings.topic, {"{pub}", "{run}", "{topic}", "{rand:", "{rand}"});
  if (!strange.empty()) {
    return Bad("--topic", "'" + strange + "' is none of {pub}, {run}, {topic} and {rand:N}",
               kExample);
  }
  for (const char* const kept : {"$SYS/", "$share/"}) {
    if (!settings.topic.starts_with(kept)) continue;
    return Bad("--topic", absl::StrCat("nobody can publish to ", kept, "..."), "--topic t/{pub}");
  }
  if (settings.topic.find("{pub}") == std::string::npos) {
    return Bad("--topic", "it needs {pub}, or flows cannot be told apart", "--topic t/{pub}");
  }
  const auto pattern = TopicPattern::Parse(TopicOf(settings, UINT32_MAX));
  if (!pattern.ok()) return Bad("--topic", std::string(pattern.status().message()), kExample);
  const bool has_one = command == "rr" || command == "retain" || command == "will";
  if (has_one && pattern->topics() > 1) {
    return Bad(settings.topics > 0 ? "--topics" : "--topic",
               "in " + command + " a publisher's messages have no topics by turns or chance",
               "--topic t/{pub}");
  }
  if (command == "pairs") {
    const std::vector<std::string> levels = absl::StrSplit(Written(settings, 0), '/');
    const auto is_both = [](const std::string& level) {
      return Changes(level) && NamesPublisher(level);
    };
    if (std::ranges::any_of(levels, is_both)) {
      return Bad("--topic", "pairs need {pub} in a level of its own", kExample);
    }
  }
  if (command == "sub") return absl::OkStatus();
  for (const TopicPattern::Piece& piece : pattern->pieces()) {
    if (piece.text.find_first_of("+#") == std::string::npos) continue;
    return Bad("--topic", "nobody can publish to wildcards", kExample);
  }
  const size_t size_bytes = pattern->SizeBytesMax(PublishersOf(settings));
  if (size_bytes <= kTopicBytesMax) return absl::OkStatus();
  return Bad("--topic",
             absl::StrCat("the longest would have ", size_bytes, " bytes, more than 65535"),
             kExample);
}

std::string TopicOf(const Settings& settings, uint32_t run) {
  return absl::StrReplaceAll(Written(settings, run), {{"{pub}", "{i}"}});
}

std::string FilterOfAll(const Settings& settings, uint32_t run) {
  return FilterOf(settings, run,
                  [](const std::string& level) { return Changes(level) || NamesPublisher(level); });
}

std::string FilterOfOne(const Settings& settings, uint32_t run) {
  return FilterOf(settings, run, Changes);
}

absl::Status CheckFilters(const Settings& settings) {
  if (settings.filters.empty()) return absl::OkStatus();
  const std::string& command = settings.command;
  const bool has_own = command == "rr" || command == "retain" || command == "session" ||
                       command == "will" || command == "pub";
  if (has_own) {
    return Bad("--filter",
               command == "pub" ? "pub has no subscribers"
                                : "the subscribers of " + command + " need those that they have",
               "mqtt-bench pubsub --filter 'bench/#'");
  }
  for (const std::string& text : settings.filters) {
    const std::string strange = StrangeOf(text, {"{i}", "{run}", "{role}"});
    if (strange.empty()) continue;
    return Bad("--filter",
               "'" + strange + "' is none of {i} (the subscriber's number), {run} and {role}",
               "--filter 'bench/{i}'");
  }
  for (const std::string& filter : FiltersOf(settings, 0, "s")) {
    if (load::KindOf(filter) != load::FilterKind::kInvalid) continue;
    return Bad("--filter", "nobody can subscribe to '" + filter + "'", "--filter 'bench/+/#'");
  }
  return absl::OkStatus();
}

std::vector<std::string> FiltersOf(const Settings& settings, uint32_t run, const char* role) {
  std::vector<std::string> filters;
  for (const std::string& text : settings.filters) {
    std::string filter =
        absl::StrReplaceAll(text, {{"{run}", absl::StrCat(run)}, {"{role}", role}});
    const bool is_to_share =
        settings.command == "shared" && load::KindOf(filter) == load::FilterKind::kPlain;
    filters.push_back(is_to_share ? absl::StrCat("$share/", settings.group, "/", filter)
                                  : std::move(filter));
  }
  return filters;
}

absl::Status SetWhoHears(const Settings& settings, load::Role& hears, load::Plan& plan) {
  if (plan.publishers == 0 || hears.count == 0) return absl::OkStatus();
  const auto pattern = TopicPattern::Parse(TopicOf(settings, plan.run));
  RMQ_CHECK(pattern.ok());
  const load::Topics topics(*pattern, plan.publishers);
  const load::Audience audience = load::SetAudience(topics, hears, plan);
  const std::string example = "--filter '" + FilterOfAll(settings, plan.run) + "'";
  if (!audience.partial.empty()) {
    return Bad("--filter",
               "'" + audience.partial +
                   "' fits some of a publisher's topics and not others, so nobody could tell what "
                   "is lost",
               example);
  }
  if (audience.silent < hears.count) return absl::OkStatus();
  return Bad("--filter", "no subscriber would hear any publisher", example);
}

bool HasManyTopics(const Settings& settings) {
  const auto pattern = TopicPattern::Parse(TopicOf(settings, 0));
  RMQ_CHECK(pattern.ok());
  return pattern->topics() > 1;
}

}  // namespace ringmq::bench
