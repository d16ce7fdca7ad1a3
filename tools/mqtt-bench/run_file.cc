// SPDX-License-Identifier: Apache-2.0
#include "run_file.h"

// Debian's compiled toml++ throws; the header alone can be told not to.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "base/time.h"
#include "flags.h"
#include "judge.h"
#include "measure/quantity.h"
#include "measure/rate_profile.h"
#include "phases.h"

namespace ringmq::bench {
namespace {

constexpr std::string_view kScenarios[] = {"pubsub", "fanout", "fanin", "shared",
                                           "pairs",  "rr",     "pub"};
// What the phases decide.
constexpr std::string_view kOfPhases[] = {"rate", "rate-per-client", "duration", "messages"};

// What is wrong where, and what was expected.
class Complaints {
 public:
  explicit Complaints(const std::string& file) : file_(file) {}
  // Always false, for the caller to pass on.
  bool Add(const toml::source_region& where, std::string_view key, const std::string& what) {
    std::fprintf(stderr, "mqtt-bench: %s: %s%s%s\n", Place(where).c_str(), std::string(key).c_str(),
                 key.empty() ? "" : ": ", what.c_str());
    return false;
  }
  // "run.toml:12"
  [[nodiscard]] std::string Place(const toml::source_region& where) const {
    return absl::StrCat(file_, ":", where.begin.line);
  }

 private:
  const std::string& file_;
};

bool IsIn(std::span<const std::string_view> list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

// -1: it is not that. What is told of a phase is put together from whole seconds.
int64_t WholeSeconds(const std::string& duration) {
  const auto ns = measure::ParseDuration(duration);
  return ns.ok() && *ns % kSecond.ns == 0 ? *ns / kSecond.ns : -1;
}

// A value as it would be on a command line; nothing for a table or a date.
std::optional<std::string> TextOf(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return absl::StrCat(number->get());
  if (const auto* number = node.as_floating_point()) return absl::StrCat(number->get());
  return std::nullopt;
}

// A key's values; false: they are none that a flag could have.
bool ValuesOf(const toml::node& node, std::vector<std::string>& values) {
  const toml::array* const list = node.as_array();
  if (list == nullptr) {
    const auto text = TextOf(node);
    if (text.has_value()) values.push_back(*text);
    return text.has_value();
  }
  for (const toml::node& each : *list) {
    const auto text = TextOf(each);
    if (!text.has_value()) return false;
    values.push_back(*text);
  }
  return !values.empty();
}

int ParseWords(CLI::App& app, const std::vector<std::string>& words) {
  std::vector<const char*> argv = {"mqtt-bench"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  CLI11_PARSE(app, static_cast<int>(argv.size()), argv.data());
  return 0;
}

void AddAllFlags(CLI::App& app, Settings& settings) {
  AddTargetFlags(app, settings);
  AddTlsFlags(app, settings);
  AddShapeFlags(app, settings);
  AddLoadFlags(app, settings);
  AddLengthFlags(app, settings);
  AddMeasureFlags(app, settings);
  AddJudgeFlags(app, settings);
  AddHostFlags(app, settings);
  AddOutputFlags(app, settings);
}

// One key of the file as a flag of `app`. It is tried on a command line of its own first, which
// says what is wrong with a value.
bool ApplyFlag(CLI::App& app, std::string_view key, const toml::node& node,
               Complaints& complaints) {
  const std::string flag = "--" + absl::StrReplaceAll(std::string(key), {{"_", "-"}});
  Settings tried;
  CLI::App trial;
  AddAllFlags(trial, tried);
  CLI::Option* const option = trial.get_option_no_throw(flag);
  if (option == nullptr) {
    return complaints.Add(node.source(), key,
                          "no flag has this name; keys are flags without dashes, as pubs = 10");
  }
  const bool is_switch = option->get_items_expected_max() == 0;
  std::vector<std::string> values;
  std::vector<std::string> words;
  if (is_switch) {
    const auto* const given = node.as_boolean();
    if (given == nullptr) return complaints.Add(node.source(), key, "expected true or false");
    if (!given->get()) return true;
    words = {flag};
    values = {"true"};
  } else {
    if (!ValuesOf(node, values)) {
      return complaints.Add(node.source(), key, "expected a text, a number or a list of them");
    }
    for (const std::string& value : values) words.push_back(absl::StrCat(flag, "=", value));
  }
  if (ParseWords(trial, words) != 0) return complaints.Add(node.source(), key, "see above");
  CLI::Option* const target = app.get_option(flag);
  if (target->count() > 0) return true;
  for (const std::string& value : values) target->add_result(value);
  target->run_callback();
  return true;
}

bool ReadText(const toml::table& table, std::string_view key, std::string& text,
              Complaints& complaints) {
  const toml::node* const node = table.get(key);
  if (node == nullptr) return true;
  const auto found = TextOf(*node);
  if (!found.has_value()) return complaints.Add(node->source(), key, "expected a text");
  text = *found;
  return true;
}

bool ReadRate(const toml::table& table, std::string_view key, double& rate_per_s,
              Complaints& complaints) {
  std::string text;
  if (!ReadText(table, key, text, complaints)) return false;
  if (text.empty() || text == "0") return true;
  const auto rate = measure::ParseRate(text);
  if (rate.ok()) rate_per_s = *rate;
  return rate.ok() || complaints.Add(table.get(key)->source(), key,
                                     absl::StrCat(std::string(rate.status().message()),
                                                  "; for example ", std::string(key), " = \"2k\""));
}

// About the phase that they stand in.
bool ReadAssertions(const toml::table& table, PhaseSettings& phase, Complaints& complaints) {
  constexpr const char* kExample = "; for example assert = [\"p99(response)<5ms\", \"loss==0\"]";
  const toml::node* const node = table.get("assert");
  if (node == nullptr) return true;
  phase.assertions_at = complaints.Place(node->source());
  if (!ValuesOf(*node, phase.assertions)) {
    return complaints.Add(node->source(), "assert",
                          absl::StrCat("expected a text or a list of them", kExample));
  }
  for (const std::string& text : phase.assertions) {
    const auto assertion = measure::ParseAssertion(text);
    if (!assertion.ok()) {
      return complaints.Add(node->source(), "assert", std::string(assertion.status().message()));
    }
    if (IsOfPhase(*assertion)) continue;
    return complaints.Add(node->source(), "assert",
                          absl::StrCat("'", text,
                                       "' is about the whole run; a phase has times of messages, "
                                       "rates and losses",
                                       kExample));
  }
  return true;
}

bool ReadPhase(const toml::table& table, size_t number, PhaseSettings& phase,
               Complaints& complaints) {
  constexpr std::string_view kKeys[] = {"name", "duration", "rate", "to", "run", "assert"};
  for (const auto& [key, node] : table) {
    if (!IsIn(kKeys, key.str())) {
      return complaints.Add(node.source(), key.str(),
                            "phases have name, duration, rate, to, run and assert");
    }
  }
  phase.name = absl::StrCat(number);
  std::string duration;
  if (!ReadText(table, "name", phase.name, complaints) ||
      !ReadText(table, "run", phase.command, complaints) ||
      !ReadText(table, "duration", duration, complaints) ||
      !ReadRate(table, "rate", phase.from_per_s, complaints) ||
      !ReadAssertions(table, phase, complaints)) {
    return false;
  }
  phase.to_per_s = phase.from_per_s;
  if (!ReadRate(table, "to", phase.to_per_s, complaints)) return false;
  const int64_t whole_s = WholeSeconds(duration);
  phase.duration_s = static_cast<double>(whole_s);
  if (whole_s > 0) return true;
  return complaints.Add(table.source(), "duration",
                        "a phase takes whole seconds, for example duration = \"10s\"");
}

bool ReadPhases(const toml::node& node, Settings& settings, Complaints& complaints) {
  const toml::array* const list = node.as_array();
  if (list == nullptr || !list->is_homogeneous<toml::table>() || list->empty()) {
    return complaints.Add(node.source(), "phases", "expected tables, each begun by [[phases]]");
  }
  double messages = 0;
  for (const toml::node& each : *list) {
    PhaseSettings& phase = settings.phases.emplace_back();
    if (!ReadPhase(*each.as_table(), settings.phases.size(), phase, complaints)) return false;
    messages += phase.duration_s * (phase.from_per_s + phase.to_per_s);
  }
  // One piece is the warm-up's.
  if (settings.phases.size() >= measure::RateProfile::kPiecesMax) {
    return complaints.Add(node.source(), "phases",
                          absl::StrCat("no more than ", measure::RateProfile::kPiecesMax - 1));
  }
  return messages > 0 ||
         complaints.Add(node.source(), "phases", "none has a rate; for example rate = \"2k\"");
}

bool ReadScenario(const toml::node& node, Settings& settings, Complaints& complaints) {
  const auto text = TextOf(node);
  if (!text.has_value() || !IsIn(kScenarios, *text)) {
    return complaints.Add(node.source(), "scenario",
                          "expected pubsub, fanout, fanin, shared, pairs, rr or pub");
  }
  settings.command = *text;
  return true;
}

bool ReadAll(const toml::table& table, CLI::App& app, Settings& settings, Complaints& complaints) {
  for (const auto& [name, node] : table) {
    const std::string_view key = name.str();
    bool is_good = true;
    if (key == "scenario") {
      is_good = ReadScenario(node, settings, complaints);
    } else if (key == "phases") {
      is_good = ReadPhases(node, settings, complaints);
    } else if (IsIn(kOfPhases, key)) {
      is_good = complaints.Add(node.source(), key, "the phases have this, each of its own");
    } else {
      is_good = ApplyFlag(app, key, node, complaints);
    }
    if (!is_good) return false;
  }
  return !settings.phases.empty() ||
         complaints.Add(table.source(), "phases", "there are none; begin each by [[phases]]");
}

}  // namespace

std::optional<int> ApplyRunFile(CLI::App& app, Settings& settings) {
  const std::string file = settings.run_file;
  settings.command = "pubsub";
  Complaints complaints(file);
  for (const std::string_view flag : kOfPhases) {
    if (app.count("--" + std::string(flag)) == 0) continue;
    std::fprintf(stderr, "mqtt-bench: --%s: the phases of %s have this, each of its own\n",
                 std::string(flag).c_str(), file.c_str());
    return kUsage;
  }
  const toml::parse_result parsed = toml::parse_file(file);
  if (!parsed) {
    (void)complaints.Add(parsed.error().source(), "", std::string(parsed.error().description()));
    return kUsage;
  }
  if (!ReadAll(parsed.table(), app, settings, complaints)) return kUsage;
  if (WholeSeconds(settings.warmup) < 0) {
    std::fprintf(stderr, "mqtt-bench: --warmup: whole seconds with phases; for example 1s\n");
    return kUsage;
  }
  const measure::RateProfile profile = ProfileOf(settings.phases, 0);
  settings.duration = absl::StrFormat("%.9gs", profile.duration_s());
  settings.rate = absl::StrFormat("%.9g", profile.messages() / profile.duration_s());
  settings.title_prefix = absl::StrCat(file, ": ");
  return std::nullopt;
}

}  // namespace ringmq::bench
