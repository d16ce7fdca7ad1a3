// SPDX-License-Identifier: Apache-2.0
#include "topics.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/check.h"
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

}  // namespace

absl::Status CheckTopics(const Settings& settings) {
  const std::string& command = settings.command;
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

bool HasManyTopics(const Settings& settings) {
  const auto pattern = TopicPattern::Parse(TopicOf(settings, 0));
  RMQ_CHECK(pattern.ok());
  return pattern->topics() > 1;
}

}  // namespace ringmq::bench
