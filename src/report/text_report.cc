// SPDX-License-Identifier: Apache-2.0
#include "report/text_report.h"

#include <algorithm>
#include <vector>

namespace ringmq::report {
namespace {

// A text longer than that is cut by no one, but does not push the other columns away either.
constexpr size_t kAlignedWidthMax = 60;

std::vector<size_t> WidthsOf(const Table& table) {
  std::vector<size_t> widths;
  const auto measure_row = [&widths](const std::vector<std::string>& row) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], std::min(WidthOf(row[i]), kAlignedWidthMax));
    }
  };
  measure_row(table.header);
  for (const std::vector<std::string>& row : table.rows) measure_row(row);
  return widths;
}

std::string SetRow(const std::vector<std::string>& row, const std::vector<size_t>& widths,
                   Align align) {
  std::string line = " ";
  for (size_t i = 0; i < row.size(); ++i) {
    const std::string cell = Printable(row[i]);
    const size_t width = std::max(widths[i], WidthOf(cell));
    line += i == 0 ? " " : "   ";
    line += i > 0 && align == Align::kRight ? PadLeft(cell, width) : PadRight(cell, width);
  }
  while (line.ends_with(' ')) line.pop_back();
  return line + "\n";
}

}  // namespace

Ink VerdictInk(const Result& result) {
  switch (result.verdict.kind) {
    case measure::Verdict::kValid:
      return Ink::kGood;
    case measure::Verdict::kTargetLimited:
      return Ink::kWarning;
    case measure::Verdict::kGeneratorLimited:
    case measure::Verdict::kIncomplete:
    case measure::Verdict::kNotMeasured:
      break;
  }
  return Ink::kBad;
}

std::string SetTable(const Table& table, Colour colour) {
  const std::vector<size_t> widths = WidthsOf(table);
  std::string text = Paint(table.title, Ink::kBold, colour) + "\n";
  if (!table.header.empty()) {
    text += Paint(SetRow(table.header, widths, table.values), Ink::kFaint, colour);
  }
  for (const std::vector<std::string>& row : table.rows) {
    text += SetRow(row, widths, table.values);
  }
  if (!table.note.empty()) text += Paint("  " + table.note, Ink::kFaint, colour) + "\n";
  return text;
}

std::string TextReport(const Result& result, Colour colour, Percentiles percentiles) {
  std::string text = Paint(Printable(VerdictLine(result)), VerdictInk(result), colour) + "\n";
  if (!AssertionsHold(result)) {
    text += Paint("Not all assertions hold.", Ink::kBad, colour) + "\n";
  }
  text += "\n" + Printable(result.scenario) + "  " + Printable(result.title) + "\n";
  for (const Table& table : AllTables(result, percentiles)) text += "\n" + SetTable(table, colour);
  text += "\n" + Paint("To repeat", Ink::kBold, colour) + "\n  " + Printable(result.command_line) +
          "\n";
  return text;
}

}  // namespace ringmq::report
