#include "api/decoder.h"

#include <algorithm>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/nearest_name.h"

namespace muster::api {
namespace {

using nlohmann::json;

// The value as JSON, cut to what fits a line.
std::string Show(const json& value) {
  constexpr size_t kMaxShown = 60;
  if (value.is_structured()) return value.is_array() ? "a list" : "an object";
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > kMaxShown) text = absl::StrCat(text.substr(0, kMaxShown), "…");
  return text;
}

template <class Int>
void ReadInteger(DecodeContext& context, const JsonPath& path, const json& value, Int& out) {
  constexpr int64_t kMin = std::numeric_limits<Int>::min();
  constexpr int64_t kMax = std::numeric_limits<Int>::max();
  if (!value.is_number_integer()) return ReportTypeMismatch(context, path, value, "an integer");
  const bool too_large = value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(kMax);
  if (too_large || value.get<int64_t>() < kMin || value.get<int64_t>() > kMax) {
    return context.Error(path, "TypeInvalid", absl::StrCat(Show(value), " is out of range, use ", kMin, " to ", kMax),
                         Show(value));
  }
  out = static_cast<Int>(value.get<int64_t>());
}

}  // namespace

void DecodeContext::Error(const JsonPath& path, absl::string_view rule, std::string message, std::string value) {
  problems_.push_back({.source = {},
                       .object = "",
                       .path = path.ToString(),
                       .message = std::move(message),
                       .severity = Severity::kError,
                       .rule = std::string(rule),
                       .value = std::move(value)});
}

void DecodeContext::Warning(const JsonPath& path, absl::string_view rule, std::string message) {
  Error(path, rule, std::move(message));
  problems_.back().severity = Severity::kWarning;
}

void ReportTypeMismatch(DecodeContext& context, const JsonPath& path, const json& value, absl::string_view expected) {
  absl::string_view hint;
  if (expected == "a string" && (value.is_number() || value.is_boolean())) hint = "; put it in quotes";
  if (expected == "a list" && !value.is_array()) hint = "; write [...], or one \"- item\" per line";
  if (value.is_string() && (expected == "an integer" || absl::StartsWith(expected, "true"))) {
    hint = "; write it without quotes";
  }
  context.Error(path, "TypeInvalid", absl::StrCat("must be ", expected, ", not ", Show(value), hint), Show(value));
}

void ReportUnknownFields(DecodeContext& context, const JsonPath& path, const json& object,
                         const absl::string_view* known, size_t known_count) {
  const absl::string_view* end = known + known_count;
  for (const auto& [name, value] : object.items()) {
    if (std::find(known, end, name) != end) continue;
    const std::string hint = context.TakeHint() ? MeantHint(name, {known, known_count}) : "";
    context.Warning(path.Field(name), "UnknownField", absl::StrCat("unknown field, ignored", hint));
  }
}

void DecodeVisitor::NoEffect(std::initializer_list<absl::string_view> names) {
  Ignored(names);
  std::vector<absl::string_view> present;
  for (absl::string_view name : names) {
    if (object_.contains(std::string(name))) present.push_back(name);
  }
  if (present.empty()) return;
  context_.Warning(path_, "NoEffect", absl::StrCat("has no effect here: ", absl::StrJoin(present, ", ")));
}

void ReadValue(DecodeContext& context, const JsonPath& path, const json& value, std::string& out) {
  if (!value.is_string()) return ReportTypeMismatch(context, path, value, "a string");
  out = value.get_ref<const std::string&>();
}

void ReadValue(DecodeContext& context, const JsonPath& path, const json& value, bool& out) {
  if (!value.is_boolean()) return ReportTypeMismatch(context, path, value, "true or false");
  out = value.get<bool>();
}

void ReadValue(DecodeContext& context, const JsonPath& path, const json& value, int32_t& out) {
  ReadInteger(context, path, value, out);
}

void ReadValue(DecodeContext& context, const JsonPath& path, const json& value, int64_t& out) {
  ReadInteger(context, path, value, out);
}

void ReadValue(DecodeContext& context, const JsonPath& path, const json& value, double& out) {
  if (!value.is_number()) return ReportTypeMismatch(context, path, value, "a number");
  out = value.get<double>();
}

void ReadValue(DecodeContext& context, const JsonPath& path, const json& value, Quantity& out) {
  if (!value.is_string() && !value.is_number()) return ReportTypeMismatch(context, path, value, "a quantity");
  // Kubernetes reads a bare number as the text that it is written in.
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  absl::StatusOr<Quantity> parsed = Quantity::Parse(absl::StripAsciiWhitespace(text));
  if (!parsed.ok()) return context.Error(path, "TypeInvalid", std::string(parsed.status().message()), Show(value));
  out = *parsed;
}

void ReadValue(DecodeContext& context, const JsonPath& path, const json& value, absl::Time& out) {
  if (!value.is_string()) return ReportTypeMismatch(context, path, value, "a time like \"2026-01-31T12:00:00Z\"");
  const std::string& text = value.get_ref<const std::string&>();
  absl::Time time;
  std::string error;
  // Abseil reads words ("infinite-future") besides the format.
  if (text.empty() || !absl::ascii_isdigit(text[0]) || !absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return context.Error(path, "TypeInvalid",
                         absl::StrCat(Show(value), " is not a time; write it like \"2026-01-31T12:00:00Z\""),
                         Show(value));
  }
  out = time;
}

void ReadValue(DecodeContext& context, const JsonPath& path, const json& value, absl::Duration& out) {
  if (!value.is_string()) return ReportTypeMismatch(context, path, value, "a duration like \"5m\" or \"1h30m\"");
  absl::Duration duration;
  if (!absl::ParseDuration(value.get_ref<const std::string&>(), &duration) || duration == absl::InfiniteDuration() ||
      duration == -absl::InfiniteDuration()) {
    return context.Error(path, "TypeInvalid",
                         absl::StrCat(Show(value), " is not a duration; write it like \"5m\" or \"1h30m\""),
                         Show(value));
  }
  out = duration;
}

}  // namespace muster::api
