// result.json: the file that a run leaves and that every report is made from.
//
// The schema is result.schema.json beside this file. Histograms are embedded as their own text
// (measure/histogram.h), so results merge and compare without loss. A reader ignores keys that it
// does not know and takes a key that is absent as "not measured"; only another schema_version, or
// a key of the wrong type, makes it refuse.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "report/result.h"

namespace ringmq::report {

// One JSON object, indented, in UTF-8 (what is none in a text is replaced), with a final newline.
[[nodiscard]] std::string ToJson(const Result& result);
// Several trials: a list of results.
[[nodiscard]] std::string ListToJson(std::span<const Result> trials);

// The inverse. The text comes from a file, so any content is legal to pass; an error names the key
// that is wrong, for the person who gave us the file.
[[nodiscard]] absl::StatusOr<Result> FromJson(std::string_view text);

// A result, or a list of them: several trials. Never empty.
[[nodiscard]] absl::StatusOr<std::vector<Result>> ListFromJson(std::string_view text);

}  // namespace ringmq::report
