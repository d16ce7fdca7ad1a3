// SPDX-License-Identifier: Apache-2.0
#include "broker/enhanced_auth.h"

#include <utility>

#include "base/check.h"

namespace ringmq::broker {

void AuthMethods::Add(std::unique_ptr<AuthMethod> method) {
  RMQ_CHECK(method != nullptr);
  RMQ_CHECK(!Offers(method->name()));
  methods_.push_back(std::move(method));
}

std::unique_ptr<AuthExchange> AuthMethods::Begin(std::string_view method,
                                                 std::string_view client_id,
                                                 std::string_view username) const {
  const AuthMethod* const found = Find(method);
  return found == nullptr ? nullptr : found->Begin(client_id, username);
}

bool AuthMethods::Offers(std::string_view method) const { return Find(method) != nullptr; }

const AuthMethod* AuthMethods::Find(std::string_view name) const {
  for (const auto& method : methods_) {
    if (method->name() == name) return method.get();
  }
  return nullptr;
}

}  // namespace ringmq::broker
