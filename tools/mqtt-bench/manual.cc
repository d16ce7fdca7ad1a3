// SPDX-License-Identifier: Apache-2.0
#include "manual.h"

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/roff.h"

namespace ringmq::bench {
namespace {

using base::Roff;

std::string Item(const std::string& what, const std::string& meaning) {
  return ".TP\n.B " + Roff(what) + "\n" + Roff(meaning) + "\n";
}

// "-q, --qos INT (0)"
std::string UsageOf(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  std::string usage = names.empty() ? option.get_name() : absl::StrJoin(names, ", ");
  if (option.get_items_expected_max() == 0) return usage;
  // "TEXT:{a,b}": the values are in the text below, where lines may break.
  const std::string type = option.get_type_name();
  if (!names.empty()) absl::StrAppend(&usage, " ", type.substr(0, type.find(':')));
  if (!option.get_default_str().empty()) {
    absl::StrAppend(&usage, " (", option.get_default_str(), ")");
  }
  return usage;
}

std::string MeaningOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t limits = type.find(':');
  if (limits == std::string::npos) return option.get_description();
  std::string values = type.substr(limits + 1);
  values.erase(0, values.find('[') == std::string::npos ? 0 : values.find('['));
  std::erase_if(values, [](char byte) {
    return std::string_view("{}[]").find(byte) != std::string_view::npos;
  });
  return absl::StrCat(option.get_description(), " (",
                      absl::StrJoin(absl::StrSplit(values, ','), ", "), ")");
}

std::string OptionsOf(const CLI::App& app, const std::string& group) {
  std::string items;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group() != group) continue;
    items += Item(UsageOf(*option), MeaningOf(*option));
  }
  return items;
}

std::string CommandOf(const CLI::App& command) {
  std::string text = Item(command.get_name(), command.get_description());
  std::string own;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_name() == "--help") continue;
    own += Item(UsageOf(*option), MeaningOf(*option));
  }
  if (!own.empty()) absl::StrAppend(&text, ".RS\n", own, ".RE\n");
  if (!command.get_footer().empty()) {
    absl::StrAppend(&text, ".IP\n", Roff(command.get_footer()), "\n");
  }
  return text;
}

constexpr const char* kExamples =
    ".SH EXAMPLES\n.nf\n"
    "mqtt\\-bench \\-p 10 \\-s 4 \\-r 20k \\-q 1 \\-d 10s \\-\\-watch\\-pid auto\n"
    "mqtt\\-bench idle \\-c 5000 \\-\\-watch\\-pid auto\n"
    "mqtt\\-bench search \\-\\-scenario pairs \\-p 10 \\-\\-assert 'p99(response)<10ms' "
    "\\-\\-html search.html\n"
    "mqtt\\-bench compare before*.json \\-\\-with after*.json\n"
    ".fi\n.SH SEE ALSO\n"
    "ringmq(1), ringmq\\-pub(1), ringmq\\-sub(1), ringmq\\-rr(1)\n";

}  // namespace

std::string ManualOf(const CLI::App& app) {
  std::string page =
      absl::StrCat(".TH MQTT\\-BENCH 1 \"\" \"mqtt\\-bench ", RINGMQ_VERSION,
                   "\" \"ringmq\"\n.nh\n.ad l\n.SH NAME\nmqtt\\-bench \\- load an MQTT broker, "
                   "account for every "
                   "message, and say whether the figures can be believed\n"
                   ".SH SYNOPSIS\n.B mqtt\\-bench\n[options] [command]\n.SH COMMANDS\n");
  for (const CLI::App* command : app.get_subcommands(nullptr)) page += CommandOf(*command);
  page += ".SH OPTIONS\nAll commands have them; each says where it means something.\n";
  for (const std::string& group : app.get_groups()) {
    const std::string items = OptionsOf(app, group);
    if (!items.empty()) absl::StrAppend(&page, ".SS ", Roff(group), "\n", items);
  }
  absl::StrAppend(&page, ".SH EXIT STATUS\n", Roff(app.get_footer()), "\n", kExamples);
  return page;
}

}  // namespace ringmq::bench
