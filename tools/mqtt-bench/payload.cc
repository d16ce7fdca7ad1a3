// SPDX-License-Identifier: Apache-2.0
#include "payload.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "make_plan.h"
#include "measure/quantity.h"
#include "measure/stamp.h"
#include "reactor/clock.h"

namespace ringmq::bench {
namespace {

using load::StampPlace;
using load::Verify;
using measure::StampForm;

constexpr const char* kTemplateExample = "--payload '{\"n\":{seq},\"value\":{rand:100}}'";

// What is in a file that is no longer than a payload may be, and not empty.
absl::StatusOr<std::string> ReadWhole(const char* flag, const std::string& name,
                                      const char* example) {
  const auto refuse = [&](const char* why) {
    return Bad(flag, absl::StrCat("'", name, "' ", why), example);
  };
  std::error_code error;
  if (std::filesystem::is_directory(name, error)) return refuse("is a directory");
  std::ifstream file(name, std::ios::binary);
  if (!file) return refuse("cannot be read");
  std::string text;
  constexpr size_t kPieceBytes = 64 << 10;
  while (file && text.size() <= measure::kSizeBytesMax) {
    const size_t before = text.size();
    text.resize(before + kPieceBytes);
    file.read(text.data() + before, kPieceBytes);
    text.resize(before + static_cast<size_t>(file.gcount()));
  }
  if (file.bad()) return refuse("cannot be read");
  if (text.empty()) return refuse("is empty");
  if (text.size() > measure::kSizeBytesMax) {
    return refuse("is longer than an MQTT packet can be: at most 268435455 bytes");
  }
  return text;
}

absl::Status SetTemplate(const Settings& settings, load::Plan& plan) {
  const bool is_file = !settings.payload_template.empty();
  const char* const flag = is_file ? "--payload-template" : "--payload";
  absl::StatusOr<std::string> text = settings.payload;
  if (is_file) text = ReadWhole(flag, settings.payload_template, "--payload-template message.json");
  if (!text.ok()) return text.status();
  auto made = load::PayloadTemplate::Parse(*text);
  if (!made.ok()) return Bad(flag, std::string(made.status().message()), kTemplateExample);
  if (settings.command == "will") return Bad(flag, "wills are all alike", "--payload 64");
  if (made->SizeBytesMax() > measure::kSizeBytesMax) {
    return Bad(flag, "it may become longer than an MQTT packet can be", kTemplateExample);
  }
  plan.payload_template = *std::move(made);
  plan.payload_bytes = plan.payload_template.SizeBytesMin();
  plan.payload_bytes_max = plan.payload_template.SizeBytesMax();
  const auto unix_time = std::chrono::system_clock::now().time_since_epoch();
  plan.unix_minus_clock_ns =
      std::chrono::duration_cast<std::chrono::nanoseconds>(unix_time).count() -
      reactor::MonotonicNow().ns;
  return absl::OkStatus();
}

bool FitsIn(StampForm form, const load::Plan& plan) {
  return plan.payload_bytes >= measure::StampBytes(form);
}

std::string SizeOf(const load::Plan& plan) {
  return absl::StrCat("payloads ", plan.payload_bytes_max > plan.payload_bytes
                                       ? absl::StrCat("from ", plan.payload_bytes, " bytes on")
                                       : absl::StrCat("of ", plan.payload_bytes, " bytes"));
}

const char* ProtocolOf(const load::Plan& plan) {
  return plan.version == ProtocolVersion::kV31 ? "MQTT 3.1" : "MQTT 3.1.1";
}

absl::Status SetPlace(const Settings& settings, load::Plan& plan) {
  const std::string& wanted = settings.stamp;
  const bool has_correlation = plan.version == ProtocolVersion::kV5;
  plan.stamp = FitsIn(StampForm::kFull, plan) ? StampForm::kFull : StampForm::kCompact;
  // In front of what a template makes there is room, but only if it is asked for.
  const bool is_template = !plan.payload_template.empty();
  if (is_template) plan.stamp = StampForm::kFull;
  if (wanted == "full" || wanted == "compact") {
    plan.stamp = wanted == "full" ? StampForm::kFull : StampForm::kCompact;
  }
  const bool is_in_payload = is_template ? wanted != "auto" : FitsIn(plan.stamp, plan);
  if (wanted == "corr" && !has_correlation) {
    return Bad("--stamp", "only MQTT 5 has Correlation Data", "--version 5 --stamp corr");
  }
  if (wanted == "corr" || (wanted == "auto" && !is_in_payload && has_correlation)) {
    plan.stamp_place = StampPlace::kCorrelation;
  } else if (wanted == "none" || (wanted == "auto" && !is_in_payload)) {
    plan.stamp_place = StampPlace::kNowhere;
  } else if (!is_in_payload) {
    const size_t needed = measure::StampBytes(plan.stamp);
    return Bad("--stamp",
               absl::StrCat(SizeOf(plan), " have no room for ",
                            plan.stamp == StampForm::kFull ? "a full one" : "one", ", which needs ",
                            needed),
               // A preset has one that nobody wrote.
               !settings.preset.empty()
                   ? "--stamp auto"
                   : absl::StrCat("--payload ", needed,
                                  has_correlation ? " or --stamp corr" : " or --stamp none"));
  }
  // There is room for any.
  if (plan.stamp_place != StampPlace::kPayload) plan.stamp = StampForm::kFull;
  if (is_template) {
    plan.payload_bytes += plan.StampedBytes();
    plan.payload_bytes_max += plan.StampedBytes();
  }
  if (plan.stamp == StampForm::kCompact && plan.publishers > measure::kCompactPublishers) {
    return Bad("--stamp", "a compact one tells 1,048,576 publishers apart", "--payload 32");
  }
  return absl::OkStatus();
}

// Commands that are about single messages, and need to know which is which.
absl::Status CheckNeeds(const Settings& settings, const load::Plan& plan) {
  const std::string& command = settings.command;
  const bool is_kept = command == "retain" || command == "session" || command == "will";
  const bool is_away = plan.reconnects || plan.keeps_sessions;
  const std::string why = is_kept || command == "rr" ? command + " needs to tell messages apart"
                                                     : "what is lost while somebody is away is "
                                                       "known of single messages";
  if (is_kept || is_away || command == "rr") {
    if (plan.verify != Verify::kFull) return Bad("--verify", why, "--verify full");
    if (plan.stamp_place == StampPlace::kNowhere && !(plan.asks && plan.CorrelationBytes() > 0)) {
      return Bad("--stamp", why + ", and they have none",
                 StampExample(settings, plan, StampForm::kCompact));
    }
  }
  if (command == "will" && plan.stamp_place == StampPlace::kCorrelation) {
    return Bad("--stamp", "wills have theirs in the payload",
               FitsIn(StampForm::kCompact, plan) ? "--stamp payload" : "--payload 16");
  }
  if (command == "retain" && plan.payload_bytes == 0) {
    return Bad("--payload", "a retained message without one is removed", "--payload 1");
  }
  return absl::OkStatus();
}

// What those who listen to others can do.
absl::Status CheckOthers(const Settings& settings, const load::Plan& plan) {
  if (settings.command != "sub") return absl::OkStatus();
  if (plan.verify == Verify::kCounts) {
    return Bad("--verify", "sub does not know how many were sent", "--verify off");
  }
  if (settings.stamp != "none") return absl::OkStatus();
  return Bad("--stamp", "messages of others have what they have", "--verify off");
}

bool IsHeard(const load::Plan& plan) {
  return std::ranges::any_of(plan.roles, [](const load::Role& role) { return role.hears(); });
}

}  // namespace

bool HasTemplate(const Settings& settings) {
  if (!settings.payload_template.empty()) return true;
  return settings.payload.rfind('@', 0) != 0 && load::PayloadTemplate::IsOne(settings.payload);
}

std::string PayloadWords(const Settings& settings) {
  return HasTemplate(settings) ? "by a template" : settings.payload + " B";
}

absl::Status SetPayload(const Settings& settings, load::Plan& plan) {
  if (HasTemplate(settings)) return SetTemplate(settings, plan);
  if (settings.payload.rfind('@', 0) == 0) {
    auto text = ReadWhole("--payload", settings.payload.substr(1), "--payload @message.json");
    if (!text.ok()) return text.status();
    plan.payload = *std::move(text);
    plan.payload_bytes = plan.payload.size();
    return absl::OkStatus();
  }
  const auto range = measure::ParseSizeRange(settings.payload);
  if (!range.ok() && settings.payload.find('{') != std::string::npos) {
    return Bad("--payload",
               absl::StrCat("in '", settings.payload,
                            "' nothing is filled in: a template has {seq}, {pub}, {time} or "
                            "{rand:N}"),
               kTemplateExample);
  }
  if (!range.ok()) {
    return Bad("--payload", std::string(range.status().message()), "--payload 64");
  }
  plan.payload_bytes = static_cast<size_t>(range->low_bytes);
  plan.payload_bytes_max = static_cast<size_t>(range->high_bytes);
  return absl::OkStatus();
}

absl::Status SetStamps(const Settings& settings, load::Plan& plan) {
  plan.verify = settings.verify == "off"      ? Verify::kOff
                : settings.verify == "counts" ? Verify::kCounts
                                              : Verify::kFull;
  if (plan.publishers == 0) return CheckOthers(settings, plan);
  if (absl::Status status = SetPlace(settings, plan); !status.ok()) return status;
  return CheckNeeds(settings, plan);
}

std::string StampExample(const Settings& settings, const load::Plan& plan, StampForm form) {
  if (!plan.payload_template.empty() || FitsIn(form, plan)) {
    return form == StampForm::kFull ? "--stamp full" : "--stamp payload";
  }
  if (plan.version == ProtocolVersion::kV5) return "--stamp corr";
  const bool is_chosen = settings.stamp == "auto" && !FitsIn(StampForm::kCompact, plan);
  return absl::StrCat("--version 5", is_chosen ? "" : " --stamp corr", " or --payload ",
                      measure::StampBytes(form), is_chosen ? "" : " --stamp auto");
}

std::string StampName(const load::Plan& plan) {
  if (plan.publishers == 0) return "";
  switch (plan.stamp_place) {
    case StampPlace::kPayload:
      return plan.stamp == StampForm::kFull ? "full" : "compact";
    case StampPlace::kCorrelation:
      return "corr";
    case StampPlace::kNowhere:
      return plan.asks ? "number" : "none";
  }
  return "";
}

std::string VerifyName(const load::Plan& plan) {
  switch (plan.verify) {
    case Verify::kFull:
      return "full";
    case Verify::kCounts:
      return "counts";
    case Verify::kOff:
      return "off";
  }
  return "";
}

std::vector<std::string> StampNotes(const Settings& settings, const load::Plan& plan) {
  std::vector<std::string> notes;
  const std::string name = StampName(plan);
  if (plan.publishers > 0 && name != "full") {
    const bool is_asked_for = settings.stamp != "auto" && settings.stamp != "payload";
    const bool is_template = !plan.payload_template.empty();
    std::string why = is_template ? "Payloads by a template" : SizeOf(plan);
    why.front() = 'P';
    if (is_asked_for) why = absl::StrCat("--stamp ", settings.stamp);
    if (name == "compact") {
      notes.push_back(absl::StrCat(why, is_asked_for ? "" : " have room for a compact stamp only",
                                   ": it has no checksum, so nobody notices what was changed on "
                                   "its way."));
    } else if (name == "corr") {
      constexpr size_t kPropertyBytes = 3;
      const size_t longer = plan.CorrelationBytes() - (plan.asks ? sizeof(uint64_t) : 0) +
                            (plan.asks ? 0 : kPropertyBytes);
      notes.push_back(absl::StrCat(why, is_asked_for ? "" : " have no room for a stamp",
                                   ": it is in the Correlation Data, which makes each message ",
                                   longer, " bytes longer."));
    } else if (name == "number") {
      notes.push_back(absl::StrCat(why,
                                   ": answers are known by the numbers of their requests; there "
                                   "are service times, and no response times."));
    } else if (IsHeard(plan)) {
      if (!is_asked_for) {
        absl::StrAppend(&why, " have no room for a stamp, and ", ProtocolOf(plan),
                        " has no other place for one");
      }
      notes.push_back(absl::StrCat(why,
                                   ": deliveries are only counted, when they arrive. There are no "
                                   "response and service times, loss is what the totals lack, and "
                                   "nobody sees duplicates, order, what is corrupt or misrouted."));
    }
  }
  if (plan.verify == Verify::kCounts) {
    notes.emplace_back(
        "--verify counts: loss is what the totals lack, so duplicates may hide some, and neither "
        "these nor the order were looked at.");
  } else if (plan.verify == Verify::kOff) {
    notes.emplace_back(
        "--verify off: whether anything was lost, came twice, late or harmed was not verified.");
  }
  return notes;
}

}  // namespace ringmq::bench
