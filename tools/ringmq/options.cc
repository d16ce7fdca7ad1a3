// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "codec/topic.h"
#include "format.h"
#include "numbers.h"
#include "property.h"
#include "tls_options.h"
#include "url.h"

namespace ringmq::cli {
namespace {

constexpr uint16_t kTlsPort = 8883;
// Before version 5 a server cannot say how much it takes, and mosquitto closes the connection of
// who has more than 20 QoS 2 messages under way; so its own tools stay with that, too.
constexpr uint16_t kInFlightBeforeV5 = 20;

Expected<void> TakeQos(std::string_view text, Qos& qos) {
  if (!ParseNumber(text, 0, 2)) return Bad(Quoted(text) + " is none of 0, 1, 2");
  qos = static_cast<Qos>(text[0] - '0');
  return {};
}

Expected<void> TakeFilter(std::string_view text, std::vector<std::string>& filters) {
  if (!codec::IsValidSubscriptionFilter(text)) {
    return Bad(Quoted(text) +
               " is not a topic filter: '+' and '#' stand alone between slashes, "
               "'#' comes last");
  }
  filters.emplace_back(text);
  return {};
}

class Parser {
 public:
  Parser(Command command, const Surroundings& around) : around_(around) {
    settings_.command = command;
    settings_.client.version =
        command == Command::kRr ? ProtocolVersion::kV5 : ProtocolVersion::kV311;
  }

  Expected<void> ReadConfig();
  Expected<void> Read(std::span<const std::string_view> words);
  Expected<Settings> Finish();

 private:
  // Of `words`, which begin with an option, how many were taken.
  Expected<size_t> TakeOption(std::span<const std::string_view> words);
  Expected<void> Apply(OptionId id, std::string_view value);
  Expected<void> ApplyServer(OptionId id, std::string_view value);
  Expected<void> ApplyUrl(std::string_view value);
  Expected<void> ApplySession(OptionId id, std::string_view value);
  Expected<void> ApplyExpiry(std::string_view value);
  Expected<void> ApplyVersion(std::string_view value);
  Expected<void> ApplyWill(OptionId id, std::string_view value);
  Expected<void> ApplyMessage(OptionId id, std::string_view value);
  Expected<void> ApplyTopic(std::string_view value);
  Expected<void> ApplyPayload(PayloadSource source, std::string_view value);
  Expected<void> ApplyReceive(OptionId id, std::string_view value);
  Expected<void> ApplyOutput(OptionId id, std::string_view value);
  Expected<void> ApplyTls(OptionId id, std::string_view value);

  Expected<void> FinishServer();
  Expected<void> FinishSession();
  Expected<void> FinishIdentity();
  Expected<void> FinishMessage();

  Error Explain(const OptionSpec& spec, std::string_view typed, const Error& error) const;
  WillMessage& Will();
  void Unsupported(OptionId id, const char* why);

  Surroundings around_;
  Settings settings_{};
  Endpoint endpoint_{.host = "localhost"};
  std::optional<uint16_t> port_{};
  bool wants_tls_ = false;
  bool is_version_given_ = false;
  bool wants_v5_ = false;  // -x or -D.
  bool is_in_flight_given_ = false;
  bool has_id_ = false;
  bool has_id_prefix_ = false;
  bool keeps_session_ = false;
  std::optional<uint32_t> session_expiry_s_{};
};

Error Parser::Explain(const OptionSpec& spec, std::string_view typed, const Error& error) const {
  std::string text = std::string(typed) + ": " + error.detail();
  if (spec.example != nullptr) {
    text += "\nFor example: ringmq " + std::string(NameOf(settings_.command)) + " " +
            std::string(typed) + " " + spec.example;
  }
  return Bad(std::move(text));
}

Expected<void> Parser::Read(std::span<const std::string_view> words) {
  while (!words.empty() && !settings_.help && !settings_.version) {
    const Expected<size_t> taken = TakeOption(words);
    if (!taken.ok()) return taken.error();
    words = words.subspan(*taken);
  }
  return {};
}

// One option a line, its value up to the end of the line; '#' begins a comment.
Expected<void> Parser::ReadConfig() {
  std::string_view rest = around_.config;
  for (size_t number = 1; !rest.empty(); ++number) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string_view> words;
    const bool is_property = line.starts_with("-D ") || line.starts_with("--property ");
    // Of a property the last word takes what is left.
    const size_t words_max = is_property ? (line.find("user-property") < line.size() ? 5 : 4) : 2;
    while (words.size() + 1 < words_max && line.find(' ') < line.size()) {
      words.push_back(line.substr(0, line.find(' ')));
      line.remove_prefix(line.find(' ') + 1);
    }
    words.push_back(line);
    const Expected<void> read = Read(words);
    if (!read.ok()) {
      return Bad(std::string(around_.config_path) + ":" + std::to_string(number) + ": " +
                 read.error().detail());
    }
  }
  return {};
}

Expected<size_t> Parser::TakeOption(std::span<const std::string_view> words) {
  std::string_view typed = words[0];
  std::optional<std::string_view> attached;
  if (const size_t equals = typed.find('='); typed.starts_with("--") && equals < typed.size()) {
    attached = typed.substr(equals + 1);
    typed = typed.substr(0, equals);
  }
  const OptionSpec* spec = FindOption(settings_.command, typed);
  if (spec == nullptr) {
    if (!typed.starts_with('-')) {
      return Bad(Quoted(typed) + " stands alone: values with blanks need quotation marks, and " +
                 "every other word an option before it");
    }
    const OptionSpec* near = NearestOption(settings_.command, typed);
    return Bad(std::string(typed) + ": no such option" +
               (near == nullptr ? "" : "; perhaps " + UsageOf(*near)));
  }
  if (spec->id == OptionId::kProperty) {
    const Expected<size_t> taken = TakeProperty(words.subspan(1), settings_);
    if (!taken.ok()) return Explain(*spec, typed, taken.error());
    wants_v5_ = true;
    return *taken + 1;
  }
  const bool is_flag = spec->value == nullptr;
  if (is_flag && attached) return Bad(std::string(typed) + ": takes no value");
  if (!is_flag && !attached && words.size() < 2) {
    return Explain(*spec, typed, Bad(std::string(spec->value) + ": the value is missing"));
  }
  const std::string_view value = is_flag ? "" : attached ? *attached : words[1];
  const Expected<void> applied = Apply(spec->id, value);
  if (!applied.ok()) return Explain(*spec, typed, applied.error());
  return is_flag || attached ? 1 : 2;
}

Expected<void> Parser::Apply(OptionId id, std::string_view value) {
  switch (SpecOf(id).section) {
    case Section::kServer:
      return ApplyServer(id, value);
    case Section::kSession:
      return ApplySession(id, value);
    case Section::kMessages:
      return ApplyMessage(id, value);
    case Section::kReceive:
      return ApplyReceive(id, value);
    case Section::kOutput:
      return ApplyOutput(id, value);
    case Section::kTls:
      return ApplyTls(id, value);
    case Section::kGeneral:
      (id == OptionId::kHelp ? settings_.help : settings_.version) = true;
      return {};
  }
  return {};
}

Expected<void> Parser::ApplyServer(OptionId id, std::string_view value) {
  switch (id) {
    case OptionId::kHost:
      if (const Expected<void> host = CheckHost(value); !host.ok()) return host.error();
      endpoint_.host = value;
      break;
    case OptionId::kPort:
      port_ = ParsePort(value);
      if (!port_) return Bad(Quoted(value) + " is not a port (1 to 65535)");
      break;
    case OptionId::kUrl:
      return ApplyUrl(value);
    case OptionId::kUnix:
      if (value.empty()) return Bad("the path is empty");
      endpoint_ = {.transport = Transport::kUnix, .host = std::string(value)};
      break;
    case OptionId::kBind:
      settings_.client.socket.bind_address = value;
      break;
    case OptionId::kProxy: {
      const Expected<ProxyOptions> proxy = ParseProxyUrl(value);
      if (!proxy.ok()) return proxy.error();
      settings_.client.proxy = *proxy;
      break;
    }
    case OptionId::kProxyProtocol:
      if (value != "1" && value != "2") return Bad(Quoted(value) + " is not 1 or 2");
      settings_.client.proxy_protocol.version =
          value == "1" ? ProxyProtocol::kV1 : ProxyProtocol::kV2;
      break;
    case OptionId::kProxySource:
      settings_.client.proxy_protocol.source = value;
      break;
    default:  // kNoDelay: so it is.
      break;
  }
  return {};
}

Expected<void> Parser::ApplyUrl(std::string_view value) {
  Expected<ServerUrl> url = ParseServerUrl(value);
  if (!url.ok()) return url.error();
  endpoint_ = url->endpoint;
  if (endpoint_.port != 0) port_ = endpoint_.port;
  if (url->username) {
    settings_.client.has_username = true;
    settings_.client.username = *url->username;
  }
  if (url->password) {
    settings_.client.has_password = true;
    settings_.client.password = *url->password;
  }
  return url->topic.empty() ? Expected<void>() : ApplyTopic(url->topic);
}

Expected<void> Parser::ApplySession(OptionId id, std::string_view value) {
  Options& client = settings_.client;
  switch (id) {
    case OptionId::kId:
      client.client_id = value;
      has_id_ = true;
      break;
    case OptionId::kIdPrefix:
      client.client_id = std::string(value) + std::to_string(around_.process_id);
      has_id_prefix_ = true;
      break;
    case OptionId::kUsername:
      client.has_username = true;
      client.username = value;
      break;
    case OptionId::kPassword:
      client.has_password = true;
      client.password = value;
      break;
    case OptionId::kVersion:
      return ApplyVersion(value);
    case OptionId::kKeepAlive:
      if (value == "0") {
        client.keep_alive_s = 0;
        break;
      }
      return TakeNumber(value, 5, 65535, client.keep_alive_s);
    case OptionId::kKeepSession:
      keeps_session_ = true;
      break;
    case OptionId::kSessionExpiry:
      return ApplyExpiry(value);
    default:
      return ApplyWill(id, value);
  }
  return {};
}

Expected<void> Parser::ApplyExpiry(std::string_view value) {
  wants_v5_ = true;
  if (value == "-1" || value == "∞") {
    session_expiry_s_ = UINT32_MAX;
    return {};
  }
  uint32_t seconds = 0;
  const Expected<void> taken = TakeNumber<uint32_t>(value, 0, UINT32_MAX, seconds);
  if (taken.ok()) session_expiry_s_ = seconds;
  return taken;
}

Expected<void> Parser::ApplyVersion(std::string_view value) {
  is_version_given_ = true;
  if (value == "5" || value == "mqttv5") {
    settings_.client.version = ProtocolVersion::kV5;
  } else if (value == "311" || value == "mqttv311") {
    settings_.client.version = ProtocolVersion::kV311;
  } else if (value == "31" || value == "mqttv31") {
    settings_.client.version = ProtocolVersion::kV31;
  } else {
    return Bad(Quoted(value) + " is none of 5, 311, 31");
  }
  return {};
}

WillMessage& Parser::Will() {
  if (!settings_.client.will) settings_.client.will.emplace();
  return *settings_.client.will;
}

Expected<void> Parser::ApplyWill(OptionId id, std::string_view value) {
  switch (id) {
    case OptionId::kWillTopic:
      if (!codec::IsValidTopicName(value)) {
        return Bad(Quoted(value) + " is not a topic; it may hold neither '+' nor '#'");
      }
      Will().topic = value;
      break;
    case OptionId::kWillPayload:
      Will().payload = value;
      break;
    case OptionId::kWillQos:
      return TakeQos(value, Will().qos);
    default:  // kWillRetain
      Will().retain = true;
      break;
  }
  return {};
}

Expected<void> Parser::ApplyTopic(std::string_view value) {
  if (settings_.command == Command::kSub) return TakeFilter(value, settings_.topics);
  if (!codec::IsValidTopicName(value)) {
    return Bad(Quoted(value) + " is not a topic to publish to; it may hold neither '+' nor '#'");
  }
  settings_.topics.assign(1, std::string(value));
  return {};
}

Expected<void> Parser::ApplyPayload(PayloadSource source, std::string_view value) {
  PublishSettings& publish = settings_.publish;
  if (publish.source != PayloadSource::kNone) {
    return Bad("only one of -m, -f, -l, -s and -n can say what the payload is, and only once");
  }
  publish.source = source;
  publish.payload = value;
  return {};
}

Expected<void> Parser::ApplyMessage(OptionId id, std::string_view value) {
  switch (id) {
    case OptionId::kTopic:
      return ApplyTopic(value);
    case OptionId::kResponseTopic:
      if (!codec::IsValidTopicName(value)) {
        return Bad(Quoted(value) + " is not a topic; it may hold neither '+' nor '#'");
      }
      settings_.response_topic = value;
      break;
    case OptionId::kQos:
      return TakeQos(value, settings_.qos);
    case OptionId::kMessage:
      return ApplyPayload(PayloadSource::kArgument, value);
    case OptionId::kFile:
      return ApplyPayload(PayloadSource::kFile, value);
    case OptionId::kStdin:
      return ApplyPayload(PayloadSource::kStdin, {});
    case OptionId::kNull:
      return ApplyPayload(PayloadSource::kEmpty, {});
    case OptionId::kLines:
      return ApplyPayload(PayloadSource::kLines, {});
    case OptionId::kRetain:
      settings_.publish.retain = true;
      break;
    case OptionId::kRepeat:
      return TakeNumber<uint32_t>(value, 1, UINT32_MAX, settings_.publish.repeat_count);
    case OptionId::kRepeatDelay:
      return TakeSeconds(value, 0, settings_.publish.repeat_delay);
    default:  // kInFlight
      is_in_flight_given_ = true;
      return TakeNumber(value, 1, 65535, settings_.client.in_flight_max);
  }
  return {};
}

Expected<void> Parser::ApplyReceive(OptionId id, std::string_view value) {
  ReceiveSettings& receive = settings_.receive;
  switch (id) {
    case OptionId::kUnsubscribe:
      return TakeFilter(value, receive.unsubscribe);
    case OptionId::kFilterOut:
      return TakeFilter(value, receive.filters_out);
    case OptionId::kCount:
      return TakeNumber<uint32_t>(value, 1, UINT32_MAX, receive.messages_max);
    case OptionId::kTimeout:
      return TakeSeconds(value, 0.001, receive.timeout);
    case OptionId::kExitAfterSubscribe:
      receive.leave_when_subscribed = true;
      break;
    case OptionId::kNoRetained:
    case OptionId::kRetainedOnly: {
      const RetainedFilter wanted =
          id == OptionId::kNoRetained ? RetainedFilter::kNone : RetainedFilter::kOnly;
      if (receive.retained != RetainedFilter::kAll && receive.retained != wanted) {
        return Bad("-R and --retained-only together would print nothing");
      }
      receive.retained = wanted;
      break;
    }
    case OptionId::kRemoveRetained:
      receive.remove_retained = true;
      break;
    case OptionId::kRetainAsPublished:
      receive.retain_as_published = true;
      break;
    default: {  // kRandomFilter
      const std::optional<double> percent = ParseNumber(value, 0.1, 100.0);
      if (!percent) return Bad(Quoted(value) + " is not a percentage from 0.1 to 100");
      receive.print_chance = *percent / 100;
      break;
    }
  }
  return {};
}

Expected<void> Parser::ApplyOutput(OptionId id, std::string_view value) {
  OutputSettings& output = settings_.output;
  switch (id) {
    case OptionId::kFormat: {
      const Expected<Format> format = Format::Parse(value);
      if (!format.ok()) return format.error();
      output.format = value;
      break;
    }
    case OptionId::kJson:
      output.format = "%j";
      break;
    case OptionId::kPretty:
      output.pretty = true;
      break;
    case OptionId::kVerbose:
      output.verbose = true;
      break;
    case OptionId::kNoEndOfLine:
      output.end_of_line = false;
      break;
    case OptionId::kDebug:
      output.debug = true;
      break;
    default:  // kQuiet
      output.quiet = true;
      break;
  }
  return {};
}

void Parser::Unsupported(OptionId id, const char* why) {
  settings_.unsupported.push_back("--" + std::string(SpecOf(id).name) + ": " + why);
}

Expected<void> Parser::ApplyTls(OptionId id, std::string_view value) {
  const Expected<TlsMeaning> meaning = ApplyTlsOption(id, value, settings_.client.tls);
  if (!meaning.ok()) return meaning.error();
  wants_tls_ |= meaning->wants_tls;
  if (meaning->unsupported != nullptr) Unsupported(id, meaning->unsupported);
  return {};
}

Expected<Settings> Parser::Finish() {
  if (settings_.help || settings_.version) return std::move(settings_);
  for (const auto finish : {&Parser::FinishServer, &Parser::FinishSession, &Parser::FinishIdentity,
                            &Parser::FinishMessage}) {
    const Expected<void> done = (this->*finish)();
    if (!done.ok()) return done.error();
  }
  return std::move(settings_);
}

Expected<void> Parser::FinishServer() {
  if (settings_.client.tls.key_password.empty()) {
    settings_.client.tls.key_password = around_.key_password;
  }
  const Expected<void> tls = CheckTlsOptions(settings_.client.tls);
  if (!tls.ok()) return tls.error();
  if (port_ && endpoint_.transport != Transport::kUnix) endpoint_.port = *port_;
  // As with mosquitto, the port alone says it.
  if (port_ == kTlsPort) wants_tls_ = true;
  if (wants_tls_ && endpoint_.transport == Transport::kTcp) endpoint_.transport = Transport::kTls;
  if (wants_tls_ && endpoint_.transport == Transport::kWebSocket) {
    endpoint_.transport = Transport::kWebSocketTls;
  }
  settings_.client.servers.assign(1, endpoint_);
  return {};
}

Expected<void> Parser::FinishSession() {
  Options& client = settings_.client;
  if (wants_v5_ && client.version != ProtocolVersion::kV5 && is_version_given_) {
    return Bad("-V: properties (-D) and session expiry (-x) need version 5.\nFor example: -V 5");
  }
  if (wants_v5_) client.version = ProtocolVersion::kV5;
  const bool is_v5 = client.version == ProtocolVersion::kV5;
  if (!is_v5 && !is_in_flight_given_) client.in_flight_max = kInFlightBeforeV5;
  if (settings_.receive.retain_as_published && !is_v5) {
    return Bad("--retain-as-published: needs version 5.\nFor example: --retain-as-published -V 5");
  }
  if (keeps_session_) {
    client.session = SessionStart::kResume;
    if (is_v5 && client.session_expiry_s == 0) client.session_expiry_s = UINT32_MAX;
  }
  if (session_expiry_s_) client.session_expiry_s = *session_expiry_s_;
  const bool lasts = keeps_session_ || client.session_expiry_s == UINT32_MAX;
  if (lasts && !has_id_) {
    const std::string option = keeps_session_      ? "-c"
                               : session_expiry_s_ ? "-x"
                                                   : "-D connect session-expiry-interval";
    return Bad(option + ": a session that lasts needs a client identifier.\nFor example: " +
               (keeps_session_ ? "-c -i sensor-7" : "-x -1 -i sensor-7"));
  }
  return {};
}

Expected<void> Parser::FinishIdentity() {
  Options& client = settings_.client;
  if (has_id_ && has_id_prefix_) return Bad("-i and -I exclude each other.\nFor example: -i me");
  const bool is_v5 = client.version == ProtocolVersion::kV5;
  // 5.0: the server gives one. 3.1 knows no empty one and at most 23 characters.
  if (!has_id_ && !has_id_prefix_ && !is_v5) {
    client.client_id = "ringmq-" + std::string(around_.random_id.substr(0, 16));
  }
  if (!client.has_password && !around_.password.empty()) {
    client.has_password = true;
    client.password = around_.password;
  }
  if (settings_.scram && !(client.has_username && client.has_password)) {
    return Bad(
        "-D connect authentication-method: needs a name and a password.\n"
        "For example: -D connect authentication-method SCRAM-SHA-256 -u me -P secret");
  }
  if (client.has_password && !client.has_username && !is_v5) {
    return Bad("-P: before version 5 a password needs a user name.\nFor example: -u me -P secret");
  }
  if (client.will && client.will->topic.empty()) {
    return Bad(
        "--will-topic: what else is said of a will needs its topic.\n"
        "For example: --will-topic sensor/7/state");
  }
  return {};
}

Expected<void> Parser::FinishMessage() {
  const bool is_sub = settings_.command == Command::kSub;
  const std::string start = "For example: ringmq " + std::string(NameOf(settings_.command));
  if (settings_.topics.empty() && !(is_sub && !settings_.receive.unsubscribe.empty())) {
    return Bad("-t: a topic is needed.\n" + start +
               (is_sub ? " -t 'plant/#'" : " -t plant/1 -m on"));
  }
  if (is_sub) return {};
  PublishSettings& publish = settings_.publish;
  if (publish.source == PayloadSource::kNone) {
    return Bad(std::string("-m: one of -m, -f, ") +
               (settings_.command == Command::kPub ? "-l, " : "") +
               "-s and -n must say what the payload is.\n" + start + " -t plant/1 -m on");
  }
  if (publish.source == PayloadSource::kLines && publish.repeat_count > 1) {
    return Bad("--repeat: lines (-l) cannot be repeated.\n" + start +
               " -t plant/1 -m on --repeat 3");
  }
  if (settings_.command == Command::kRr && settings_.response_topic.empty()) {
    if (settings_.client.version != ProtocolVersion::kV5) {
      return Bad("-e: before version 5 the response topic must be said.\n" + start +
                 " -t lamp/get -e lamp/answer -n");
    }
    settings_.response_topic = "ringmq/rr/" + std::string(around_.random_id);
  }
  return {};
}

}  // namespace

Expected<Settings> ParseOptions(Command command, std::span<const std::string_view> words,
                                const Surroundings& around) {
  Parser parser(command, around);
  const Expected<void> config = parser.ReadConfig();
  if (!config.ok()) return config.error();
  const Expected<void> read = parser.Read(words);
  if (!read.ok()) return read.error();
  return parser.Finish();
}

}  // namespace ringmq::cli
