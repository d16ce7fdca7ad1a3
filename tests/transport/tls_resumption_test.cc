// Tickets: what a server seals into them, when it takes them back, and how a client keeps them.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tls_fixture.h"

namespace ringmq::transport {
namespace {

class TlsResumptionTest : public TlsTest {
 protected:
  enum class Outcome { kFailed, kFull, kResumed };

  static Outcome Connect(const TlsServerContextPtr& server, const TlsClientContextPtr& client,
                         const std::string& host = "localhost") {
    return Judge(TlsPair(server, client, host));
  }
  static Outcome ConnectAt(Instant now, const TlsServerContextPtr& server,
                           const TlsClientContextPtr& client) {
    return Judge(TlsPair(MakeServerLayer(server, now), MakeClientLayer(client, "localhost", 8883)));
  }
  static Outcome Judge(const TlsPair& pair) {
    if (!pair.open()) return Outcome::kFailed;
    const bool resumed = pair.server.facts().resumed;
    EXPECT_EQ(pair.client.facts().resumed, resumed);
    return resumed ? Outcome::kResumed : Outcome::kFull;
  }

  TlsClientOptions ClientOf(TlsVersion version) {
    TlsClientOptions options = ClientOptions();
    options.protocol.version_min = options.protocol.version_max = version;
    return options;
  }
};

TEST_F(TlsResumptionTest, ASecondConnectionIsResumed) {
  for (const TlsVersion version : kVersions) {
    const TlsServerContextPtr server = Server(ServerOptions());
    const TlsClientContextPtr client = Client(ClientOf(version));
    EXPECT_EQ(Connect(server, client), Outcome::kFull);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(Connect(server, client), Outcome::kResumed) << i;
  }
}

TEST_F(TlsResumptionTest, DataFlowsOverAResumedConnection) {
  for (const TlsVersion version : kVersions) {
    const TlsServerContextPtr server = Server(ServerOptions());
    const TlsClientContextPtr client = Client(ClientOf(version));
    { const TlsPair first(server, client); }
    TlsPair pair(server, client, "localhost", 1);
    ASSERT_TRUE(pair.client.facts().resumed);
    pair.client.Send("ping");
    pair.server.Send("pong");
    pair.Pump();
    EXPECT_EQ(Text(pair.server.up), "ping");
    EXPECT_EQ(Text(pair.client.up), "pong");
  }
}

TEST_F(TlsResumptionTest, NobodyResumesIfEitherEndIsToldNotTo) {
  for (const TlsVersion version : kVersions) {
    TlsServerOptions server_options = ServerOptions();
    TlsClientOptions client_options = ClientOf(version);
    client_options.resume = false;
    TlsClientContextPtr client = Client(client_options);
    const TlsServerContextPtr generous = Server(server_options);
    EXPECT_EQ(Connect(generous, client), Outcome::kFull);
    EXPECT_EQ(Connect(generous, client), Outcome::kFull);
    server_options.tickets = false;
    const TlsServerContextPtr strict = Server(server_options);
    EXPECT_EQ(strict->ticket_keys(), nullptr);
    client = Client(ClientOf(version));
    EXPECT_EQ(Connect(strict, client), Outcome::kFull);
    EXPECT_EQ(Connect(strict, client), Outcome::kFull);
  }
}

TEST_F(TlsResumptionTest, ContextsWithTheSameKeysTakeEachOthersTickets) {
  for (const TlsVersion version : kVersions) {
    const TlsServerContextPtr one = Server(ServerOptions());
    const TlsServerContextPtr same = Server(ServerOptions(), one->ticket_keys());
    const TlsServerContextPtr stranger = Server(ServerOptions());
    const TlsClientContextPtr client = Client(ClientOf(version));
    EXPECT_EQ(Connect(one, client), Outcome::kFull);
    EXPECT_EQ(Connect(same, client), Outcome::kResumed);
    EXPECT_EQ(Connect(stranger, client), Outcome::kFull);
  }
}

TEST_F(TlsResumptionTest, TicketsSurviveOneRotationAndNotTwo) {
  for (const TlsVersion version : kVersions) {
    const TlsServerContextPtr server = Server(ServerOptions());
    const TlsClientContextPtr client = Client(ClientOf(version));
    EXPECT_EQ(Connect(server, client), Outcome::kFull);
    server->ticket_keys()->Rotate();
    EXPECT_EQ(Connect(server, client), Outcome::kResumed);
    // That one brought a ticket of the new key, so a rotation later the client is still known.
    server->ticket_keys()->Rotate();
    EXPECT_EQ(Connect(server, client), Outcome::kResumed);
    server->ticket_keys()->Rotate();
    server->ticket_keys()->Rotate();
    EXPECT_EQ(Connect(server, client), Outcome::kFull);
  }
}

TEST_F(TlsResumptionTest, KeysRotateWhenTheyAreALifetimeOld) {
  TlsServerOptions options = ServerOptions();
  options.ticket_lifetime = 100 * kSecond;
  const TlsServerContextPtr server = Server(options);
  const TlsClientContextPtr client = Client(ClientOf(TlsVersion::k12));
  TlsTicketKeys& keys = *server->ticket_keys();
  const Instant start{1'000'000};
  keys.RotateIfDue(start);
  EXPECT_EQ(Connect(server, client), Outcome::kFull);
  keys.RotateIfDue(start + 99 * kSecond);
  keys.RotateIfDue(start + 99 * kSecond);
  keys.RotateIfDue(start + 199 * kSecond);  // The first that is due.
  keys.RotateIfDue(start + 200 * kSecond);
  EXPECT_EQ(Connect(server, client), Outcome::kResumed);
  keys.RotateIfDue(start + 299 * kSecond);
  keys.RotateIfDue(start + 399 * kSecond);
  EXPECT_EQ(Connect(server, client), Outcome::kFull);
}

TEST_F(TlsResumptionTest, AClientCertificateIsRememberedByTheTicket) {
  for (const TlsVersion version : kVersions) {
    const TlsServerContextPtr server = Server(MutualOptions(ClientCertificates::kRequired));
    TlsClientOptions options = ClientOf(version);
    options.key_pair = KeyPair("device", {.common_name = "device"});
    const TlsClientContextPtr client = Client(options);
    EXPECT_EQ(Connect(server, client), Outcome::kFull);
    const TlsPair pair(server, client);
    const TlsFacts facts = pair.server.facts();
    EXPECT_TRUE(facts.resumed);
    EXPECT_TRUE(facts.has_certificate);
    EXPECT_EQ(facts.certificate.common_name, "device");
    EXPECT_EQ(facts.server_name, "localhost");
  }
}

// Else a client whose certificate is revoked would come back with the ticket from before.
TEST_F(TlsResumptionTest, ATicketFromUnderOtherRulesMeansAFullHandshake) {
  for (const TlsVersion version : kVersions) {
    const support::Issued issued = authority_.Issue({.common_name = "device"});
    TlsClientOptions client_options = ClientOf(version);
    client_options.key_pair = Write("device", issued);
    const TlsClientContextPtr client = Client(client_options);
    TlsServerOptions options = MutualOptions(ClientCertificates::kRequired);
    options.trust.crl_file = folder_.Write("list.crl", authority_.RevocationList({}));
    const TlsServerContextPtr before = Server(options);
    EXPECT_EQ(Connect(before, client), Outcome::kFull);
    EXPECT_EQ(Connect(Server(options, before->ticket_keys()), client), Outcome::kResumed);
    folder_.Write("list.crl", authority_.RevocationList({issued.serial}));
    EXPECT_EQ(Connect(Server(options, before->ticket_keys()), client), Outcome::kFailed);
  }
}

// Each resumption brings a new ticket, which must not begin a new lifetime.
TEST_F(TlsResumptionTest, TheLifetimeIsThatSinceTheFullHandshake) {
  for (const TlsVersion version : kVersions) {
    TlsServerOptions options = ServerOptions();
    options.ticket_lifetime = 100 * kSecond;
    const TlsServerContextPtr server = Server(options);
    const TlsClientContextPtr client = Client(ClientOf(version));
    const Instant start{7};
    EXPECT_EQ(ConnectAt(start, server, client), Outcome::kFull);
    for (const int64_t age_s : {1, 40, 80, 99}) {
      // With TLS 1.2 only a ticket of an older key is renewed.
      if (age_s == 80) server->ticket_keys()->Rotate();
      EXPECT_EQ(ConnectAt(start + age_s * kSecond, server, client), Outcome::kResumed) << age_s;
    }
    EXPECT_EQ(ConnectAt(start + 100 * kSecond, server, client), Outcome::kFull);
    EXPECT_EQ(ConnectAt(start + 199 * kSecond, server, client), Outcome::kResumed);
    EXPECT_EQ(ConnectAt(start + 200 * kSecond, server, client), Outcome::kFull);
  }
}

TEST_F(TlsResumptionTest, ATicketSaysHowLongItMayStillBeUsed) {
  TlsServerOptions options = ServerOptions();
  options.ticket_lifetime = 100 * kSecond;
  const TlsServerContextPtr server = Server(options);
  const TlsClientContextPtr client = Client(ClientOf(TlsVersion::k13));
  const auto hint = [&] {
    const auto layer = MakeClientLayer(client, "localhost", 8883);
    return SSL_SESSION_get_ticket_lifetime_hint(SSL_get_session(layer->ssl()));
  };
  EXPECT_EQ(ConnectAt(Instant{}, server, client), Outcome::kFull);
  EXPECT_EQ(hint(), 100u);
  EXPECT_EQ(ConnectAt(Instant{} + 40 * kSecond, server, client), Outcome::kResumed);
  EXPECT_EQ(hint(), 60u);
}

// Method: the first handshake does not look at the time, as if it were long ago.
TEST_F(TlsResumptionTest, ACertificateThatHasExpiredSinceDoesNotComeBack) {
  for (const TlsVersion version : kVersions) {
    const TlsServerContextPtr server = Server(MutualOptions(ClientCertificates::kRequired));
    TlsClientOptions options = ClientOf(version);
    options.key_pair =
        KeyPair("device", {.common_name = "device", .valid_from_days = -3, .valid_until_days = -1});
    const TlsClientContextPtr client = Client(options);
    auto layer = MakeServerLayer(server, Instant{});
    X509_VERIFY_PARAM_set_flags(SSL_get0_param(const_cast<SSL*>(layer->ssl())),
                                X509_V_FLAG_NO_CHECK_TIME);
    EXPECT_EQ(Judge(TlsPair(std::move(layer), MakeClientLayer(client, "localhost", 8883))),
              Outcome::kFull);
    const TlsPair pair(server, client);
    EXPECT_EQ(pair.server.state(), LayerState::kFailed);
    EXPECT_THAT(pair.server.error(), testing::HasSubstr("expired"));
  }
}

TEST_F(TlsResumptionTest, ATicketDoesNotOutliveTheRevocationList) {
  for (const TlsVersion version : kVersions) {
    TlsServerOptions server_options = MutualOptions(ClientCertificates::kRequired);
    server_options.trust.crl_file =
        folder_.Write("list.crl", authority_.RevocationList({}, {.valid_until_days = -1}));
    const TlsServerContextPtr server = Server(server_options);
    TlsClientOptions options = ClientOf(version);
    options.key_pair = KeyPair("device", {.common_name = "device"});
    const TlsClientContextPtr client = Client(options);
    auto layer = MakeServerLayer(server, Instant{});
    X509_VERIFY_PARAM_set_flags(SSL_get0_param(const_cast<SSL*>(layer->ssl())),
                                X509_V_FLAG_NO_CHECK_TIME);
    EXPECT_EQ(Judge(TlsPair(std::move(layer), MakeClientLayer(client, "localhost", 8883))),
              Outcome::kFull);
    EXPECT_EQ(Connect(server, client), Outcome::kFailed);
  }
}

TEST_F(TlsResumptionTest, TheContentOfADirectoryCountsAndNotItsName) {
  for (const TlsVersion version : kVersions) {
    const support::PemFolder directory;
    directory.Write("0123abcd.0", authority_.certificate());
    TlsServerOptions options = MutualOptions(ClientCertificates::kRequired);
    options.trust = {.ca_path = directory.path()};
    TlsClientOptions client_options = ClientOf(version);
    client_options.key_pair = KeyPair("device", {.common_name = "device"});
    const TlsClientContextPtr client = Client(client_options);
    const TlsServerContextPtr before = Server(options);
    EXPECT_EQ(Connect(before, client), Outcome::kFull);
    EXPECT_EQ(Connect(Server(options, before->ticket_keys()), client), Outcome::kResumed);
    support::Authority other("Other CA");
    directory.Write("0123abcd.0", other.certificate());
    EXPECT_EQ(Connect(Server(options, before->ticket_keys()), client), Outcome::kFailed);
  }
}

TEST_F(TlsResumptionTest, ATicketWithoutACertificateDoesNotReplaceOne) {
  for (const TlsVersion version : kVersions) {
    const TlsServerContextPtr open = Server(MutualOptions(ClientCertificates::kOff));
    const TlsServerContextPtr guarded =
        Server(MutualOptions(ClientCertificates::kRequired), open->ticket_keys());
    const TlsClientContextPtr client = Client(ClientOf(version));
    EXPECT_EQ(Connect(open, client), Outcome::kFull);
    EXPECT_EQ(Connect(guarded, client), Outcome::kFailed);
  }
}

TEST_F(TlsResumptionTest, SessionsOfOneServerAreNotOfferedToAnother) {
  TlsServerOptions options = ServerOptions();
  options.key_pairs = {KeyPair("two", {.common_name = "x", .dns_names = {"localhost", "two.org"}})};
  const TlsServerContextPtr server = Server(options);
  const TlsClientContextPtr client = Client(ClientOptions());
  EXPECT_EQ(Connect(server, client, "localhost"), Outcome::kFull);
  EXPECT_EQ(Connect(server, client, "two.org"), Outcome::kFull);
  EXPECT_EQ(Connect(server, client, "localhost"), Outcome::kResumed);
  EXPECT_EQ(Connect(server, client, "two.org"), Outcome::kResumed);
}

TEST_F(TlsResumptionTest, ATicketOfTls13IsUsedOnceUnlessToldOtherwise) {
  for (const bool reused : {false, true}) {
    TlsServerOptions server_options = ServerOptions();
    server_options.ticket_count = 1;
    const TlsServerContextPtr server = Server(server_options);
    TlsClientOptions options = ClientOf(TlsVersion::k13);
    options.tickets_reused = reused;
    const TlsClientContextPtr client = Client(options);
    EXPECT_EQ(Connect(server, client), Outcome::kFull);
    // Two that begin before either has brought a new ticket.
    const auto first = MakeClientLayer(client, "localhost", 8883);
    const auto second = MakeClientLayer(client, "localhost", 8883);
    EXPECT_NE(SSL_get_session(first->ssl()), nullptr);
    EXPECT_EQ(SSL_get_session(second->ssl()) != nullptr, reused);
  }
}

TEST_F(TlsResumptionTest, GivesAsManyTicketsAsItIsTold) {
  for (const uint8_t count : {uint8_t{1}, uint8_t{2}}) {
    TlsServerOptions server_options = ServerOptions();
    server_options.ticket_count = count;
    const TlsServerContextPtr server = Server(server_options);
    const TlsClientContextPtr client = Client(ClientOf(TlsVersion::k13));
    EXPECT_EQ(Connect(server, client), Outcome::kFull);
    for (int i = 0; i < 3; ++i) {
      const auto layer = MakeClientLayer(client, "localhost", 8883);
      EXPECT_EQ(SSL_get_session(layer->ssl()) != nullptr, i < count) << i;
    }
  }
}

TEST_F(TlsResumptionTest, TheClientsMemoryIsBounded) {
  TlsSessionCache cache(false);
  for (size_t i = 0; i < 2 * TlsSessionCache::kKeysMax; ++i) {
    for (size_t j = 0; j < 2 * TlsSessionCache::kSessionsPerKeyMax; ++j) {
      TlsSession session(SSL_SESSION_new());
      SSL_SESSION_set_protocol_version(session.get(), TLS1_3_VERSION);
      cache.Put(std::to_string(i), std::move(session));
    }
  }
  EXPECT_EQ(cache.Take("0"), nullptr);
  const std::string last = std::to_string(2 * TlsSessionCache::kKeysMax - 1);
  size_t count = 0;
  for (int i = 0; i < 100; ++i) count += cache.Take(last) != nullptr ? 1 : 0;
  EXPECT_EQ(count, TlsSessionCache::kSessionsPerKeyMax);
}

// Goal: contexts, ticket keys and the client's memory serve threads at once, also while a reload
// replaces keys.
TEST_F(TlsResumptionTest, ManyThreadsShareTheContexts) {
  const TlsServerContextPtr server = Server(ServerOptions());
  for (const TlsVersion version : kVersions) {
    const TlsClientContextPtr client = Client(ClientOf(version));
    std::atomic<int> failed = 0;
    std::atomic<int> resumed = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 25; ++i) {
          const Outcome outcome = Connect(server, client);
          failed += outcome == Outcome::kFailed ? 1 : 0;
          resumed += outcome == Outcome::kResumed ? 1 : 0;
          if (t == 0 && i % 8 == 0) server->ticket_keys()->Rotate();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(failed, 0);
    EXPECT_GT(resumed, 20);
  }
}

}  // namespace
}  // namespace ringmq::transport
