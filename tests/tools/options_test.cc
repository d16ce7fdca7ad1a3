// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "complaint.h"
#include "key_password.h"

namespace ringmq::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

Expected<Settings> Parse(Command command, std::vector<std::string_view> words,
                         Surroundings around = {}) {
  around.random_id = "0123456789abcdefghij";
  around.process_id = 77;
  return ParseOptions(command, words, around);
}

Settings Good(Command command, std::vector<std::string_view> words, Surroundings around = {}) {
  Expected<Settings> parsed = Parse(command, std::move(words), around);
  EXPECT_TRUE(parsed.ok()) << (parsed.ok() ? "" : parsed.error().detail());
  return parsed.ok() ? *parsed : Settings{};
}

std::string Complaint(Command command, std::vector<std::string_view> words,
                      Surroundings around = {}) {
  Expected<Settings> parsed = Parse(command, std::move(words), around);
  EXPECT_FALSE(parsed.ok());
  return parsed.ok() ? "" : parsed.error().detail();
}

TEST(Options, PublishesToLocalhostWithMqtt311UnlessSaidOtherwise) {
  const Settings settings = Good(Command::kPub, {"-t", "a/b", "-m", "on"});
  EXPECT_THAT(settings.client.servers, ElementsAre(Endpoint{.host = "localhost"}));
  EXPECT_EQ(settings.client.version, ProtocolVersion::kV311);
  EXPECT_EQ(settings.client.client_id, "ringmq-0123456789abcdef");
  EXPECT_EQ(settings.client.session, SessionStart::kFresh);
  EXPECT_EQ(settings.client.keep_alive_s, 60);
  EXPECT_THAT(settings.topics, ElementsAre("a/b"));
  EXPECT_EQ(settings.publish.source, PayloadSource::kArgument);
  EXPECT_EQ(settings.publish.payload, "on");
  EXPECT_EQ(settings.publish.repeat_count, 1u);
}

TEST(Options, RequestsWithMqtt5AndMakesUpAResponseTopic) {
  const Settings settings = Good(Command::kRr, {"-t", "a", "-n"});
  EXPECT_EQ(settings.client.version, ProtocolVersion::kV5);
  EXPECT_EQ(settings.client.client_id, "");
  EXPECT_EQ(settings.response_topic, "ringmq/rr/0123456789abcdefghij");
  EXPECT_EQ(Good(Command::kRr, {"-t", "a", "-n", "-V", "311", "-e", "r"}).response_topic, "r");
  EXPECT_THAT(Complaint(Command::kRr, {"-t", "a", "-n", "-V", "311"}), HasSubstr("-e: before"));
}

TEST(Options, TakeLongNamesWithAndWithoutEqualsSign) {
  const Settings settings = Good(
      Command::kPub, {"--host=h", "--port", "1884", "--topic=a=b", "--message=", "--qos", "2"});
  EXPECT_THAT(settings.client.servers, ElementsAre(Endpoint{.host = "h", .port = 1884}));
  EXPECT_THAT(settings.topics, ElementsAre("a=b"));
  EXPECT_EQ(settings.publish.payload, "");
  EXPECT_EQ(settings.qos, Qos::kExactlyOnce);
}

TEST(Options, ReadUrlsWithTheirTopic) {
  const Settings settings =
      Good(Command::kSub, {"-L", "mqtt://me:s%40e@[::1]:1999/plant/#", "-t", "b"});
  EXPECT_THAT(settings.client.servers, ElementsAre(Endpoint{.host = "::1", .port = 1999}));
  EXPECT_EQ(settings.client.username, "me");
  EXPECT_EQ(settings.client.password, "s@e");
  EXPECT_THAT(settings.topics, ElementsAre("plant/#", "b"));
}

TEST(Options, ChooseTheTransport) {
  const auto transport = [](std::vector<std::string_view> words) {
    words.insert(words.end(), {"-t", "a", "-n"});
    return Good(Command::kPub, words).client.servers.at(0);
  };
  EXPECT_EQ(transport({"--cafile", "ca.pem"}).transport, Transport::kTls);
  EXPECT_EQ(transport({"-p", "8883"}).transport, Transport::kTls);
  EXPECT_EQ(transport({"-L", "mqtts://h"}).transport, Transport::kTls);
  EXPECT_EQ(transport({"-L", "ws://h/chat"}),
            (Endpoint{.transport = Transport::kWebSocket, .host = "h", .path = "/chat"}));
  EXPECT_EQ(transport({"-L", "wss://h:1"}).path, "/mqtt");
  EXPECT_EQ(transport({"--unix", "/run/m"}),
            (Endpoint{.transport = Transport::kUnix, .host = "/run/m"}));
  EXPECT_EQ(transport({"-L", "unix:///run/m"}).host, "/run/m");
}

TEST(Options, ReadProxies) {
  const Settings settings =
      Good(Command::kPub, {"-t", "a", "-n", "--proxy", "socks5h://u%3A:p@proxy"});
  EXPECT_EQ(settings.client.proxy.kind, ProxyKind::kSocks5);
  EXPECT_EQ(settings.client.proxy.port, 1080);
  EXPECT_EQ(settings.client.proxy.username, "u:");
  const Settings within_tls =
      Good(Command::kPub, {"-t", "a", "-n", "--proxy", "https://proxy:443"});
  EXPECT_EQ(within_tls.client.proxy.kind, ProxyKind::kHttpConnect);
  EXPECT_TRUE(within_tls.client.proxy.tls.has_value());
  EXPECT_THAT(Complaint(Command::kPub, {"--proxy", "ftp://x"}), HasSubstr("neither socks5h"));
}

TEST(Options, KeepSessionsForEverUnlessTheExpiryIsGiven) {
  const Settings settings = Good(Command::kSub, {"-t", "a", "-c", "-i", "me", "-V", "5"});
  EXPECT_EQ(settings.client.session, SessionStart::kResume);
  EXPECT_EQ(settings.client.session_expiry_s, UINT32_MAX);
  const Settings hour = Good(Command::kSub, {"-t", "a", "-c", "-i", "me", "-x", "3600"});
  EXPECT_EQ(hour.client.version, ProtocolVersion::kV5);
  EXPECT_EQ(hour.client.session_expiry_s, 3600u);
  EXPECT_THAT(Complaint(Command::kSub, {"-t", "a", "-c"}), HasSubstr("For example: -c -i"));
}

TEST(Options, StayWithFewMessagesUnderWayWhereTheServerCannotSayHowManyItTakes) {
  EXPECT_EQ(Good(Command::kPub, {"-t", "a", "-n"}).client.in_flight_max, 20);
  EXPECT_EQ(Good(Command::kPub, {"-t", "a", "-n", "-M", "99"}).client.in_flight_max, 99);
  EXPECT_EQ(Good(Command::kPub, {"-t", "a", "-n", "-V", "5"}).client.in_flight_max, 1024);
}

TEST(Options, ReadPropertiesInTwoLevels) {
  const Settings settings = Good(Command::kPub, {"-t",
                                                 "a",
                                                 "-m",
                                                 "x",
                                                 "-D",
                                                 "publish",
                                                 "user-property",
                                                 "a",
                                                 "b",
                                                 "-D",
                                                 "PUBLISH",
                                                 "content-type",
                                                 "text",
                                                 "-D",
                                                 "publish",
                                                 "message-expiry-interval",
                                                 "7",
                                                 "-D",
                                                 "connect",
                                                 "receive-maximum",
                                                 "9",
                                                 "-D",
                                                 "will",
                                                 "will-delay-interval",
                                                 "3",
                                                 "--will-topic",
                                                 "w"});
  EXPECT_EQ(settings.client.version, ProtocolVersion::kV5);
  EXPECT_THAT(settings.publish.properties.user, ElementsAre(Pair("a", "b")));
  EXPECT_EQ(settings.publish.properties.content_type, "text");
  EXPECT_EQ(settings.publish.expires_after.count(), 7000);
  EXPECT_EQ(settings.client.receive_maximum, 9);
  EXPECT_EQ(settings.client.will->delay_s, 3u);
  EXPECT_TRUE(settings.unsupported.empty());
}

TEST(Options, SayWhatIsWrongWithAProperty) {
  EXPECT_THAT(Complaint(Command::kPub, {"-D", "publish", "colour", "red"}),
              HasSubstr("'colour' is no property of publish, which has content-type, "));
  EXPECT_THAT(Complaint(Command::kPub, {"-D", "pubish", "colour", "red"}),
              HasSubstr("'pubish' is none of connect, publish"));
  EXPECT_THAT(Complaint(Command::kPub, {"-D", "publish", "user-property", "a"}),
              HasSubstr("a key and a value"));
  EXPECT_THAT(Complaint(Command::kPub, {"-D", "connect", "receive-maximum", "70000"}),
              HasSubstr("'70000' is not a number from 1 to 65535"));
}

TEST(Options, RememberWhatThisBuildCannotDo) {
  const Settings settings = Good(Command::kSub, {"-t", "a", "--tls-engine", "x", "-D", "connect",
                                                 "authentication-method", "KERBEROS"});
  EXPECT_THAT(settings.unsupported,
              ElementsAre("--tls-engine: OpenSSL 3 has given engines up",
                          "-D connect authentication-method: SCRAM-SHA-256 alone is built in"));
  EXPECT_FALSE(settings.scram);
}

TEST(Options, GiveEveryPacketItsUserProperties) {
  const Settings settings = Good(Command::kSub, {"-t",
                                                 "a",
                                                 "-D",
                                                 "subscribe",
                                                 "user-property",
                                                 "s",
                                                 "1",
                                                 "-D",
                                                 "unsubscribe",
                                                 "user-property",
                                                 "u",
                                                 "2",
                                                 "-D",
                                                 "disconnect",
                                                 "user-property",
                                                 "d",
                                                 "3",
                                                 "-D",
                                                 "connect",
                                                 "user-property",
                                                 "c",
                                                 "4",
                                                 "-D",
                                                 "connect",
                                                 "request-problem-information",
                                                 "0",
                                                 "-D",
                                                 "subscribe",
                                                 "subscription-identifier",
                                                 "5"});
  EXPECT_THAT(settings.receive.subscribe_properties, ElementsAre(Pair("s", "1")));
  EXPECT_THAT(settings.receive.unsubscribe_properties, ElementsAre(Pair("u", "2")));
  EXPECT_THAT(settings.disconnect.user_properties, ElementsAre(Pair("d", "3")));
  EXPECT_THAT(settings.client.connect_user_properties, ElementsAre(Pair("c", "4")));
  EXPECT_FALSE(settings.client.request_problem_information);
  EXPECT_EQ(settings.receive.subscription_id, 5u);
  EXPECT_TRUE(settings.unsupported.empty());
}

TEST(Options, ProveAPasswordOnlyIfThereIsOne) {
  const std::vector<std::string_view> words = {
      "-t", "a", "-D", "connect", "authentication-method", "SCRAM-SHA-256", "-u", "me"};
  EXPECT_THAT(Complaint(Command::kSub, words), HasSubstr("-D connect authentication-method SCRAM"));
  EXPECT_TRUE(Good(Command::kSub, words, {.password = "secret"}).scram);
}

TEST(Options, TakeSchemesInLettersOfAnySize) {
  const Settings settings =
      Good(Command::kSub, {"-L", "MQTTS://h/t", "--proxy", "SOCKS5h://proxy"});
  EXPECT_EQ(settings.client.servers.at(0).transport, Transport::kTls);
  EXPECT_EQ(settings.client.proxy.kind, ProxyKind::kSocks5);
}

struct Wrong {
  Command command;
  std::string line;  // Words with blanks between them.
  std::string why;
};

void ExpectComplaint(const Wrong& wrong) {
  std::vector<std::string_view> words;
  for (std::string_view rest = wrong.line; !rest.empty();) {
    const size_t end = std::min(rest.find(' '), rest.size());
    words.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  EXPECT_THAT(Complaint(wrong.command, words), HasSubstr(wrong.why)) << wrong.line;
}

TEST(Options, NameTheOptionAndGiveAnExampleInEveryComplaint) {
  const Wrong kWrong[] = {
      {Command::kPub, "-p 70000",
       "-p: '70000' is not a port (1 to 65535)\nFor example: ringmq pub "
       "-p 1884"},
      {Command::kPub, "-p", "-p: number: the value is missing"},
      {Command::kPub, "-q 3", "-q: '3' is none of 0, 1, 2"},
      {Command::kPub, "-k 4", "'4' is not a number from 5 to 65535"},
      {Command::kPub, "-V 4", "'4' is none of 5, 311, 31"},
      {Command::kPub, "-t a/#", "'a/#' is not a topic to publish to"},
      {Command::kSub, "-t a#", "'a#' is not a topic filter"},
      {Command::kPub, "-m a -f b", "-f: only one of -m, -f"},
      {Command::kPub, "-t a -m a -m b",
       "-m: only one of -m, -f, -l, -s and -n can say what the payload"},
      {Command::kPub, "-t a -n -n", "-n: only one of"},
      {Command::kPub, "-m a", "-t: a topic is needed.\nFor example: ringmq pub -t plant/1 -m on"},
      {Command::kPub, "-t a", "-m: one of -m, -f, -l, -s and -n"},
      {Command::kPub, "--hots x", "--hots: no such option; perhaps -h, --host <name>"},
      {Command::kPub, "hello", "'hello' stands alone"},
      {Command::kPub, "-C 1", "-C: no such option"},
      {Command::kPub, "--retain=1", "--retain: takes no value"},
      {Command::kPub, "-t a -l --repeat 2", "--repeat: lines"},
      {Command::kPub, "-t a -n -P x", "-P: before version 5 a password needs a user name"},
      {Command::kPub, "-t a -n --cert x", "--cert and --key go together"},
      {Command::kPub, "-t a -n --will-qos 1", "--will-topic:"},
      {Command::kPub, "-t a -n -i x -I y", "-i and -I exclude each other"},
      {Command::kSub, "-t a -V 311 -x 1", "-V: properties (-D) and session expiry (-x)"},
      {Command::kPub, "-t a -n -D publish content-type x -V 311", "-V: properties (-D)"},
      {Command::kSub, "-t a --retain-as-published", "--retain-as-published: needs version 5"},
      {Command::kSub, "-R --retained-only", "-R and --retained-only together"},
      {Command::kSub, "-F %y", "-F: '%y' has no meaning"},
      {Command::kSub, "-W 0", "-W: '0' is not a time in seconds"},
      {Command::kSub, "-W nan", "-W: 'nan' is not a time in seconds"},
      {Command::kSub, "-L http://x", "-L: 'http' is none of mqtt, mqtts, ws, wss, unix"},
      {Command::kSub, "-L mqtt://x:0", "'0' is not a port"},
      {Command::kSub, "-L localhost", "the scheme is missing"},
  };
  for (const Wrong& wrong : kWrong) ExpectComplaint(wrong);
}

TEST(Options, RefuseWhatTheServerOrTlsWouldNotTake) {
  const Wrong kWrong[] = {
      {Command::kSub, "-t a -x -1", "-x: a session that lasts needs a client identifier"},
      {Command::kSub, "-t a -D connect session-expiry-interval 4294967295",
       "-D connect session-expiry-interval: a session that lasts"},
      {Command::kSub, "--tls-version tlsv13",
       "--tls-version: 'tlsv13' is neither tlsv1.3 nor tlsv1.2; older ones are not safe\n"
       "For example: ringmq sub --tls-version tlsv1.3"},
      {Command::kSub, "--tls-version tlsv1.1", "--tls-version: 'tlsv1.1' is neither"},
      {Command::kSub, "--tls-version nonsense", "--tls-version: 'nonsense' is neither"},
      {Command::kSub, "--tls-version=", "--tls-version: '' is neither"},
      {Command::kSub, "--keyform der", "--keyform: 'der' is neither pem nor engine"},
      {Command::kSub, "--psk zz", "--psk: the key is not an even number of hexadecimal digits"},
      {Command::kSub, "--psk 00aa", "--psk: a key has 8 to 512 bytes"},
      {Command::kSub, "-D connect receive-maximum 0", "'0' is not a number from 1 to 65535"},
      {Command::kSub, "-D connect maximum-packet-size 63",
       "maximum-packet-size: '63' is not a number from 64 to 4294967295"},
      {Command::kSub, "-D subscribe subscription-identifier 0", "is not a number from 1 to"},
      {Command::kSub, "-h a\r\nEvil:1", "-h: a host is a name in ASCII or an address"},
      {Command::kSub, "--host=", "--host: the host is missing"},
      {Command::kSub, "-h me@a", "-h: a host is"},
      {Command::kSub, "-L mqtt://a\tb/t", "-L: a host is"},
      {Command::kSub, "--proxy http://a\x01:80", "--proxy: a host is"},
  };
  for (const Wrong& wrong : kWrong) ExpectComplaint(wrong);
}

TEST(Options, TakeDefaultsFromAFileAndLetTheCommandLineWin) {
  const Surroundings around{.config =
                                "# mine\n-h broker.example\n-q 1\n--will-topic a b\n"
                                "-D publish user-property k v w\n--will-retain\r\n"};
  const Settings settings = Good(Command::kPub, {"-t", "a", "-n", "-q", "2"}, around);
  EXPECT_EQ(settings.client.servers.at(0).host, "broker.example");
  EXPECT_EQ(settings.qos, Qos::kExactlyOnce);
  EXPECT_EQ(settings.client.will->topic, "a b");
  EXPECT_TRUE(settings.client.will->retain);
  EXPECT_THAT(settings.publish.properties.user, ElementsAre(Pair("k", "v w")));
  EXPECT_THAT(Complaint(Command::kPub, {}, {.config = "\n-p x\n", .config_path = "/c"}),
              HasSubstr("/c:2: -p: 'x' is not a port"));
}

TEST(Options, TakeThePasswordFromTheEnvironmentUnlessOneIsGiven) {
  const Surroundings around{.password = "hidden"};
  EXPECT_EQ(Good(Command::kPub, {"-t", "a", "-n", "-u", "me"}, around).client.password, "hidden");
  EXPECT_EQ(Good(Command::kPub, {"-t", "a", "-n", "-u", "me", "-P", "x"}, around).client.password,
            "x");
}

TEST(Options, TellWhichOptionTheLibraryRefuses) {
  Settings settings{.command = Command::kSub};
  settings.client.tls.ca_file = "/x";
  settings.client.tls.key_file = "/x.key";
  EXPECT_EQ(InTermsOfOptions(settings, "cannot read /x: No such file"),
            "--cafile: cannot read /x: No such file\nFor example: ringmq sub --cafile ca.pem");
  EXPECT_THAT(InTermsOfOptions(settings, "wrong password for the key in /x.key"),
              HasSubstr("--keypass: wrong password"));
  EXPECT_THAT(InTermsOfOptions(settings, "no key in /x.key"), HasSubstr("--key: no key in"));
  EXPECT_EQ(InTermsOfOptions(settings, "connect_user_properties: no UTF-8"),
            "-D connect user-property: no UTF-8\n"
            "For example: ringmq sub -D connect user-property site north");
  EXPECT_THAT(InTermsOfOptions(settings, "proxy: a name"), HasSubstr("--proxy: a name\n"));
}

TEST(Options, TakeThePasswordOfTheKeyFromTheEnvironmentUnlessOneIsGiven) {
  const Surroundings around{.key_password = "hidden"};
  const std::vector<std::string_view> words = {"-t", "a", "--cert", "c", "--key", "k"};
  EXPECT_EQ(Good(Command::kSub, words, around).client.tls.key_password, "hidden");
  std::vector<std::string_view> more = words;
  more.insert(more.end(), {"--keypass", "shown"});
  EXPECT_EQ(Good(Command::kSub, more, around).client.tls.key_password, "shown");
}

TEST(Options, KnowAnEncryptedKey) {
  EXPECT_TRUE(IsEncryptedKey("x\n-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII"));
  EXPECT_TRUE(IsEncryptedKey("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"));
  EXPECT_FALSE(IsEncryptedKey("-----BEGIN PRIVATE KEY-----\nMII"));
}

TEST(Options, HelpWinsOverEverything) {
  EXPECT_TRUE(Good(Command::kPub, {"--help", "-p", "x"}).help);
  EXPECT_TRUE(Good(Command::kSub, {"-q", "1", "--version"}).version);
}

}  // namespace
}  // namespace ringmq::cli
