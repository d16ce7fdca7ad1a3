// The published schema says what ToJson writes. Method: the same walk over the fields that writes
// the file makes a schema (types and required keys); the published one must be that, apart from its
// descriptions.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "report/result_fields.h"

namespace ringmq::report {
namespace {

using Json = nlohmann::ordered_json;

class SchemaMaker {
 public:
  template <typename Struct>
  static Json Of() {
    SchemaMaker maker;
    Struct value;
    VisitFields(maker, value);
    return Json{{"type", "object"}, {"required", maker.required_}, {"properties", maker.keys_}};
  }

  template <typename Value>
  void operator()(const char* name, const Value&) {
    Require(name, TypeOf<Value>());
  }
  void Verified(const char* name, uint64_t) {
    Require(name, Json{{"type", {"integer", "null"}}, {"minimum", 0}});
  }
  template <typename Struct>
  void Object(const char* name, const Struct&) {
    Require(name, Of<Struct>());
  }
  template <typename Struct>
  void List(const char* name, const std::vector<Struct>&) {
    Require(name, Json{{"type", "array"}, {"items", Of<Struct>()}});
  }
  template <typename Struct>
  void Optional(const char* name, const std::optional<Struct>&) {
    keys_[name] = Of<Struct>();
  }
  template <typename Key, typename Value>
  void Special(const char* name, const std::map<Key, Value>&) {
    Require(name, Json{{"type", "object"}, {"additionalProperties", TypeOf<Value>()}});
  }
  void Special(const char* name, const std::vector<std::pair<std::string, std::string>>&) {
    Json pair = {{"type", "object"}, {"required", {"name", "value"}}};
    pair["properties"] = {{"name", {{"type", "string"}}}, {"value", {{"type", "string"}}}};
    Require(name, Json{{"type", "array"}, {"items", pair}});
  }
  void Special(const char* name, const std::vector<std::string>&) {
    Require(name, Json{{"type", "array"}, {"items", TypeOf<std::string>()}});
  }
  void Special(const char* name, const HeatColumn& heat) {
    Require(name,
            Json{{"type", "array"}, {"maxItems", heat.size()}, {"items", TypeOf<uint64_t>()}});
  }
  void Special(const char* name, const measure::Verdict::Kind&) {
    Require(name,
            Json{{"enum",
                  {"valid", "target_limited", "generator_limited", "incomplete", "not_measured"}}});
  }
  void Special(const char* name, const EncodedHistograms&) { Special(name, Histograms()); }
  void Special(const char* name, const Histograms&) {
    Json metrics = Json::object();
    for (size_t i = 0; i < kMetricCount; ++i) {
      metrics[MetricName(static_cast<Metric>(i))] = TypeOf<std::string>();
    }
    Require(name, Json{{"type", "object"}, {"properties", metrics}});
  }

 private:
  template <typename Value>
  static Json TypeOf() {
    if constexpr (std::same_as<Value, std::string>) return Json{{"type", "string"}};
    if constexpr (std::same_as<Value, bool>) return Json{{"type", "boolean"}};
    if constexpr (std::floating_point<Value>) return Json{{"type", {"number", "null"}}};
    if constexpr (std::unsigned_integral<Value>) return Json{{"type", "integer"}, {"minimum", 0}};
    return Json{{"type", "integer"}};
  }

  void Require(const char* name, Json schema) {
    required_.push_back(name);
    keys_[name] = std::move(schema);
  }

  Json required_ = Json::array();
  Json keys_ = Json::object();
};

Json MakeSchema() {
  Json schema = SchemaMaker::Of<Result>();
  schema["properties"]["schema_version"] = Json{{"const", kSchemaVersion}};
  return schema;
}

void RemoveDescriptions(Json& json) {
  for (const char* const key : {"$schema", "$id", "title", "description"}) {
    if (json.is_object() && json.contains(key) && json[key].is_string()) json.erase(key);
  }
}

// Depth first without recursion: the schema is as deep as it is written, four levels of objects.
Json WithoutDescriptions(Json json) {
  std::vector<Json*> open = {&json};
  while (!open.empty()) {
    Json& next = *open.back();
    open.pop_back();
    RemoveDescriptions(next);
    if (!next.is_structured()) continue;
    for (Json& inner : next) open.push_back(&inner);
  }
  return json;
}

TEST(ResultSchema, SaysWhatIsWritten) {
  std::ifstream file("src/report/result.schema.json");
  ASSERT_TRUE(file.is_open());
  const Json published = Json::parse(file, nullptr, /*allow_exceptions=*/false);
  ASSERT_FALSE(published.is_discarded());
  EXPECT_EQ(WithoutDescriptions(published), MakeSchema()) << "what it should be:\n"
                                                          << MakeSchema().dump(1);
}

}  // namespace
}  // namespace ringmq::report
