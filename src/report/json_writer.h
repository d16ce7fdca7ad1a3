// A visitor of the fields of a Result (result_fields.h) that makes JSON of them.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/result_fields.h"

namespace ringmq::report {

using Json = nlohmann::ordered_json;
using Config = std::vector<std::pair<std::string, std::string>>;

inline constexpr std::array<const char*, 5> kVerdictKinds = {
    "valid", "target_limited", "generator_limited", "incomplete", "not_measured"};

class JsonWriter {
 public:
  // What was not verified in `result`, or in one of its phases, is null. No result: everything was.
  using IsVerifiedIn = bool (*)(const Result& result, std::string_view count);
  explicit JsonWriter(Json& out, const Result* result = nullptr,
                      IsVerifiedIn is_verified = IsVerified)
      : out_(out), result_(result), is_verified_(is_verified) {}

  void operator()(const char* name, const auto& value) { out_[name] = value; }

  void Object(const char* name, const auto& value) {
    Json& object = out_[name] = Json::object();
    JsonWriter inner(object, result_, is_verified_);
    VisitFields(inner, value);
  }

  void Verified(const char* name, uint64_t count) {
    if (result_ == nullptr || is_verified_(*result_, name)) {
      out_[name] = count;
    } else {
      out_[name] = nullptr;
    }
  }

  template <typename Struct>
  void List(const char* name, const std::vector<Struct>& list) {
    constexpr IsVerifiedIn kHere = Is<Struct, LoadPhase> ? IsVerifiedOfPhase : IsVerified;
    Json& array = out_[name] = Json::array();
    for (const Struct& value : list) {
      JsonWriter inner(array.emplace_back(Json::object()), result_, kHere);
      VisitFields(inner, value);
    }
  }

  void Optional(const char* name, const auto& value) {
    if (value) Object(name, *value);
  }

  void Special(const char* name, const std::map<uint8_t, uint64_t>& by_reason) {
    Json& object = out_[name] = Json::object();
    for (const auto& [code, count] : by_reason) object[std::to_string(code)] = count;
  }
  template <typename Value>
  void Special(const char* name, const std::map<std::string, Value>& map) {
    Json& object = out_[name] = Json::object();
    for (const auto& [key, value] : map) object[key] = value;
  }
  void Special(const char* name, const std::vector<std::string>& texts) { out_[name] = texts; }
  void Special(const char* name, const Config& config) {
    Json& array = out_[name] = Json::array();
    for (const auto& [key, value] : config) {
      array.push_back(Json{{"name", key}, {"value", value}});
    }
  }
  // Most of the cells of a second are empty, and the last ones nearly always: leave those out.
  void Special(const char* name, const HeatColumn& heat) {
    size_t used = heat.size();
    while (used > 0 && heat[used - 1] == 0) --used;
    Json& array = out_[name] = Json::array();
    for (size_t i = 0; i < used; ++i) array.push_back(heat[i]);
  }
  void Special(const char* name, measure::Verdict::Kind kind) {
    out_[name] = kVerdictKinds[static_cast<size_t>(kind)];
  }
  void Special(const char* name, const Histograms& histograms) {
    Json& object = out_[name] = Json::object();
    for (size_t i = 0; i < kMetricCount; ++i) {
      const auto metric = static_cast<Metric>(i);
      const measure::Histogram& histogram = histograms[metric];
      if (histogram.count() + histogram.negative() == 0) continue;
      object[MetricName(metric)] = histogram.Encode();
    }
  }
  void Special(const char* name, const EncodedHistograms& histograms) {
    Json& object = out_[name] = Json::object();
    for (size_t i = 0; i < kMetricCount; ++i) {
      const auto metric = static_cast<Metric>(i);
      if (!histograms[metric].empty()) object[MetricName(metric)] = histograms[metric];
    }
  }

 private:
  Json& out_;
  const Result* const result_;
  const IsVerifiedIn is_verified_;
};

}  // namespace ringmq::report
