// SPDX-License-Identifier: Apache-2.0
#include "broker/config_default.h"

#include <string_view>

#include <fmt/format.h>

#include "broker/config_fields.h"

namespace ringmq::broker {
namespace {

constexpr size_t kTextColumnsMax = 92;

// `text` as comment lines, broken between words.
void AppendComment(std::string_view text, std::string& out) {
  while (text.size() > kTextColumnsMax) {
    size_t end = text.rfind(' ', kTextColumnsMax);
    if (end == std::string_view::npos) break;
    out += fmt::format("# {}\n", text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  out += fmt::format("# {}\n", text);
}

// Strings have no range worth printing.
template <typename Object>
bool HasRange(const ConfigField<Object>& field) {
  return !field.choices.empty() || field.value_max > 0;
}

template <typename Object>
void AppendFields(std::span<const ConfigField<Object>> fields, Object object, std::string& out) {
  for (const ConfigField<Object>& field : fields) {
    AppendComment(field.doc, out);
    if (HasRange(field)) AppendComment("Expects " + ExpectedText(field) + ".", out);
    out += fmt::format("{} = {}\n\n", field.name, ValueText(field, object));
  }
}

// An absent password and an empty one differ, so only what is set is written.
void AppendUser(UserConfig user, std::string& out) {
  out += "[[users]]\n";
  for (const auto& field : UserFields()) {
    const std::string value = ValueText(field, user);
    if (value != "\"\"") out += fmt::format("{} = {}\n", field.name, value);
  }
  out += "\n";
}

void AppendUsersHelp(std::string& out) {
  AppendComment("Users, beside those of auth.password_file. One table for each:", out);
  out += "#\n# [[users]]\n";
  for (const auto& field : UserFields()) {
    out += fmt::format("# {} = \"...\"  # {}\n", field.name, field.doc);
  }
}

}  // namespace

std::string AnnotatedConfigText(const Config& config) {
  std::string out =
      "# Configuration of ringmqd. Every key may be left out; the values here are\n"
      "# in force then. `ringmqd -c FILE --check` checks a file.\n\n";
  for (const ConfigSection& section : ConfigSections()) {
    AppendComment(section.doc, out);
    out += fmt::format("[{}]\n\n", section.name);
    AppendFields(section.fields, config, out);
  }
  AppendComment("Where to listen. One table for each; a file with any has only those.", out);
  for (const ListenerConfig& listener : config.listeners) {
    out += "[[listeners]]\n\n";
    AppendFields(ListenerFields(), listener, out);
  }
  AppendUsersHelp(out);
  for (const UserConfig& user : config.users) AppendUser(user, out);
  return out;
}

}  // namespace ringmq::broker
