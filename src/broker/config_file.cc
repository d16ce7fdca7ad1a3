// SPDX-License-Identifier: Apache-2.0
#include "broker/config_file.h"

// Debian's compiled toml++ throws; the header alone can be told not to.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <limits>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

#include "broker/config_fields.h"
#include "broker/limits.h"
#include "broker/nearest_name.h"
#include "broker/text_file.h"

namespace ringmq::broker {
namespace {

std::string DescribeNode(const toml::node& node) {
  if (const auto* text = node.as_string()) return "the string " + Quote(text->get());
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* number = node.as_floating_point()) {
    return fmt::format("the fraction {}", number->get());
  }
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (node.is_table()) return "a table";
  if (node.is_array()) return "a list";
  return "a date or time";
}

// Puts a node's value where it belongs; false if it does not fit.
bool Store(const toml::node& node, uint64_t value_min, uint64_t value_max,
           std::span<const std::string_view>,
           auto* target) requires std::is_integral_v<std::remove_reference_t<decltype(*target)>> {
  const auto* number = node.as_integer();
  if (number == nullptr || number->get() < 0) return false;
  const auto value = static_cast<uint64_t>(number->get());
  if (value < value_min || value > value_max) return false;
  *target = static_cast<std::remove_reference_t<decltype(*target)>>(value);
  return static_cast<uint64_t>(*target) == value;
}

bool Store(const toml::node& node, uint64_t, uint64_t, std::span<const std::string_view>,
           bool* target) {
  const auto* flag = node.as_boolean();
  if (flag == nullptr) return false;
  *target = flag->get();
  return true;
}

bool Store(const toml::node& node, uint64_t, uint64_t, std::span<const std::string_view>,
           std::string* target) {
  const auto* text = node.as_string();
  // A path or name ends at its first NUL for the kernel, not for us: refuse the difference.
  if (text == nullptr || text->get().find('\0') != std::string::npos) return false;
  *target = text->get();
  return true;
}

bool Store(const toml::node& node, uint64_t, uint64_t, std::span<const std::string_view> choices,
           uint8_t* target) {
  const auto* text = node.as_string();
  if (text == nullptr) return false;
  const auto found = std::find(choices.begin(), choices.end(), std::string_view(text->get()));
  if (found == choices.end()) return false;
  *target = static_cast<uint8_t>(found - choices.begin());
  return true;
}

bool Store(const toml::node& node, uint64_t, uint64_t, std::span<const std::string_view>,
           std::vector<std::string>* target) {
  const toml::array* const list = node.as_array();
  if (list == nullptr) return false;
  std::vector<std::string> texts;
  for (const toml::node& entry : *list) {
    if (!Store(entry, 0, 0, {}, &texts.emplace_back())) return false;
  }
  *target = std::move(texts);
  return true;
}

class Parser {
 public:
  explicit Parser(std::string_view file_name) : file_name_(file_name) {}

  void ReadRoot(const toml::table& root, Config& config);
  [[nodiscard]] absl::Status status() const;

 private:
  template <typename Object>
  void ReadFields(const toml::table& table, std::string_view where,
                  std::span<const ConfigField<Object>> fields, Object& object);
  template <typename Object>
  void ReadList(const toml::node& node, std::string_view key,
                std::span<const ConfigField<Object>> fields, std::vector<Object>& objects);
  template <typename Object>
  void ReadField(const toml::node& node, std::string_view where, const ConfigField<Object>& field,
                 Object& object);

  void AddUnknown(const toml::key& key, std::string_view where,
                  std::span<const std::string_view> known);
  void Add(const toml::source_region& source, std::string_view key, std::string_view message);

  std::string_view file_name_;
  std::vector<std::string> errors_;
};

void Parser::ReadRoot(const toml::table& root, Config& config) {
  std::vector<std::string_view> known = {kListenersKey, kUsersKey};
  for (const ConfigSection& section : ConfigSections()) known.push_back(section.name);
  for (const auto& [key, node] : root) {
    const auto& sections = ConfigSections();
    const auto section = std::find_if(sections.begin(), sections.end(),
                                      [&](const auto& s) { return s.name == key.str(); });
    if (key.str() == kListenersKey) {
      ReadList(node, kListenersKey, ListenerFields(), config.listeners);
    } else if (key.str() == kUsersKey) {
      ReadList(node, kUsersKey, UserFields(), config.users);
    } else if (section == sections.end()) {
      AddUnknown(key, "", known);
    } else if (!node.is_table()) {
      Add(node.source(), section->name,
          fmt::format("expected a table [{}], found {}", section->name, DescribeNode(node)));
    } else {
      ReadFields(*node.as_table(), section->name, section->fields, config);
    }
  }
}

template <typename Object>
void Parser::ReadFields(const toml::table& table, std::string_view where,
                        std::span<const ConfigField<Object>> fields, Object& object) {
  for (const auto& [key, node] : table) {
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const auto& f) { return f.name == key.str(); });
    if (field != fields.end()) {
      ReadField(node, where, *field, object);
      continue;
    }
    std::vector<std::string_view> known;
    for (const auto& f : fields) known.push_back(f.name);
    AddUnknown(key, where, known);
  }
}

template <typename Object>
void Parser::ReadField(const toml::node& node, std::string_view where,
                       const ConfigField<Object>& field, Object& object) {
  const bool stored = std::visit(
      [&](auto slot) {
        return Store(node, field.value_min, field.value_max, field.choices, slot(object));
      },
      field.slot);
  if (stored) return;
  Add(node.source(), fmt::format("{}.{}", where, field.name),
      fmt::format("expected {}, found {}", ExpectedText(field), DescribeNode(node)));
}

template <typename Object>
void Parser::ReadList(const toml::node& node, std::string_view key,
                      std::span<const ConfigField<Object>> fields, std::vector<Object>& objects) {
  const toml::array* const list = node.as_array();
  if (list == nullptr) {
    Add(node.source(), key,
        fmt::format("expected tables [[{}]], found {}", key, DescribeNode(node)));
    return;
  }
  objects.clear();
  for (const toml::node& entry : *list) {
    const std::string where = fmt::format("{}[{}]", key, objects.size());
    if (!entry.is_table()) {
      Add(entry.source(), where, "expected a table, found " + DescribeNode(entry));
      return;
    }
    ReadFields(*entry.as_table(), where, fields, objects.emplace_back());
  }
}

void Parser::AddUnknown(const toml::key& key, std::string_view where,
                        std::span<const std::string_view> known) {
  const std::string_view nearest = NearestName(key.str(), known);
  const std::string hint = nearest.empty()
                               ? fmt::format("expected one of {}", fmt::join(known, ", "))
                               : fmt::format("did you mean {}?", nearest);
  const std::string found = Quote(key.str());
  const std::string message = fmt::format("found the unknown key {}; {}", found, hint);
  Add(key.source(), where.empty() ? std::string_view("top level") : where, message);
}

void Parser::Add(const toml::source_region& source, std::string_view key,
                 std::string_view message) {
  if (errors_.size() >= kConfigErrorsMax) return;
  errors_.push_back(fmt::format("{}:{}: {}: {}", file_name_, source.begin.line, key, message));
}

absl::Status Parser::status() const {
  if (errors_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("{}", fmt::join(errors_, "\n")));
}

// "listeners[0].port: expected" is about "listeners[0].port". Empty: about no key.
std::string_view KeyOf(std::string_view message) {
  constexpr std::string_view kOfKeys = "abcdefghijklmnopqrstuvwxyz0123456789_.[]";
  const std::string_view key = message.substr(0, message.find(": "));
  const bool is_key = key.size() < message.size() && !key.empty() && key.front() >= 'a' &&
                      key.find_first_not_of(kOfKeys) == std::string_view::npos;
  return is_key ? key : std::string_view();
}

// The line of a key, or else of the table that it would be in. 0: there is neither.
uint32_t LineOf(const toml::table& root, std::string_view key) {
  while (!key.empty()) {
    const toml::node_view<const toml::node> found = toml::at_path(root, key);
    if (found.node() != nullptr) return found.node()->source().begin.line;
    const size_t dot = key.rfind('.');
    key = dot == std::string_view::npos ? std::string_view() : key.substr(0, dot);
  }
  return 0;
}

// Whether a line that names no key of the file gets the file's name in front, too.
enum class Others : uint8_t { kAreOfTheFile, kStay };

// Who checks values knows no file.
absl::Status PrefixLines(std::string_view file_name, const toml::table& root, Others others,
                         const absl::Status& status) {
  const std::string messages(status.message());
  std::vector<std::string> lines;
  LineReader reader(messages);
  while (reader.Next()) {
    const uint32_t number = LineOf(root, KeyOf(reader.line()));
    if (number > 0) {
      lines.push_back(fmt::format("{}:{}: {}", file_name, number, reader.line()));
    } else if (others == Others::kAreOfTheFile) {
      lines.push_back(fmt::format("{}: {}", file_name, reader.line()));
    } else {
      lines.emplace_back(reader.line());
    }
  }
  return absl::InvalidArgumentError(fmt::format("{}", fmt::join(lines, "\n")));
}

}  // namespace

absl::StatusOr<Config> LoadConfig(const std::string& path) {
  const absl::StatusOr<TextFile> file = ReadTextFile(path, kConfigFileBytesMax);
  if (!file.ok()) return file.status();
  return ParseConfig(path, file->text);
}

absl::StatusOr<Config> ParseConfig(std::string_view file_name, std::string_view text) {
  const toml::parse_result parsed = toml::parse(text, file_name);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return LineError(file_name, error.source().begin.line,
                     fmt::format("expected TOML, found an error in column {}: {}",
                                 error.source().begin.column, error.description()));
  }
  Config config;
  Parser parser(file_name);
  parser.ReadRoot(parsed.table(), config);
  if (const absl::Status status = parser.status(); !status.ok()) return status;
  if (const absl::Status status = Validate(config); !status.ok()) {
    return PrefixLines(file_name, parsed.table(), Others::kAreOfTheFile, status);
  }
  return config;
}

absl::Status WithPlaces(const std::string& path, const absl::Status& status) {
  if (status.ok() || path.empty()) return status;
  const absl::StatusOr<TextFile> file = ReadTextFile(path, kConfigFileBytesMax);
  if (!file.ok()) return status;
  const toml::parse_result parsed = toml::parse(file->text, path);
  return parsed ? PrefixLines(path, parsed.table(), Others::kStay, status) : status;
}

}  // namespace ringmq::broker
