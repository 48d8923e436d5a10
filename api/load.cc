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
#include "api/json_text.h"
#include "api/yaml.h"

namespace muster::api {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

void AddError(LoadResult& result, const Source& source, std::string message) {
  result.problems.push_back({.source = source,
                             .object = "",
                             .path = "",
                             .message = std::move(message),
                             .severity = Severity::kError,
                             .rule = "Unreadable",
                             .value = ""});
}

void AddDocument(json document, const Source& source, LoadResult& result);

// Reads the items of a List, of any kind. Items of a typed list (ClusterQueueList) leave out what the list says.
void AddItems(json& items, const std::string& item_kind, const json& api_version, Source source, LoadResult& result) {
  for (size_t i = 0; i < items.size(); ++i) {
    json& item = items[i];
    source.item = static_cast<int>(i);
    if (item.is_object() && !item_kind.empty()) {
      if (!item.contains("kind")) item["kind"] = item_kind;
      if (!item.contains("apiVersion")) item["apiVersion"] = api_version;
    }
    AddDocument(std::move(item), source, result);
  }
}

void AddDocument(json document, const Source& source, LoadResult& result) {
  if (document.is_array()) return AddItems(document, "", nullptr, source, result);
  if (document.is_object()) {
    const auto items = document.find("items");
    const auto kind = document.find("kind");
    if (items != document.end() && items->is_array() && kind != document.end() && kind->is_string() &&
        absl::EndsWith(kind->get_ref<const std::string&>(), "List")) {
      const std::string name = kind->get<std::string>();
      return AddItems(*items, name.substr(0, name.size() - 4), document.value("apiVersion", json()), source, result);
    }
  }
  DecodeResult decoded = Decode(std::move(document), source);
  const bool failed = HasErrors(decoded.problems);
  std::move(decoded.problems.begin(), decoded.problems.end(), std::back_inserter(result.problems));
  if (decoded.decoded.has_value() && !failed) result.objects.push_back(*std::move(decoded.decoded));
  if (decoded.unsupported.has_value()) result.unsupported.push_back(*std::move(decoded.unsupported));
}

bool IsJson(absl::string_view text, absl::string_view name) {
  if (absl::EndsWith(name, ".json")) return true;
  if (absl::EndsWith(name, ".yaml") || absl::EndsWith(name, ".yml")) return false;
  const absl::string_view start = absl::StripLeadingAsciiWhitespace(text);
  return absl::StartsWith(start, "{") || absl::StartsWith(start, "[");
}

void AddText(absl::string_view text, const std::string& name, LoadResult& result) {
  Source source;
  source.file = name;
  if (IsJson(text, name)) {
    absl::StatusOr<json> document = ParseJson(text);
    if (!document.ok()) return AddError(result, source, std::string(document.status().message()));
    return AddDocument(*std::move(document), source, result);
  }
  std::vector<YamlDocument> documents = ParseYaml(text);
  for (size_t i = 0; i < documents.size(); ++i) {
    source.document = static_cast<int>(i);
    source.line = documents[i].line;
    if (!documents[i].error.empty()) {
      AddError(result, source, std::move(documents[i].error));
    } else {
      AddDocument(std::move(documents[i].value), source, result);
    }
  }
}

void AddFile(const fs::path& path, LoadResult& result) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file) {
    Source source;
    source.file = path.string();
    return AddError(result, source, "cannot be read");
  }
  AddText(text.str(), path.string(), result);
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

LoadResult LoadPaths(const std::vector<std::string>& paths) {
  LoadResult result;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      AddFile(path, result);
      continue;
    }
    for (const fs::path& file : ListFolder(path, error)) AddFile(file, result);
    if (error) {
      Source source;
      source.file = path;
      AddError(result, source, absl::StrCat("cannot be listed: ", error.message()));
    }
  }
  return result;
}

LoadResult LoadText(absl::string_view text, absl::string_view name) {
  LoadResult result;
  AddText(text, std::string(name), result);
  return result;
}

std::string ToJsonText(const Decoded& object) {
  return absl::StrCat(Encode(object.object, object.raw).dump(2, ' ', false, json::error_handler_t::replace), "\n");
}

std::string ToYamlText(const Decoded& object) { return ToYaml(Encode(object.object, object.raw)); }

}  // namespace muster::api
