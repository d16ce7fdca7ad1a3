// The seam for AUTH, with a trivial challenge and response: the server sends "7", the client
// answers with its user name and the successor.
//
// SPDX-License-Identifier: Apache-2.0
#include "broker/enhanced_auth.h"

#include <gtest/gtest.h>

namespace ringmq::broker {
namespace {

class SuccessorExchange final : public AuthExchange {
 public:
  explicit SuccessorExchange(std::string_view username) : username_(username) {}

  AuthStep Continue(std::string_view data) override {
    if (!asked_) {
      asked_ = true;
      return {.kind = AuthStepKind::kContinue, .data = "7", .username = ""};
    }
    if (data != username_ + "8") return {};
    return {.kind = AuthStepKind::kSuccess, .data = "welcome", .username = username_};
  }

 private:
  std::string username_;
  bool asked_ = false;
};

class SuccessorMethod final : public AuthMethod {
 public:
  std::string_view name() const override { return "SUCCESSOR"; }
  std::unique_ptr<AuthExchange> Begin(std::string_view, std::string_view username) const override {
    return std::make_unique<SuccessorExchange>(username);
  }
};

class EnhancedAuth : public ::testing::Test {
 protected:
  void SetUp() override { methods_.Add(std::make_unique<SuccessorMethod>()); }
  AuthMethods methods_;
};

TEST_F(EnhancedAuth, ARightAnswerSucceedsWithTheProvedName) {
  const auto exchange = methods_.Begin("SUCCESSOR", "c1", "ann");
  ASSERT_NE(exchange, nullptr);
  const AuthStep challenge = exchange->Continue("");
  EXPECT_EQ(challenge.kind, AuthStepKind::kContinue);
  EXPECT_EQ(challenge.data, "7");
  const AuthStep verdict = exchange->Continue("ann8");
  EXPECT_EQ(verdict.kind, AuthStepKind::kSuccess);
  EXPECT_EQ(verdict.username, "ann");
}

TEST_F(EnhancedAuth, AWrongAnswerFails) {
  const auto exchange = methods_.Begin("SUCCESSOR", "c1", "ann");
  (void)exchange->Continue("");
  EXPECT_EQ(exchange->Continue("bob8").kind, AuthStepKind::kFail);
}

TEST_F(EnhancedAuth, ExchangesAreIndependent) {
  const auto one = methods_.Begin("SUCCESSOR", "c1", "ann");
  const auto two = methods_.Begin("SUCCESSOR", "c2", "bob");
  (void)one->Continue("");
  EXPECT_EQ(two->Continue("").kind, AuthStepKind::kContinue);
  EXPECT_EQ(one->Continue("ann8").kind, AuthStepKind::kSuccess);
}

TEST_F(EnhancedAuth, UnknownMethodsAreNotOffered) {  // [MQTT-4.12.0-1]
  EXPECT_FALSE(methods_.Offers("SCRAM-SHA-256"));
  EXPECT_FALSE(methods_.Offers("successor"));
  EXPECT_EQ(methods_.Begin("SCRAM-SHA-256", "c1", "ann"), nullptr);
  EXPECT_EQ(AuthMethods().Begin("", "c1", ""), nullptr);
}

}  // namespace
}  // namespace ringmq::broker
