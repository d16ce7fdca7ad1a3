// SPDX-License-Identifier: Apache-2.0
#include "report/page.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "report/markup.h"
#include "report/plot.h"
#include "report/style.h"

namespace ringmq::report {
namespace {

std::string HeaderHtml(const std::vector<std::string>& row, size_t columns) {
  std::string html = "<thead><tr>";
  for (size_t i = 0; i < columns; ++i) {
    absl::StrAppend(&html, "<th scope=\"col\">", i < row.size() ? Escape(row[i]) : "", "</th>");
  }
  return html + "</tr></thead>\n";
}

// The first cell says what the others are, and leads to `link` if there is one.
std::string RowHtml(const std::vector<std::string>& row, size_t columns, const std::string& link) {
  std::string head = row.empty() ? "" : Escape(row.front());
  if (!link.empty()) head = absl::StrCat("<a href=\"", FileLink(link), "\">", head, "</a>");
  std::string html = absl::StrCat("<tr><th scope=\"row\">", head, "</th>");
  for (size_t i = 1; i < columns; ++i) {
    absl::StrAppend(&html, "<td>", i < row.size() ? Escape(row[i]) : "", "</td>");
  }
  return html + "</tr>\n";
}

}  // namespace

std::string TableHtml(const Table& table) {
  if (table.rows.empty()) return "";
  size_t columns = table.header.size();
  for (const std::vector<std::string>& row : table.rows) columns = std::max(columns, row.size());
  std::string html = absl::StrCat("<div class=\"table\"><table",
                                  table.values == Align::kRight ? " class=\"numbers\"" : "",
                                  "><caption>", Escape(table.title), "</caption>\n");
  if (!table.header.empty()) html += HeaderHtml(table.header, columns);
  html += "<tbody>";
  for (size_t i = 0; i < table.rows.size(); ++i) {
    html += RowHtml(table.rows[i], columns, i < table.links.size() ? table.links[i] : "");
  }
  html += "</tbody></table>";
  if (!table.note.empty()) {
    absl::StrAppend(&html, "<p class=\"note\">", Escape(table.note), "</p>");
  }
  return html + "</div>\n";
}

std::string FigureHtml(const Figure& figure) {
  std::string html = absl::StrCat("<figure id=\"", Escape(figure.id), "\"><figcaption>",
                                  Escape(figure.title), "</figcaption>\n");
  if (!figure.key.empty()) {
    html += "<ul class=\"key\">";
    for (const KeyEntry& entry : figure.key) {
      absl::StrAppend(&html, "<li>", Plot::Swatch(entry.series), Escape(entry.name), "</li>");
    }
    html += "</ul>\n";
  }
  html += figure.svg;
  if (!figure.note.empty()) {
    absl::StrAppend(&html, "<p class=\"note\">", Escape(figure.note), "</p>\n");
  }
  return html + "</figure>\n";
}

std::string TilesHtml(std::span<const Tile> tiles) {
  if (tiles.empty()) return "";
  std::string html = "<dl class=\"tiles\">";
  for (const Tile& tile : tiles) {
    absl::StrAppend(&html, "<div><dt>", Escape(tile.name), "</dt><dd>", Escape(tile.value),
                    "</dd></div>");
  }
  return html + "</dl>\n";
}

std::string BesideHtml(std::span<const std::string> elements) {
  std::string inside;
  for (const std::string& element : elements) inside += element;
  return inside.empty() ? "" : absl::StrCat("<div class=\"beside\">", inside, "</div>\n");
}

std::string SectionHtml(const std::string& title, const std::string& content) {
  if (content.empty()) return "";
  return absl::StrCat("<section><h2>", Escape(title), "</h2>\n", content, "</section>\n");
}

News NewsOf(measure::Verdict::Kind kind) {
  switch (kind) {
    case measure::Verdict::kValid:
      return {"good", "✓"};
    case measure::Verdict::kTargetLimited:
      return {"warning", "!"};
    case measure::Verdict::kGeneratorLimited:
    case measure::Verdict::kIncomplete:
    case measure::Verdict::kNotMeasured:
      return {"bad", "✗"};
  }
  RMQ_CHECK(false);
}

std::string PageHtml(const std::string& title, const std::string& body) {
  return absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n"
      "<head><meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>",
      Escape(title), "</title>\n<style>", std::string(kStyle), "</style></head>\n<body><main>\n",
      body, "</main></body></html>\n");
}

}  // namespace ringmq::report
