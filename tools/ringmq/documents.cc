// SPDX-License-Identifier: Apache-2.0
#include "documents.h"

#include <algorithm>

#include "base/roff.h"

namespace ringmq::cli {
namespace {

using base::Roff;

constexpr size_t kColumns = 80;
constexpr size_t kIndent = 6;

struct About {
  const char* purpose;
  const char* usage;
  const char* example;
};

const About& AboutOf(Command command) {
  static constexpr About kAbout[] = {
      {"publish messages to an MQTT server",
       "[-h host] [-p port] [-q qos] [-r] -t topic {-m text | -f file | -l | -s | -n} [options]",
       "ringmq pub -h broker.example -t plant/1/temperature -m 21.5 -q 1"},
      {"subscribe to topics of an MQTT server and print what comes",
       "[-h host] [-p port] [-q qos] [-v | -F format | --json] -t filter... [options]",
       "ringmq sub -h broker.example -v -t 'plant/+/temperature'"},
      {"send a request through an MQTT server and print the response",
       "[-h host] [-p port] [-q qos] [-W seconds] -t topic [-e topic] {-m text | -f file | -s | "
       "-n} "
       "[options]",
       "ringmq rr -h broker.example -t lamp/get -m '{}' -W 5"}};
  return kAbout[static_cast<size_t>(command)];
}

struct ExitCode {
  const char* code;
  const char* meaning;
};
constexpr ExitCode kExitCodes[] = {
    {"0", "done"},
    {"1", "the command line is wrong"},
    {"2", "no connection, or it was lost for good"},
    {"3", "a message was not delivered, or a request not answered"},
    {"4", "a file, or the standard input or output, failed"},
    {"5", "asked for what this build cannot do"},
    {"27", "-W: the time has passed"},
    {"128-162",
     "the server refused: its reason code, as MQTT 5 numbers them (135: not authorized)"},
};

struct Sequence {
  const char* letters;
  const char* meaning;
};
constexpr Sequence kSequences[] = {
    {"%t", "topic"},
    {"%p", "payload"},
    {"%x %X", "payload in hexadecimal, lower and upper case"},
    {"%l", "bytes of payload"},
    {"%q", "quality of service"},
    {"%r", "1 if it was retained, otherwise 0"},
    {"%m", "packet identifier; 0 at QoS 0"},
    {"%j", "all of it as JSON, the payload as a string"},
    {"%J", "the same, with a payload that is JSON itself"},
    {"%I", "time in ISO 8601, local"},
    {"%U", "time in seconds since 1970, with nanoseconds"},
    {"@X", "time: what strftime(3) makes of %X; @N the nanoseconds"},
    {"%C", "content type"},
    {"%D", "correlation data"},
    {"%E", "message expiry interval"},
    {"%F", "payload format indicator"},
    {"%P", "user properties, key:value"},
    {"%R", "response topic"},
    {"%S", "subscription identifier"},
    {"%A", "topic alias; always empty, for aliases are expanded"},
    {"%% @@ \\\\", "%, @, \\"},
    {"\\n \\r \\t \\v \\a \\e \\0", "control characters"},
};
constexpr const char* kWidths =
    "Between % and its letter may stand: - to align left, 0 to pad numbers and payloads with "
    "zeros, "
    "the least width, and after a point the greatest one. As in mosquitto_sub 2.0, a width also "
    "cuts payloads.";

void Wrap(std::string_view text, size_t indent, std::string& out) {
  size_t column = kColumns;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (column + 1 + end > kColumns) {
      if (!out.empty() && out.back() != '\n') out += '\n';
      out.append(indent, ' ');
      column = indent;
    } else {
      out += ' ';
      ++column;
    }
    out += text.substr(0, end);
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out += '\n';
}

std::string Upper(std::string_view text) {
  std::string out(text);
  for (char& byte : out) {
    if (byte >= 'a' && byte <= 'z') byte = static_cast<char>(byte - 'a' + 'A');
  }
  return out;
}

bool HasOptions(Section section, Command command) {
  return std::ranges::any_of(OptionTable(), [=](const OptionSpec& spec) {
    return spec.section == section && Belongs(spec, command);
  });
}

void AppendManOptions(Command command, std::string& page) {
  for (const Section section : kSections) {
    if (!HasOptions(section, command)) continue;
    page += ".SS " + std::string(TitleOf(section)) + "\n";
    for (const OptionSpec& spec : OptionTable()) {
      if (spec.section != section || !Belongs(spec, command)) continue;
      page += ".TP\n.B " + Roff(UsageOf(spec)) + "\n" + Roff(spec.help) + "\n";
      if (spec.example != nullptr) {
        const std::string typed =
            spec.letter != 0 ? std::string("-") + spec.letter : "--" + std::string(spec.name);
        page += "Example: " + Roff(typed + " " + spec.example) + "\n";
      }
    }
  }
}

std::string ManOverview(std::string_view version) {
  std::string page = ".TH RINGMQ 1 \"\" \"ringmq " + std::string(version) +
                     "\" \"ringmq\"\n.nh\n.ad l\n.SH NAME\nringmq \\- MQTT from the command line\n"
                     ".SH SYNOPSIS\n";
  for (const Command command : kCommands) {
    page += std::string(".B ringmq ") + NameOf(command) + "\n" + Roff(AboutOf(command).usage) +
            "\n.br\n";
  }
  page +=
      ".B ringmq completion\nbash|zsh|fish\n.br\n.B ringmq man\n[pub|sub|rr]\n"
      ".SH DESCRIPTION\nOne page a command: ringmq\\-pub(1), ringmq\\-sub(1), ringmq\\-rr(1).\n";
  return page + "Options are those of mosquitto_pub(1), mosquitto_sub(1) and mosquitto_rr(1).\n";
}

}  // namespace

std::string HelpText(Command command) {
  const About& about = AboutOf(command);
  std::string text = std::string("ringmq ") + NameOf(command) + ": " + about.purpose + "\n\n";
  Wrap(std::string("usage: ringmq ") + NameOf(command) + " " + about.usage, 0, text);
  text += "\nFor example: " + std::string(about.example) + "\n";
  for (const Section section : kSections) {
    if (!HasOptions(section, command)) continue;
    text += "\n" + std::string(TitleOf(section)) + ":\n";
    for (const OptionSpec& spec : OptionTable()) {
      if (spec.section != section || !Belongs(spec, command)) continue;
      text += "  " + UsageOf(spec) + "\n";
      Wrap(spec.help, kIndent, text);
    }
  }
  text += "\nExit codes:\n";
  for (const ExitCode& exit : kExitCodes) {
    text += "  " + std::string(exit.code) + "\n";
    Wrap(exit.meaning, kIndent, text);
  }
  return text;
}

std::string ManPage(std::optional<Command> command, std::string_view version) {
  if (!command) return ManOverview(version);
  const About& about = AboutOf(*command);
  const std::string name = std::string("ringmq-") + NameOf(*command);
  std::string page = ".TH " + Roff(Upper(name)) + " 1 \"\" \"ringmq " + std::string(version) +
                     "\" \"ringmq\"\n.nh\n.ad l\n.SH NAME\n" + Roff(name) + " \\- " +
                     Roff(about.purpose) + "\n.SH SYNOPSIS\n.B ringmq " + NameOf(*command) + "\n" +
                     Roff(about.usage) + "\n.SH OPTIONS\n";
  AppendManOptions(*command, page);
  if (*command != Command::kPub) {
    page += ".SH OUTPUT FORMAT\n";
    for (const Sequence& sequence : kSequences) {
      page += ".TP\n.B " + Roff(sequence.letters) + "\n" + Roff(sequence.meaning) + "\n";
    }
    page += ".PP\n" + Roff(kWidths) + "\n";
  }
  page += ".SH EXIT STATUS\n";
  for (const ExitCode& exit : kExitCodes) {
    page += ".TP\n.B " + Roff(exit.code) + "\n" + Roff(exit.meaning) + "\n";
  }
  page += ".SH FILES\n.TP\n.I $XDG_CONFIG_HOME/ringmq_" + std::string(NameOf(*command)) +
          "\nDefaults: one option a line, its value after a blank; # begins a comment. Without "
          "XDG_CONFIG_HOME in $HOME/.config.\n.SH ENVIRONMENT\n.TP\n.B RINGMQ_PASSWORD\nThe "
          "password, where \\-P does not give it.\n.TP\n.B RINGMQ_KEY_PASSWORD\nThe password of "
          "the private "
          "key, where \\-\\-keypass does not give it.\n.SH EXAMPLES\n" +
          Roff(about.example) + "\n.SH SEE ALSO\nringmq(1)";
  for (const Command other : kCommands) {
    if (other != *command) page += std::string(", ringmq\\-") + NameOf(other) + "(1)";
  }
  return page + "\n";
}

}  // namespace ringmq::cli
