// SPDX-License-Identifier: Apache-2.0
#include "preset.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "finish.h"
#include "presets.h"

namespace ringmq::bench {
namespace {

// What was given beside the preset's own flags.
void AddOthers(const CLI::App& app, FlagValues& flags) {
  for (const CLI::Option* const option : app.get_options()) {
    const std::string name = option->get_name();
    const bool is_known = std::ranges::any_of(
        flags, [&option](const auto& each) { return option->check_name(each.first); });
    if (option->count() == 0 || is_known) continue;
    const std::string flag = option->get_lnames().empty() ? name : "--" + option->get_lnames()[0];
    const bool has_value = option->get_items_expected_max() > 0;
    for (const std::string& value : option->results()) {
      flags.emplace_back(flag, has_value ? value : "");
    }
  }
}

// The preset's flags, with what was given beside it instead; the latter is noted in `instead`.
FlagValues Merge(const CLI::App& app, FlagValues flags, std::string& instead) {
  for (auto& [flag, value] : flags) {
    const CLI::Option* const option = app.get_option_no_throw(flag);
    if (option == nullptr || option->count() == 0) continue;
    value = option->results().front();
    absl::StrAppend(&instead, instead.empty() ? ", with " : " ", flag, " ", value);
  }
  return flags;
}

}  // namespace

std::optional<int> ApplyPreset(CLI::App& app, Settings& settings) {
  if (settings.preset.empty()) {
    std::fputs(PresetList().c_str(), stdout);
    return kOk;
  }
  const auto preset = FindPreset(settings.preset);
  if (!preset.ok()) return Complain(preset.status(), kUsage);
  if (!(settings.scale > 0 && settings.scale <= 1000)) {
    return Complain(absl::InvalidArgumentError("--scale: above 0, up to 1000; for example "
                                               "--scale 0.01"),
                    kUsage);
  }
  settings.command = std::string((*preset)->command);
  std::string instead;
  FlagValues flags = Merge(app, FlagsOf(**preset, settings.scale), instead);
  if (settings.show_only) {
    AddOthers(app, flags);
    std::printf("%s\n", EqualCommandLine(settings.command, flags).c_str());
    return kOk;
  }
  for (const auto& [flag, value] : flags) {
    CLI::Option* const option = app.get_option(flag);
    if (option->count() > 0) continue;
    option->add_result(value);
    option->run_callback();
  }
  settings.title_prefix = absl::StrCat("preset ", std::string((*preset)->name));
  if (settings.scale != 1) {
    absl::StrAppend(&settings.title_prefix, " at scale ", absl::StrFormat("%g", settings.scale));
  }
  absl::StrAppend(&settings.title_prefix, instead, ": ");
  return std::nullopt;
}

}  // namespace ringmq::bench
