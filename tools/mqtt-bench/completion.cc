// SPDX-License-Identifier: Apache-2.0
#include "completion.h"

#include <CLI/CLI.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace ringmq::bench {
namespace {

struct Word {
  std::string text;  // "pubsub", "--rate" or "-r".
  std::string help;
  bool takes_value = false;
};

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
      words.push_back({"--" + name, option->get_description(), takes_value});
    }
    for (const std::string& name : option->get_snames()) {
      words.push_back({"-" + name, option->get_description(), takes_value});
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
      words.push_back({"--" + name, option->get_description(), true});
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

std::string Bash(const CLI::App& app) {
  std::string out = absl::StrCat(
      "# bash completion for mqtt-bench; made by `mqtt-bench completion bash`.\n"
      "_mqtt_bench() {\n"
      "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" word command=\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$word\" in ",
      absl::StrJoin(CommandsOf(app), "|",
                    [](std::string* all, const Word& word) { *all += word.text; }),
      ") command=\"$word\" ;; esac\n  done\n"
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
                    word.takes_value ? ":value:_files" : "", "' \\\n");
  }
  return out +
         "    '1:command:{_describe command commands}' '*:file:_files'\n}\n"
         "_mqtt_bench \"$@\"\n";
}

std::string Fish(const CLI::App& app) {
  std::string out = "# fish completion for mqtt-bench; made by `mqtt-bench completion fish`.\n";
  const auto add = [&out](const std::string& what, const Word& word) {
    absl::StrAppend(&out, "complete -c mqtt-bench ", what, word.takes_value ? " -r" : "", " -d '",
                    Quoted(word.help, "\\"), "'\n");
  };
  for (const Word& word : CommandsOf(app)) add("-n __fish_use_subcommand -a " + word.text, word);
  std::vector<Word> flags;
  AddFlagsOf(app, flags);
  for (const Word& word : flags) {
    const bool is_long = word.text.starts_with("--");
    add(is_long ? "-l " + word.text.substr(2) : "-s " + word.text.substr(1), word);
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
