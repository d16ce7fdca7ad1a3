// What messages carry, and what tells them apart: --payload, --stamp, --verify.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "load/plan.h"
#include "settings.h"

namespace ringmq::bench {

// Whether payloads differ from message to message in more than their length.
[[nodiscard]] bool HasTemplate(const Settings& settings);
// "64 B"
[[nodiscard]] std::string PayloadWords(const Settings& settings);

// "64", "64-4k", "@file", or a template.
[[nodiscard]] absl::Status SetPayload(const Settings& settings, load::Plan& plan);

// Where the stamps are, and what is verified. Requires: the rest of the plan is there.
[[nodiscard]] absl::Status SetStamps(const Settings& settings, load::Plan& plan);

// A flag with which messages would have stamps, of that form or one that says more.
[[nodiscard]] std::string StampExample(const Settings& settings, const load::Plan& plan,
                                       measure::StampForm form);

// As report::Result has it.
[[nodiscard]] std::string StampName(const load::Plan& plan);
[[nodiscard]] std::string VerifyName(const load::Plan& plan);

// Sentences about what is given up, if it is not the most that there is, and why.
[[nodiscard]] std::vector<std::string> StampNotes(const Settings& settings, const load::Plan& plan);

}  // namespace ringmq::bench
