#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "api/yaml.h"

namespace muster::api {
namespace {

using nlohmann::json;

// YAML: a key that is not announced by "?" ends within 1024 characters.
constexpr size_t kMaxSimpleKey = 1000;

// JSON's escapes are a subset of those of YAML's double quotes.
std::string Quote(const std::string& text) { return json(text).dump(-1, ' ', false, json::error_handler_t::replace); }

// Whether the text reads back as itself without quotes. Conservative: unusual text is quoted.
bool IsPlain(const std::string& text) {
  if (!ResolvePlainScalar(text).is_string()) return false;
  if (!absl::ascii_isalnum(text[0]) && text[0] != '/' && text[0] != '_' && text[0] != '.') return false;
  // YAML 1.1 readers other than ours take dates and sexagesimal numbers (1:30) for something else.
  if (absl::ascii_isdigit(text[0]) && text.find_first_not_of("0123456789-:.TZ+_") == std::string::npos) return false;
  if (text.back() == ':' || text.back() == ' ') return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (absl::ascii_isalnum(c) || absl::string_view("-_./@+=()' ").find(c) != absl::string_view::npos) continue;
    if (c == ':' && i + 1 < text.size() && text[i + 1] != ' ') continue;
    if (c == ',' || c == ';' || c == '%' || c == '*' || c == '~' || c == '<' || c == '>' || c == '$') continue;
    return false;
  }
  return true;
}

std::string Scalar(const json& value) {
  if (value.is_string()) {
    const std::string& text = value.get_ref<const std::string&>();
    return IsPlain(text) ? text : Quote(text);
  }
  return value.dump();
}

void Write(const json& value, int indent, std::string& out);

// After "key:" or "-": a scalar on the same line, a list or map below.
void WriteNested(const json& value, int indent, std::string& out) {
  if (!value.is_structured()) {
    absl::StrAppend(&out, " ", Scalar(value), "\n");
  } else if (value.empty()) {
    absl::StrAppend(&out, value.is_array() ? " []\n" : " {}\n");
  } else {
    out += "\n";
    Write(value, indent, out);
  }
}

// REQUIRES: `value` is a list or a map with items.
void Write(const json& value, int indent, std::string& out) {
  const std::string margin(indent, ' ');
  if (value.is_object()) {
    for (const auto& [key, item] : value.items()) {
      const std::string name = IsPlain(key) ? key : Quote(key);
      if (name.size() > kMaxSimpleKey) {
        absl::StrAppend(&out, margin, "? ", name, "\n", margin, ":");
        WriteNested(item, indent + 2, out);
        continue;
      }
      absl::StrAppend(&out, margin, name, ":");
      // As kubectl does, a list is not indented further than its key.
      WriteNested(item, item.is_array() ? indent : indent + 2, out);
    }
    return;
  }
  for (const json& item : value) {
    if (!item.is_structured() || item.empty()) {
      absl::StrAppend(&out, margin, "-");
      WriteNested(item, indent + 2, out);
      continue;
    }
    // The first line of the item follows the dash.
    std::string nested;
    Write(item, indent + 2, nested);
    nested[indent] = '-';
    out += nested;
  }
}

}  // namespace

std::string ToYaml(const json& value) {
  if (!value.is_structured()) return absl::StrCat(Scalar(value), "\n");
  if (value.empty()) return value.is_array() ? "[]\n" : "{}\n";
  std::string out;
  Write(value, 0, out);
  return out;
}

}  // namespace muster::api
