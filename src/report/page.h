// The parts that an HTML page of ours is put together from. A page is one file without a script,
// reads on a phone and on paper, in light and dark, and is well-formed XML too.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "report/result.h"
#include "report/tables.h"

namespace ringmq::report {

struct KeyEntry {
  std::string name;
  int series = 0;
};

// A chart with what stands around it. `svg` is markup, everything else is text.
struct Figure {
  std::string id;  // Of ours: letters and "-".
  std::string title;
  std::vector<KeyEntry> key{};
  std::string svg{};
  std::string note{};
};

// A number that is set large.
struct Tile {
  std::string name;
  std::string value;
};

[[nodiscard]] std::string TableHtml(const Table& table);
[[nodiscard]] std::string FigureHtml(const Figure& figure);
[[nodiscard]] std::string TilesHtml(std::span<const Tile> tiles);

// Elements beside each other where there is room. Empty if all of them are.
[[nodiscard]] std::string BesideHtml(std::span<const std::string> elements);

// `content` is markup; nothing if it is empty.
[[nodiscard]] std::string SectionHtml(const std::string& title, const std::string& content);

// "good", "warning" or "bad": the class of what is said of the run, and its mark.
struct News {
  const char* css_class;
  const char* mark;
};
[[nodiscard]] News NewsOf(measure::Verdict::Kind kind);

// The whole page. `body` is markup.
[[nodiscard]] std::string PageHtml(const std::string& title, const std::string& body);

}  // namespace ringmq::report
