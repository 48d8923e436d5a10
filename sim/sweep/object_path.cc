#include "sim/sweep/object_path.h"

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"

namespace muster::sim {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxSteps = 64;

struct Step {
  std::string text;
  bool element = false;  // of a list; else a member of an object
};

absl::Status NoPath(absl::string_view path, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("\"", path, "\" is not a path: ", why));
}

absl::StatusOr<std::vector<Step>> Split(absl::string_view path) {
  std::vector<Step> steps;
  size_t at = 0;
  while (at < path.size() && steps.size() < kMaxSteps) {
    if (path[at] == '[') {
      const bool quoted = at + 1 < path.size() && path[at + 1] == '"';
      const absl::string_view close = quoted ? "\"]" : "]";
      const size_t begin = at + (quoted ? 2 : 1), end = path.find(close, begin);
      if (end == absl::string_view::npos) return NoPath(path, absl::StrCat("\"", close, "\" is missing"));
      if (end == begin) return NoPath(path, "there is nothing in the brackets");
      steps.push_back({std::string(path.substr(begin, end - begin)), !quoted});
      at = end + close.size();
      if (at < path.size() && path[at] != '.' && path[at] != '[') return NoPath(path, "after ] comes . or [");
    } else {
      const size_t end = std::min(path.find_first_of(".[", at), path.size());
      if (end == at) return NoPath(path, "a name is missing");
      steps.push_back({std::string(path.substr(at, end - at)), false});
      at = end;
    }
    if (at < path.size() && path[at] == '.' && ++at == path.size()) return NoPath(path, "a name is missing");
  }
  if (steps.empty()) return NoPath(path, "it is empty");
  if (at < path.size()) return NoPath(path, "it is too long");
  return steps;
}

std::string NameOf(const Json& element) {
  if (element.is_string()) return element.get<std::string>();
  if (element.is_object() && element.contains("name") && element["name"].is_string()) {
    return element["name"].get<std::string>();
  }
  return "";
}

// The elements of a list that a step means.
absl::StatusOr<std::vector<size_t>> Elements(const Step& step, absl::string_view so_far, const Json& list) {
  std::vector<size_t> found;
  std::vector<std::string> names;
  size_t index = 0;
  const bool is_index = absl::SimpleAtoi(step.text, &index);
  for (size_t i = 0; i < list.size(); ++i) {
    names.push_back(NameOf(list[i]).empty() ? absl::StrCat(i) : NameOf(list[i]));
    if (step.text == "*" || NameOf(list[i]) == step.text) found.push_back(i);
  }
  if (found.empty() && is_index && index < list.size()) found.push_back(index);
  if (!found.empty() || step.text == "*") return found;
  return absl::NotFoundError(
      absl::StrCat(so_far, " has no element ", step.text,
                   names.empty() ? "; it is empty" : absl::StrCat("; there is ", absl::StrJoin(names, ", "))));
}

absl::Status SetFrom(absl::Span<const Step> steps, const std::string& so_far, const Json& value, Json* at) {
  if (steps.empty()) {
    *at = value;
    return absl::OkStatus();
  }
  const Step& step = steps.front();
  const absl::Span<const Step> rest = steps.subspan(1);
  if (!step.element) {
    if (at->is_null()) *at = Json::object();
    if (!at->is_object()) {
      return absl::InvalidArgumentError(
          absl::StrCat(so_far.empty() ? "the object" : so_far, " has no members, so no ", step.text));
    }
    if (rest.empty() && value.is_null()) {
      at->erase(step.text);
      return absl::OkStatus();
    }
    return SetFrom(rest, so_far.empty() ? step.text : absl::StrCat(so_far, ".", step.text), value, &(*at)[step.text]);
  }
  if (!at->is_array())
    return absl::NotFoundError(absl::StrCat(so_far, " is not a list, so it has no element ", step.text));
  const absl::StatusOr<std::vector<size_t>> elements = Elements(step, so_far, *at);
  if (!elements.ok()) return elements.status();
  for (size_t k = elements->size(); k-- > 0;) {
    const size_t i = (*elements)[k];
    if (rest.empty() && value.is_null()) {
      at->erase(i);
    } else if (absl::Status s = SetFrom(rest, absl::StrCat(so_far, "[", i, "]"), value, &(*at)[i]); !s.ok()) {
      return s;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SetAt(absl::string_view path, const Json& value, Json* object) {
  const absl::StatusOr<std::vector<Step>> steps = Split(path);
  if (!steps.ok()) return steps.status();
  Json changed = *object;
  if (absl::Status s = SetFrom(*steps, "", value, &changed); !s.ok()) return s;
  *object = std::move(changed);
  return absl::OkStatus();
}

}  // namespace muster::sim
