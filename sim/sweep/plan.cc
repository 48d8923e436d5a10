#include "sim/sweep/plan.h"

#include <algorithm>
#include <random>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "api/yaml.h"
#include "base/check.h"

namespace muster::sim {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxParameters = 20, kMaxValues = 1000;
constexpr int64_t kMaxCombinations = int64_t{1} << 62;
constexpr char kValue[] = "$value";

absl::Status Wrong(const std::string& where, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(where, ": ", what));
}

// Puts the value where "$value" stands; whether it stood anywhere.
bool Put(const Json& value, Json* in) {
  if (in->is_string() && in->get_ref<const std::string&>() == kValue) {
    *in = value;
    return true;
  }
  bool put = false;
  if (in->is_structured()) {
    for (Json& part : *in) put = Put(value, &part) || put;
  }
  return put;
}

absl::Status ParseValues(const Json& members, const std::string& where, SweepParameter* parameter) {
  const Json& values = members["values"];
  if (!values.is_array() || values.empty() || values.size() > kMaxValues) {
    return Wrong(where, absl::StrCat("values has to be a list of 1 to ", kMaxValues, " values"));
  }
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].is_structured()) return Wrong(where, "a value is a number, a word, true, false or null");
    if (std::count(values.begin(), values.end(), values[i]) > 1) {
      return Wrong(where, absl::StrCat("the value ", values[i].dump(), " is there twice"));
    }
    Json changes = members;
    changes.erase("name");
    changes.erase("values");
    if (!Put(values[i], &changes))
      return Wrong(where, absl::StrCat("\"", kValue, "\" stands nowhere, so values change nothing"));
    absl::StatusOr<Variant> variant = ParseChanges(changes, where);
    if (!variant.ok()) return variant.status();
    parameter->choices.push_back({values[i], *std::move(variant)});
  }
  return absl::OkStatus();
}

absl::Status ParseNamed(const Json& members, const std::string& where, SweepParameter* parameter) {
  for (const auto& [key, value] : members.items()) {
    if (key != "name" && key != "variants")
      return Wrong(where, absl::StrCat("\"", key, "\" does not go with variants"));
  }
  const Json& variants = members["variants"];
  if (!variants.is_array() || variants.empty() || variants.size() > kMaxValues) {
    return Wrong(where, absl::StrCat("variants has to be a list of 1 to ", kMaxValues));
  }
  std::set<std::string> names;
  for (const Json& one : variants) {
    if (!one.is_object() || !one.contains("name") || !one["name"].is_string())
      return Wrong(where, "a variant has no name");
    const std::string name = one["name"].get<std::string>();
    if (absl::Status s = CheckVariantName(name, where); !s.ok()) return s;
    if (!names.insert(name).second) return Wrong(where, absl::StrCat("the variant \"", name, "\" is there twice"));
    Json changes = one;
    changes.erase("name");
    absl::StatusOr<Variant> variant = ParseChanges(changes, absl::StrCat(where, ": variant ", name));
    if (!variant.ok()) return variant.status();
    parameter->choices.push_back({name, *std::move(variant)});
  }
  return absl::OkStatus();
}

absl::StatusOr<SweepParameter> ParseParameter(const Json& members, const std::string& file, size_t index) {
  std::string where = absl::StrCat(file, ": parameters[", index, "]");
  if (!members.is_object() || !members.contains("name") || !members["name"].is_string())
    return Wrong(where, "has no name");
  SweepParameter parameter;
  parameter.name = members["name"].get<std::string>();
  if (absl::Status s = CheckVariantName(parameter.name, where); !s.ok()) return s;
  where = absl::StrCat(file, ": parameter ", parameter.name);
  if (members.contains("values") == members.contains("variants")) return Wrong(where, "has to have values or variants");
  const absl::Status parsed =
      members.contains("values") ? ParseValues(members, where, &parameter) : ParseNamed(members, where, &parameter);
  if (!parsed.ok()) return parsed;
  return parameter;
}

struct Sample {
  uint64_t points = 0, seed = 1;
};
absl::StatusOr<Sample> ParseSample(const Json& members, const std::string& where) {
  Sample sample;
  if (!members.is_object()) return Wrong(where, "has to be {points: N, seed: S}");
  for (const auto& [key, value] : members.items()) {
    if (key != "points" && key != "seed")
      return Wrong(where, absl::StrCat("\"", key, "\" is not known; use points and seed"));
    if (!value.is_number_unsigned()) return Wrong(where, absl::StrCat(key, " has to be a whole number"));
    if (key == "seed") sample.seed = value.get<uint64_t>();
    if (key == "points") sample.points = value.get<uint64_t>();
  }
  if (sample.points < 1 || sample.points > static_cast<uint64_t>(SweepPlan::kMaxPoints)) {
    return Wrong(where, absl::StrCat("points has to be from 1 to ", SweepPlan::kMaxPoints));
  }
  return sample;
}

}  // namespace

absl::StatusOr<SweepPlan> SweepPlan::Parse(absl::string_view text, const std::string& file) {
  const std::vector<api::YamlDocument> documents = api::ParseYaml(text);
  if (documents.size() != 1) return Wrong(file, "has to be one YAML document with `parameters`");
  if (!documents[0].error.empty()) return Wrong(file, documents[0].error);
  const Json& root = documents[0].value;
  if (!root.is_object() || !root.contains("parameters") || !root["parameters"].is_array() ||
      root["parameters"].empty()) {
    return Wrong(file, "has to have a list `parameters`");
  }
  for (const auto& [key, value] : root.items()) {
    if (key != "parameters" && key != "sample")
      return Wrong(file, absl::StrCat("\"", key, "\" is not known; use parameters and sample"));
  }
  if (root["parameters"].size() > kMaxParameters)
    return Wrong(file, absl::StrCat("more than ", kMaxParameters, " parameters"));
  SweepPlan plan;
  std::set<std::string> names;
  int64_t combinations = 1;
  for (size_t i = 0; i < root["parameters"].size(); ++i) {
    absl::StatusOr<SweepParameter> parameter = ParseParameter(root["parameters"][i], file, i);
    if (!parameter.ok()) return parameter.status();
    if (!names.insert(parameter->name).second)
      return Wrong(file, absl::StrCat("parameter ", parameter->name, " is there twice"));
    const int64_t choices = static_cast<int64_t>(parameter->choices.size());
    if (combinations > kMaxCombinations / choices) return Wrong(file, "there are too many combinations to count");
    combinations *= choices;
    plan.parameters_.push_back(*std::move(parameter));
  }
  if (root.contains("sample")) {
    absl::StatusOr<Sample> sample = ParseSample(root["sample"], absl::StrCat(file, ": sample"));
    if (!sample.ok()) return sample.status();
    plan.points_ =
        SampleBelow(combinations, std::min(combinations, static_cast<int64_t>(sample->points)), sample->seed);
    return plan;
  }
  if (combinations > kMaxPoints) {
    return Wrong(file,
                 absl::StrCat(combinations, " combinations are more than ", kMaxPoints, "; take a `sample` of them"));
  }
  for (int64_t i = 0; i < combinations; ++i) plan.points_.push_back(i);
  return plan;
}

std::vector<size_t> SweepPlan::ChoicesOf(int64_t point) const {
  MUSTER_CHECK(point >= 0 && point < size(), "a point is one of the plan's");
  std::vector<size_t> choices(parameters_.size());
  int64_t rest = points_[static_cast<size_t>(point)];
  for (size_t p = parameters_.size(); p-- > 0;) {
    const int64_t n = static_cast<int64_t>(parameters_[p].choices.size());
    choices[p] = static_cast<size_t>(rest % n);
    rest /= n;
  }
  return choices;
}

std::vector<Json> SweepPlan::ValuesOf(int64_t point) const {
  std::vector<Json> values;
  const std::vector<size_t> choices = ChoicesOf(point);
  for (size_t p = 0; p < choices.size(); ++p) values.push_back(parameters_[p].choices[choices[p]].value);
  return values;
}

Variant SweepPlan::VariantOf(int64_t point) const {
  Variant all;
  all.name = NameOf(point);
  all.written = Json::object();
  const std::vector<size_t> choices = ChoicesOf(point);
  for (size_t p = 0; p < choices.size(); ++p) {
    const SweepParameter::Choice& choice = parameters_[p].choices[choices[p]];
    all.set.insert(all.set.end(), choice.changes.set.begin(), choice.changes.set.end());
    all.remove.insert(all.remove.end(), choice.changes.remove.begin(), choice.changes.remove.end());
    all.written[parameters_[p].name] = {{"value", choice.value}, {"changes", choice.changes.written}};
  }
  return all;
}

std::string SweepPlan::NameOf(int64_t point) { return absl::StrFormat("p%06d", point); }

// Floyd's: every set of `count` numbers is as likely as any other.
std::vector<int64_t> SampleBelow(int64_t n, int64_t count, uint64_t seed) {
  MUSTER_CHECK(0 <= count && count <= n, "a sample is a part of the whole");
  std::mt19937_64 random(seed);
  std::set<int64_t> taken;
  for (int64_t j = n - count; j < n; ++j) {
    const auto draw =
        static_cast<int64_t>((static_cast<unsigned __int128>(random()) * static_cast<uint64_t>(j + 1)) >> 64);
    if (!taken.insert(draw).second) taken.insert(j);
  }
  return {taken.begin(), taken.end()};
}

}  // namespace muster::sim
