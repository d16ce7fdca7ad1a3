// SPDX-License-Identifier: Apache-2.0
#include "report/junit_report.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "report/markup.h"
#include "report/tables.h"

namespace ringmq::report {
namespace {

// One case, with a complaint of the kind "failure" or "error" unless that is empty.
void AddCase(std::string_view suite, std::string_view name, std::string_view kind,
             std::string_view text, std::string& xml) {
  const std::string head =
      absl::StrCat("  <testcase classname=\"", Escape(suite), "\" name=\"", Escape(name), "\"");
  if (kind.empty()) {
    absl::StrAppend(&xml, head, "/>\n");
    return;
  }
  const std::string tag(kind);
  absl::StrAppend(&xml, head, ">\n    <", tag, " message=\"", Escape(text),
                  "\"/>\n  </testcase>\n");
}

}  // namespace

std::string JunitReport(const Result& result) {
  const bool invalid = !result.verdict.is_valid();
  const std::vector<Asserted> assertions = AllAssertions(result);
  const auto failures = std::ranges::count_if(
      assertions, [](const Asserted& each) { return !each.known || !each.holds; });
  const std::string suite = absl::StrCat("mqtt-bench.", result.scenario);
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  absl::StrAppend(&xml, "<testsuite name=\"", Escape(suite), "\" tests=\"", assertions.size() + 1,
                  "\" failures=\"", failures, "\" errors=\"", invalid ? 1 : 0, "\" time=\"",
                  result.phases.measure_s, "\">\n");
  AddCase(suite, "the measurement is valid", invalid ? "error" : "", VerdictLine(result), xml);
  for (const Asserted& asserted : assertions) {
    const bool holds = asserted.known && asserted.holds;
    AddCase(suite, asserted.assertion, holds ? "" : "failure", asserted.text, xml);
  }
  return xml + "</testsuite>\n";
}

}  // namespace ringmq::report
