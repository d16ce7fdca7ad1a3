// SPDX-License-Identifier: Apache-2.0
#include "completion.h"

#include <CLI/CLI.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "presets.h"

namespace ringmq::bench {
namespace {

struct Word {
  std::string text;  // "pubsub", "--rate" or "-r".
  std::string help;
  bool takes_value = false;
  std::vector<std::string> values{};  // That it may have; none: files, or anything.
};

// What CLI11 lets an option be: "TEXT:{auto,io_uring,epoll}".
std::vector<std::string> ValuesOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t begin = type.find('{');
  const size_t end = type.find('}');
  if (begin == std::string::npos || end == std::string::npos) return {};
  return absl::StrSplit(type.substr(begin + 1, end - begin - 1), ',');
}

// What stands behind a command and is no flag and no file.
std::vector<std::string> ValuesOf(const CLI::App& command) {
  std::vector<std::string> values;
  if (command.get_name() == "preset") {
    for (const Preset& preset : Presets()) values.emplace_back(preset.name);
    return values;
  }
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_lnames().empty() && option->get_snames().empty()) values = ValuesOf(*option);
  }
  return values;
}

std::vector<Word> CommandsOf(const CLI::App& app) {
  std::vector<Word> words;
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    words.push_back({command->get_name(), command->get_description()});
  }
  return words;
}

void AddFlagsOf(const CLI::App& app, std::vector<Word>& words) {
  for (const CLI::Option* option : app.get_options()) {
    const bool takes_value = option->get_items_expected_max() > 0;
    for (const std::string& name : option->get_lnames()) {
      words.push_back({"--" + name, option->get_description(), takes_value, ValuesOf(*option)});
    }
    for (const std::string& name : option->get_snames()) {
      words.push_back({"-" + name, option->get_description(), takes_value, ValuesOf(*option)});
    }
  }
}

// Those of every command, which stand before and behind it, and its own.
std::vector<Word> FlagsOf(const CLI::App& app, const CLI::App& command) {
  std::vector<Word> words;
  AddFlagsOf(app, words);
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_name() == "--help") continue;
    for (const std::string& name : option->get_lnames()) {
      words.push_back({"--" + name, option->get_description(), true, ValuesOf(*option)});
    }
  }
  return words;
}

std::string Joined(const std::vector<Word>& words) {
  return absl::StrJoin(words, " ", [](std::string* out, const Word& word) { *out += word.text; });
}

// Inside single quotes of a shell; `backslashed` are escaped for what reads the text behind it.
std::string Quoted(const std::string& text, const std::string& backslashed) {
  std::string out;
  for (const char byte : text) {
    if (backslashed.find(byte) != std::string::npos) out += '\\';
    if (byte == '\'') {
      out += "'\\''";
    } else {
      out += byte;
    }
  }
  return out;
}

// "    --engine) COMPREPLY=(...) ;;", once for each of those that have values.
std::string BashCases(const std::vector<Word>& words, std::set<std::string>& seen) {
  std::string out;
  for (const Word& word : words) {
    if (word.values.empty() || !seen.insert(word.text).second) continue;
    absl::StrAppend(&out, "    ", word.text, ") COMPREPLY=($(compgen -W '",
                    absl::StrJoin(word.values, " "), "' -- \"$cur\")); return ;;\n");
  }
  return out;
}

// Of flags, and behind commands.
std::string BashValues(const CLI::App& app) {
  std::set<std::string> seen;
  std::vector<Word> flags;
  AddFlagsOf(app, flags);
  std::string out = "  case \"${COMP_WORDS[COMP_CWORD-1]}\" in\n" + BashCases(flags, seen);
  std::vector<Word> commands;
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    out += BashCases(FlagsOf(app, *command), seen);
    commands.push_back({command->get_name(), "", true, ValuesOf(*command)});
  }
  absl::StrAppend(&out, "  esac\n  if [[ \"$cur\" != -* ]]; then\n    case \"$command\" in\n",
                  BashCases(commands, seen), "    esac\n  fi\n");
  return out;
}

std::string Bash(const CLI::App& app) {
  std::string out = absl::StrCat(
      "# bash completion for mqtt-bench; made by `mqtt-bench completion bash`.\n"
      "_mqtt_bench() {\n"
      "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" word command=\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$word\" in ",
      absl::StrJoin(CommandsOf(app), "|",
                    [](std::string* all, const Word& word) { *all += word.text; }),
      ") command=\"$word\" ;; esac\n  done\n", BashValues(app),
      "  if [[ \"$cur\" != -* ]]; then\n"
      "    COMPREPLY=($(compgen -f -- \"$cur\"))\n"
      "    [ -n \"$command\" ] || COMPREPLY+=($(compgen -W '",
      Joined(CommandsOf(app)),
      "' -- \"$cur\"))\n    return\n  fi\n"
      "  case \"$command\" in\n");
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    absl::StrAppend(&out, "    ", command->get_name(), ") COMPREPLY=($(compgen -W '",
                    Joined(FlagsOf(app, *command)), "' -- \"$cur\")) ;;\n");
  }
  std::vector<Word> flags;
  AddFlagsOf(app, flags);
  absl::StrAppend(&out, "    *) COMPREPLY=($(compgen -W '", Joined(flags),
                  "' -- \"$cur\")) ;;\n  esac\n}\n"
                  "complete -o filenames -F _mqtt_bench mqtt-bench\n");
  return out;
}

std::string Zsh(const CLI::App& app) {
  std::string out =
      "#compdef mqtt-bench\n"
      "# zsh completion for mqtt-bench; made by `mqtt-bench completion zsh`.\n"
      "_mqtt_bench() {\n  local -a commands\n  commands=(\n";
  for (const Word& word : CommandsOf(app)) {
    absl::StrAppend(&out, "    '", word.text, ":", Quoted(word.help, ":\\"), "'\n");
  }
  out += "  )\n  _arguments \\\n";
  std::vector<Word> flags;
  AddFlagsOf(app, flags);
  for (const Word& word : flags) {
    absl::StrAppend(&out, "    '", word.text, "[", Quoted(word.help, "[]:\\"), "]",
                    !word.takes_value     ? ""
                    : word.values.empty() ? ":value:_files"
                                          : ":value:(" + absl::StrJoin(word.values, " ") + ")",
                    "' \\\n");
  }
  out +=
      "    '1:command:{_describe command commands}' '*: :_mqtt_bench_rest'\n}\n"
      "_mqtt_bench_rest() {\n  case ${words[(r)(";
  std::string cases;
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    const std::vector<std::string> values = ValuesOf(*command);
    if (values.empty()) continue;
    names.push_back(command->get_name());
    absl::StrAppend(&cases, "    ", command->get_name(), ") compadd ", absl::StrJoin(values, " "),
                    " ;;\n");
  }
  absl::StrAppend(&out, absl::StrJoin(names, "|"), ")]} in\n", cases,
                  "    *) _files ;;\n  esac\n}\n_mqtt_bench \"$@\"\n");
  return out;
}

std::string Fish(const CLI::App& app) {
  std::string out = "# fish completion for mqtt-bench; made by `mqtt-bench completion fish`.\n";
  const auto add = [&out](const std::string& what, const Word& word) {
    absl::StrAppend(&out, "complete -c mqtt-bench ", what,
                    !word.takes_value     ? ""
                    : word.values.empty() ? " -r"
                                          : " -x -a '" + absl::StrJoin(word.values, " ") + "'",
                    " -d '", Quoted(word.help, "\\"), "'\n");
  };
  for (const Word& word : CommandsOf(app)) add("-n __fish_use_subcommand -a " + word.text, word);
  std::vector<Word> flags;
  AddFlagsOf(app, flags);
  for (const Word& word : flags) {
    const bool is_long = word.text.starts_with("--");
    add(is_long ? "-l " + word.text.substr(2) : "-s " + word.text.substr(1), word);
  }
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    const std::vector<std::string> values = ValuesOf(*command);
    if (values.empty()) continue;
    absl::StrAppend(&out, "complete -c mqtt-bench -n '__fish_seen_subcommand_from ",
                    command->get_name(), "' -f -a '", absl::StrJoin(values, " "), "'\n");
  }
  return out;
}

}  // namespace

std::string CompletionOf(const CLI::App& app, const std::string& shell) {
  if (shell == "zsh") return Zsh(app);
  if (shell == "fish") return Fish(app);
  return Bash(app);
}

}  // namespace ringmq::bench
