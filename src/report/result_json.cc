// SPDX-License-Identifier: Apache-2.0
#include "report/result_json.h"

#include <algorithm>
#include <charconv>
#include <concepts>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "report/json_writer.h"
#include "report/result_fields.h"

namespace ringmq::report {
namespace {

// Reads what is there into the Result and remembers the first thing that is wrong.
class Reader {
 public:
  Reader(const Json& in, std::string path, std::string& error)
      : in_(in), path_(std::move(path)), error_(error) {}

  template <typename Value>
  void operator()(const char* name, Value& value) {
    if (const Json* const json = Find(name)) Take(*json, At(name), value);
  }

  void Verified(const char* name, uint64_t& count) { (*this)(name, count); }

  template <typename Struct>
  void Object(const char* name, Struct& value) {
    if (const Json* const json = Find(name)) TakeObject(*json, At(name), value);
  }

  template <typename Struct>
  void List(const char* name, std::vector<Struct>& list) {
    const Json* const array = FindArray(name);
    if (array == nullptr) return;
    for (const Json& json : *array) {
      const std::string path = absl::StrCat(At(name), "[", list.size(), "]");
      TakeObject(json, path, list.emplace_back());
    }
  }

  template <typename Struct>
  void Optional(const char* name, std::optional<Struct>& value) {
    if (const Json* const json = Find(name)) TakeObject(*json, At(name), value.emplace());
  }

  void Special(const char* name, std::map<uint8_t, uint64_t>& by_reason) {
    std::map<std::string, uint64_t> by_text;
    Special(name, by_text);
    for (const auto& [text, count] : by_text) {
      uint8_t code = 0;
      const char* const end = text.data() + text.size();
      const auto [stop, failure] = std::from_chars(text.data(), end, code);
      if (failure != std::errc() || stop != end) {
        Fail(absl::StrCat(At(name), ".", text), "a reason code from 0 to 255 as key");
        return;
      }
      by_reason[code] = count;
    }
  }
  template <typename Value>
  void Special(const char* name, std::map<std::string, Value>& map) {
    const Json* const object = FindObject(name);
    if (object == nullptr) return;
    for (const auto& [key, json] : object->items()) {
      Take(json, absl::StrCat(At(name), ".", key), map[key]);
    }
  }
  void Special(const char* name, std::vector<std::string>& texts) {
    const Json* const array = FindArray(name);
    if (array == nullptr) return;
    for (const Json& json : *array) {
      const std::string path = absl::StrCat(At(name), "[", texts.size(), "]");
      Take(json, path, texts.emplace_back());
    }
  }
  void Special(const char* name, Config& config) {
    const Json* const array = FindArray(name);
    if (array == nullptr) return;
    for (const Json& json : *array) {
      const std::string path = absl::StrCat(At(name), "[", config.size(), "]");
      if (!json.is_object()) return Fail(path, "an object");
      Reader inner(json, path, error_);
      auto& [key, value] = config.emplace_back();
      inner("name", key);
      inner("value", value);
    }
  }
  void Special(const char* name, HeatColumn& heat) {
    const Json* const array = FindArray(name);
    if (array == nullptr) return;
    if (array->size() > heat.size()) {
      return Fail(At(name), absl::StrCat("at most ", heat.size(), " numbers"));
    }
    for (size_t i = 0; i < array->size(); ++i) {
      Take((*array)[i], absl::StrCat(At(name), "[", i, "]"), heat[i]);
    }
  }
  void Special(const char* name, measure::Verdict::Kind& kind) {
    std::string text;
    (*this)(name, text);
    if (text.empty()) return;
    const auto* const found = std::find(kVerdictKinds.begin(), kVerdictKinds.end(), text);
    if (found == kVerdictKinds.end()) return Fail(At(name), "a kind of verdict that we know");
    kind = static_cast<measure::Verdict::Kind>(found - kVerdictKinds.begin());
  }
  void Special(const char* name, Histograms& histograms) {
    EachHistogram(name, [&](Metric metric, const std::string&, measure::Histogram decoded) {
      histograms[metric] = std::move(decoded);
    });
  }
  void Special(const char* name, EncodedHistograms& histograms) {
    EachHistogram(name, [&](Metric metric, const std::string& text, const measure::Histogram&) {
      histograms[metric] = text;
    });
  }

 private:
  template <typename Take>
  void EachHistogram(const char* name, Take take) {
    const Json* const object = FindObject(name);
    if (object == nullptr) return;
    Reader inner(*object, At(name), error_);
    for (size_t i = 0; i < kMetricCount; ++i) {
      const auto metric = static_cast<Metric>(i);
      std::string text;
      inner(MetricName(metric), text);
      if (text.empty()) continue;
      absl::StatusOr<measure::Histogram> decoded = measure::Histogram::Decode(text);
      if (!decoded.ok()) {
        return inner.Fail(inner.At(MetricName(metric)),
                          absl::StrCat("a histogram (", decoded.status().message(), ")"));
      }
      take(metric, text, *std::move(decoded));
    }
  }

  // Null stands for a number that does not exist (JSON has no infinity), so it counts as absent.
  const Json* Find(const char* name) const {
    const auto found = in_.find(name);
    return found == in_.end() || found->is_null() ? nullptr : &*found;
  }
  const Json* FindArray(const char* name) {
    const Json* const json = Find(name);
    if (json == nullptr || json->is_array()) return json;
    Fail(At(name), "a list");
    return nullptr;
  }
  const Json* FindObject(const char* name) {
    const Json* const json = Find(name);
    if (json == nullptr || json->is_object()) return json;
    Fail(At(name), "an object");
    return nullptr;
  }

  template <typename Struct>
  void TakeObject(const Json& json, const std::string& path, Struct& value) {
    if (!json.is_object()) return Fail(path, "an object");
    Reader inner(json, path, error_);
    VisitFields(inner, value);
  }

  void Take(const Json& json, const std::string& path, std::string& value) {
    if (!json.is_string()) return Fail(path, "text");
    value = json.get_ref<const std::string&>();
  }
  void Take(const Json& json, const std::string& path, bool& value) {
    if (!json.is_boolean()) return Fail(path, "true or false");
    value = json.get<bool>();
  }
  void Take(const Json& json, const std::string& path, double& value) {
    if (json.is_null()) return;
    if (!json.is_number()) return Fail(path, "a number");
    value = json.get<double>();
  }
  template <std::integral Number>
  void Take(const Json& json, const std::string& path, Number& value) {
    const bool fits = json.is_number_unsigned()
                          ? std::in_range<Number>(json.get<uint64_t>())
                          : json.is_number_integer() && std::in_range<Number>(json.get<int64_t>());
    if (!fits) {
      return Fail(path, absl::StrCat("a whole number up to ", std::numeric_limits<Number>::max()));
    }
    value = json.get<Number>();
  }

  [[nodiscard]] std::string At(const char* name) const {
    return path_.empty() ? std::string(name) : absl::StrCat(path_, ".", name);
  }

  void Fail(const std::string& path, const std::string& expected) {
    if (error_.empty()) error_ = absl::StrCat("\"", path, "\" is not ", expected);
  }

  const Json& in_;
  const std::string path_;  // Of in_, for errors.
  std::string& error_;      // Empty as long as all is well.
};

Json ObjectOf(const Result& result) {
  Json json = Json::object();
  JsonWriter writer(json, &result);
  VisitFields(writer, result);
  return json;
}

std::string TextOf(const Json& json) {
  return json.dump(1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

absl::StatusOr<Result> FromObject(const Json& json) {
  if (!json.is_object()) {
    return absl::InvalidArgumentError("this is not a JSON object, so not a result of mqtt-bench");
  }
  const auto version = json.find("schema_version");
  if (version == json.end()) {
    return absl::InvalidArgumentError("no \"schema_version\": not a result of mqtt-bench");
  }
  if (*version != kSchemaVersion) {
    return absl::InvalidArgumentError(
        absl::StrCat("the result has schema_version ", version->dump(), ", this mqtt-bench reads ",
                     kSchemaVersion, "; use the version of the tool that wrote it"));
  }
  Result result;
  std::string error;
  Reader reader(json, "", error);
  VisitFields(reader, result);
  if (!error.empty()) return absl::InvalidArgumentError(error);
  return result;
}

}  // namespace

std::string ToJson(const Result& result) { return TextOf(ObjectOf(result)); }

std::string ListToJson(std::span<const Result> trials) {
  Json list = Json::array();
  for (const Result& trial : trials) list.push_back(ObjectOf(trial));
  return TextOf(list);
}

absl::StatusOr<Result> FromJson(std::string_view text) {
  const Json json = Json::parse(text, /*callback=*/nullptr, /*allow_exceptions=*/false);
  if (json.is_array() && !json.empty() && json.front().is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat("these are ", json.size(), " trials, and one result is needed"));
  }
  return FromObject(json);
}

absl::StatusOr<std::vector<Result>> ListFromJson(std::string_view text) {
  const Json json = Json::parse(text, /*callback=*/nullptr, /*allow_exceptions=*/false);
  if (json.is_array() && json.empty()) {
    return absl::InvalidArgumentError("there is no trial in it");
  }
  std::vector<Result> results;
  for (const Json& each : json.is_array() ? json : Json::array({json})) {
    absl::StatusOr<Result> result = FromObject(each);
    if (!result.ok() && !json.is_array()) return result.status();
    if (!result.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("trial ", results.size() + 1, ": ", result.status().message()));
    }
    results.push_back(*std::move(result));
  }
  return results;
}

}  // namespace ringmq::report
