// The scripts hold everything: completing starts no ringmq.
//
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "documents.h"

namespace ringmq::cli {
namespace {

std::vector<std::string> SpellingsOf(const OptionSpec& spec) {
  std::vector<std::string> spellings;
  if (spec.letter != 0) spellings.push_back(std::string("-") + spec.letter);
  spellings.push_back("--" + std::string(spec.name));
  return spellings;
}

std::string Joined(const std::vector<std::string>& words, const char* between) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : between) + word;
  return out;
}

std::string WordsOf(const char* choices) {
  std::string words = choices;
  for (char& byte : words) {
    if (byte == '|') byte = ' ';
  }
  return words;
}

// Up to its first end of sentence: what fits behind a word in a menu.
std::string ShortHelp(const OptionSpec& spec) {
  std::string help = spec.help;
  const size_t end = help.find_first_of(".;:");
  return help.substr(0, end);
}

std::string BashValues(Command command) {
  std::string out;
  for (const OptionSpec& spec : OptionTable()) {
    if (!Belongs(spec, command) || spec.value == nullptr) continue;
    out += "        " + Joined(SpellingsOf(spec), "|") + ") ";
    switch (spec.kind) {
      case ValueKind::kChoice:
        out += "COMPREPLY=($(compgen -W '" + WordsOf(spec.value) + "' -- \"$cur\"))";
        break;
      case ValueKind::kFileName:
        out += "COMPREPLY=($(compgen -f -- \"$cur\"))";
        break;
      case ValueKind::kDirectory:
        out += "COMPREPLY=($(compgen -d -- \"$cur\"))";
        break;
      case ValueKind::kHostName:
        out += "COMPREPLY=($(compgen -A hostname -- \"$cur\"))";
        break;
      case ValueKind::kNone:
      case ValueKind::kText:
        out += ":";
        break;
    }
    out += "; return ;;\n";
  }
  return out;
}

std::string Bash() {
  std::string out =
      "# bash completion for ringmq; made by `ringmq completion bash`.\n"
      "_ringmq() {\n"
      "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
      "  COMPREPLY=()\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    COMPREPLY=($(compgen -W 'pub sub rr completion man --help --version' -- \"$cur\"))\n"
      "    return\n"
      "  fi\n"
      "  case \"${COMP_WORDS[1]}\" in\n"
      "    completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$cur\")) ;;\n"
      "    man) COMPREPLY=($(compgen -W 'pub sub rr' -- \"$cur\")) ;;\n";
  for (const Command command : kCommands) {
    std::vector<std::string> words;
    for (const OptionSpec& spec : OptionTable()) {
      if (!Belongs(spec, command)) continue;
      for (std::string& spelling : SpellingsOf(spec)) words.push_back(std::move(spelling));
    }
    out += std::string("    ") + NameOf(command) + ")\n      case \"$prev\" in\n" +
           BashValues(command) + "      esac\n      COMPREPLY=($(compgen -W '" +
           Joined(words, " ") + "' -- \"$cur\")) ;;\n";
  }
  return out + "  esac\n}\ncomplete -o filenames -F _ringmq ringmq\n";
}

// Within the brackets of an _arguments specification, inside single quotes.
std::string ZshText(std::string_view text) {
  std::string out;
  for (const char byte : text) {
    if (byte == '[' || byte == ']' || byte == ':' || byte == '\\') out += '\\';
    if (byte == '\'') {
      out += "'\\''";
    } else {
      out += byte;
    }
  }
  return out;
}

std::string ZshAction(const OptionSpec& spec) {
  switch (spec.kind) {
    case ValueKind::kNone:
      return "";
    case ValueKind::kText:
      return ":" + ZshText(spec.value) + ": ";
    case ValueKind::kFileName:
      return ":path:_files";
    case ValueKind::kDirectory:
      return ":directory:_files -/";
    case ValueKind::kHostName:
      return ":host:_hosts";
    case ValueKind::kChoice:
      return ":" + std::string(spec.name) + ":(" + WordsOf(spec.value) + ")";
  }
  return "";
}

std::string Zsh() {
  std::string out =
      "#compdef ringmq\n# zsh completion for ringmq; made by `ringmq completion zsh`.\n"
      "_ringmq() {\n"
      "  if (( CURRENT == 2 )); then\n"
      "    compadd pub sub rr completion man\n"
      "    return\n"
      "  fi\n"
      "  local command=$words[2]\n"
      "  shift words; (( CURRENT-- ))\n"
      "  case $command in\n"
      "    completion) compadd bash zsh fish ;;\n"
      "    man) compadd pub sub rr ;;\n";
  for (const Command command : kCommands) {
    out += std::string("    ") + NameOf(command) + ") _arguments";
    for (const OptionSpec& spec : OptionTable()) {
      if (!Belongs(spec, command)) continue;
      for (const std::string& spelling : SpellingsOf(spec)) {
        out += " \\\n      '*" + spelling + "[" + ZshText(ShortHelp(spec)) + "]" + ZshAction(spec) +
               "'";
      }
    }
    out += " ;;\n";
  }
  // Found in fpath, the file is the function's own body; sourced, it only tells of it.
  return out +
         "  esac\n}\nif [ \"$funcstack[1]\" = _ringmq ]; then\n  _ringmq \"$@\"\nelse\n"
         "  compdef _ringmq ringmq\nfi\n";
}

std::string FishText(std::string_view text) {
  std::string out;
  for (const char byte : text) {
    if (byte == '\'' || byte == '\\') out += '\\';
    out += byte;
  }
  return out;
}

std::string Fish() {
  std::string out =
      "# fish completion for ringmq; made by `ringmq completion fish`.\n"
      "complete -c ringmq -f\n"
      "complete -c ringmq -n __fish_use_subcommand -a 'pub sub rr completion man'\n"
      "complete -c ringmq -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'\n"
      "complete -c ringmq -n '__fish_seen_subcommand_from man' -a 'pub sub rr'\n";
  for (const Command command : kCommands) {
    for (const OptionSpec& spec : OptionTable()) {
      if (!Belongs(spec, command)) continue;
      out += std::string("complete -c ringmq -n '__fish_seen_subcommand_from ") + NameOf(command) +
             "'";
      if (spec.letter != 0) out += std::string(" -s ") + spec.letter;
      out += " -l " + std::string(spec.name);
      const bool is_path = spec.kind == ValueKind::kFileName || spec.kind == ValueKind::kDirectory;
      if (spec.value != nullptr) out += is_path ? " -r -F" : " -x";
      if (spec.kind == ValueKind::kChoice) out += " -a '" + WordsOf(spec.value) + "'";
      if (spec.kind == ValueKind::kHostName) out += " -a '(__fish_print_hostnames)'";
      out += " -d '" + FishText(ShortHelp(spec)) + "'\n";
    }
  }
  return out;
}

}  // namespace

std::string CompletionScript(Shell shell) {
  switch (shell) {
    case Shell::kBash:
      return Bash();
    case Shell::kZsh:
      return Zsh();
    case Shell::kFish:
      return Fish();
  }
  return "";
}

}  // namespace ringmq::cli
