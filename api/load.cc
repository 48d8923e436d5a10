#include "api/load.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/cross_validation.h"
#include "api/json_text.h"
#include "api/yaml.h"

namespace muster::api {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// Whether one path is the other or lies within it.
bool Overlaps(absl::string_view a, absl::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  return absl::StartsWith(b, a) && (a.empty() || a.size() == b.size() || b[a.size()] == '.' || b[a.size()] == '[');
}

class Loader {
 public:
  explicit Loader(const LoadOptions& options) : options_(options) {}

  void AddError(const Source& source, std::string message) {
    result_.problems.push_back({.source = source,
                                .object = "",
                                .path = "",
                                .message = std::move(message),
                                .severity = Severity::kError,
                                .rule = "Unreadable",
                                .value = ""});
  }

  void AddText(absl::string_view text, const std::string& name);
  void AddFile(const fs::path& path);
  LoadResult Finish();

 private:
  // A document that may be a List, or a list of objects.
  void AddDocument(json document, const Source& source);
  void AddItems(json& items, const std::string& item_kind, const json& api_version, Source source);
  void AddObject(json document, const Source& source);

  const LoadOptions& options_;
  LoadResult result_;
  std::vector<bool> failed_;  // by index in result_.objects
};

// Items of a typed list (ClusterQueueList) leave out what the list says.
void Loader::AddItems(json& items, const std::string& item_kind, const json& api_version, Source source) {
  for (size_t i = 0; i < items.size(); ++i) {
    json& item = items[i];
    source.item = static_cast<int>(i);
    if (item.is_object() && !item_kind.empty()) {
      if (!item.contains("kind")) item["kind"] = item_kind;
      if (!item.contains("apiVersion")) item["apiVersion"] = api_version;
    }
    AddDocument(std::move(item), source);
  }
}

void Loader::AddDocument(json document, const Source& source) {
  if (document.is_array()) return AddItems(document, "", nullptr, source);
  if (document.is_object()) {
    const auto items = document.find("items");
    const auto kind = document.find("kind");
    if (items != document.end() && items->is_array() && kind != document.end() && kind->is_string() &&
        absl::EndsWith(kind->get_ref<const std::string&>(), "List")) {
      const std::string name = kind->get<std::string>();
      return AddItems(*items, name.substr(0, name.size() - 4), document.value("apiVersion", json()), source);
    }
  }
  AddObject(std::move(document), source);
}

void Loader::AddObject(json document, const Source& source) {
  DecodeResult read = Decode(std::move(document), source);
  if (read.unsupported.has_value()) result_.unsupported.push_back(*std::move(read.unsupported));
  if (read.decoded.has_value()) {
    Object& object = read.decoded->object;
    if (options_.set_defaults) SetDefaults(object, options_.defaulting);
    std::vector<Problem> found;
    if (options_.validate) found = Validate(object, options_.validation);
    const size_t unreadable = read.problems.size();
    for (Problem& problem : found) {
      const bool known = std::any_of(read.problems.begin(), read.problems.begin() + unreadable, [&](const Problem& p) {
        return p.severity == Severity::kError && Overlaps(p.path, problem.path);
      });
      if (known) continue;
      problem.source = source;
      read.problems.push_back(std::move(problem));
    }
    failed_.push_back(HasErrors(read.problems));
    result_.objects.push_back(*std::move(read.decoded));
  }
  std::move(read.problems.begin(), read.problems.end(), std::back_inserter(result_.problems));
}

LoadResult Loader::Finish() {
  // Objects with mistakes still count as there.
  if (options_.validate) {
    std::vector<Problem> found = CrossValidate(result_.objects);
    std::move(found.begin(), found.end(), std::back_inserter(result_.problems));
  }
  size_t kept = 0;
  for (size_t i = 0; i < result_.objects.size(); ++i) {
    if (failed_[i]) continue;
    if (kept != i) result_.objects[kept] = std::move(result_.objects[i]);
    ++kept;
  }
  result_.objects.erase(result_.objects.begin() + static_cast<std::ptrdiff_t>(kept), result_.objects.end());
  return std::move(result_);
}

void Loader::AddText(absl::string_view text, const std::string& name) {
  Source source;
  source.file = name;
  const bool named_json = absl::EndsWith(name, ".json");
  const bool named_yaml = absl::EndsWith(name, ".yaml") || absl::EndsWith(name, ".yml");
  const absl::string_view start = absl::StripLeadingAsciiWhitespace(text);
  if (named_json || (!named_yaml && (absl::StartsWith(start, "{") || absl::StartsWith(start, "[")))) {
    absl::StatusOr<json> document = ParseJson(text);
    if (document.ok()) return AddDocument(*std::move(document), source);
    // Without a name that tells, it may be YAML that starts with a bracket.
    if (named_json) return AddError(source, std::string(document.status().message()));
  }
  std::vector<YamlDocument> documents = ParseYaml(text);
  for (size_t i = 0; i < documents.size(); ++i) {
    source.document = static_cast<int>(i);
    source.line = documents[i].line;
    if (!documents[i].error.empty()) {
      AddError(source, std::move(documents[i].error));
    } else {
      AddDocument(std::move(documents[i].value), source);
    }
  }
}

void Loader::AddFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file) {
    Source source;
    source.file = path.string();
    return AddError(source, "cannot be read");
  }
  AddText(text.str(), path.string());
}

bool IsHidden(const fs::path& path) { return absl::StartsWith(path.filename().string(), "."); }

// The manifests below a folder, in sorted order.
std::vector<fs::path> ListFolder(const fs::path& folder, std::error_code& error) {
  std::vector<fs::path> files;
  fs::recursive_directory_iterator it(folder, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    std::error_code unreadable;
    if (IsHidden(it->path())) {
      it.disable_recursion_pending();
    } else if (it->is_regular_file(unreadable)) {
      const std::string extension = it->path().extension().string();
      if (extension == ".yaml" || extension == ".yml" || extension == ".json") files.push_back(it->path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

LoadResult LoadPaths(const std::vector<std::string>& paths, const LoadOptions& options) {
  Loader loader(options);
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      loader.AddFile(path);
      continue;
    }
    for (const fs::path& file : ListFolder(path, error)) loader.AddFile(file);
    if (error) {
      Source source;
      source.file = path;
      loader.AddError(source, absl::StrCat("cannot be listed: ", error.message()));
    }
  }
  return loader.Finish();
}

LoadResult LoadText(absl::string_view text, absl::string_view name, const LoadOptions& options) {
  Loader loader(options);
  loader.AddText(text, std::string(name));
  return loader.Finish();
}

std::string ToJsonText(const Decoded& object) {
  return absl::StrCat(Encode(object.object, object.raw).dump(2, ' ', false, json::error_handler_t::replace), "\n");
}

std::string ToYamlText(const Decoded& object) { return ToYaml(Encode(object.object, object.raw)); }

}  // namespace muster::api
