#include "sim/compare/decisions.h"

#include <istream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "sim/files/input.h"

namespace muster::sim {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxLines = 1000;            // kept of one job
constexpr size_t kMaxLine = size_t{1} << 24;  // bytes
constexpr size_t kMaxNamed = 5;

class Reader {
 public:
  static absl::StatusOr<Reader> Open(const std::string& path) {
    absl::StatusOr<std::unique_ptr<std::istream>> in = OpenInput(path);
    if (!in.ok()) return in.status();
    return Reader(path, *std::move(in));
  }

  // False at the end.
  bool Next(std::string* line) {
    if (!std::getline(*in_, *line)) return false;
    ++number_;
    return true;
  }
  absl::StatusOr<Json> Parse(const std::string& line) const {
    Json json = line.size() > kMaxLine ? Json() : Json::parse(line, nullptr, false);
    if (json.is_object() && json.contains("t") && json["t"].is_number_integer() && json.contains("job") &&
        json["job"].is_string() && json.contains("outcome") && json["outcome"].is_string()) {
      return json;
    }
    return absl::InvalidArgumentError(absl::StrCat(path_, ":", number_, ": is not a decision; replay it again"));
  }
  absl::Status End() const {
    if (!in_->bad()) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat(path_, " cannot be read beyond line ", number_));
  }

 private:
  Reader(std::string path, std::unique_ptr<std::istream> in) : path_(std::move(path)), in_(std::move(in)) {}
  std::string path_;
  std::unique_ptr<std::istream> in_;
  int64_t number_ = 0;
};

std::string TextOr(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

std::vector<std::string> VictimsOf(const Json& json) {
  std::vector<std::string> victims;
  const auto found = json.find("victims");
  if (found == json.end() || !found->is_array()) return victims;
  for (const Json& victim : *found) {
    if (victim.is_string()) victims.push_back(victim.get<std::string>());
  }
  return victims;
}

std::string FlavorsOf(const Json& json) {
  std::set<std::string> flavors;
  const auto found = json.find("flavors");
  if (found == json.end() || !found->is_array()) return "";
  for (const Json& pods : *found) {
    for (const auto& [resource, flavor] : pods.items()) {
      if (flavor.is_string()) flavors.insert(flavor.get<std::string>());
    }
  }
  return absl::StrJoin(flavors, ", ");
}

DecisionLine InWords(const Json& json) {
  DecisionLine line{json["t"].get<int64_t>(), json["job"].get<std::string>(), ""};
  const std::string outcome = json["outcome"].get<std::string>(), reason = TextOr(json, "reason");
  if (outcome == "admit") {
    const std::string flavors = FlavorsOf(json);
    line.words = absl::StrCat("is let in", flavors.empty() ? "" : " on ", flavors);
    if (json.value("borrows", Json()) == true) line.words += ", borrowing";
  } else if (outcome == "preempt") {
    std::vector<std::string> victims = VictimsOf(json);
    const size_t more = victims.size() > kMaxNamed ? victims.size() - kMaxNamed : 0;
    victims.resize(victims.size() - more);
    line.words = absl::StrCat("makes ", absl::StrJoin(victims, ", "),
                              more > 0 ? absl::StrCat(" and ", more, " more") : "", " go: ", reason);
  } else {
    line.words = absl::StrCat("has to wait: ", reason);
  }
  return line;
}

Json WithoutCycle(Json json) {
  json.erase("cycle");
  return json;
}

// What a file says about each of the jobs asked for.
using Lines = std::map<std::string, std::vector<Json>>;

void Keep(const Json& json, Lines* lines) {
  const auto keep = [&](const std::string& job) {
    const auto found = lines->find(job);
    if (found != lines->end() && found->second.size() < kMaxLines) found->second.push_back(WithoutCycle(json));
  };
  keep(json["job"].get<std::string>());
  for (const std::string& victim : VictimsOf(json)) keep(victim);
}

// Whether a line may be about one of the jobs, whose ids are written as in the file: a glance, without parsing.
bool MayConcern(const std::string& line, const std::set<std::string, std::less<>>& jobs) {
  static const std::string kJob = "\"job\":";
  if (line.find("\"victims\"") != std::string::npos) return true;
  const size_t at = line.find(kJob);
  if (at == std::string::npos) return true;
  const size_t begin = at + kJob.size();
  size_t end = begin + 1;
  while (end < line.size() && line[end] != '"') end += line[end] == '\\' ? 2 : 1;
  return end >= line.size() || jobs.contains(absl::string_view(line).substr(begin, end + 1 - begin));
}

bool IsWaiting(const Json& json) { return json["outcome"] == "pending"; }

// Of several times in a row that a job has to wait, the first: when else it was looked at, and what was in the way then,
// says nothing about it.
std::vector<Json> WithoutRepeats(const std::vector<Json>& lines) {
  std::vector<Json> kept;
  for (const Json& line : lines) {
    if (kept.empty() || !IsWaiting(line) || !IsWaiting(kept.back())) kept.push_back(line);
  }
  return kept;
}

// The decision at that place; of a job that waits to the end, that it does.
std::optional<DecisionLine> At(const std::vector<Json>& lines, size_t i) {
  if (i < lines.size()) return InWords(lines[i]);
  if (!lines.empty() && IsWaiting(lines.back())) return InWords(lines.back());
  return std::nullopt;
}

std::optional<Parting> PartingOf(const std::vector<Json>& all_a, const std::vector<Json>& all_b) {
  const std::vector<Json> a = WithoutRepeats(all_a), b = WithoutRepeats(all_b);
  size_t i = 0;
  while (i < a.size() && i < b.size() && (a[i] == b[i] || (IsWaiting(a[i]) && IsWaiting(b[i])))) ++i;
  if (i == a.size() && i == b.size()) return std::nullopt;
  return Parting{At(a, i), At(b, i)};
}

}  // namespace

absl::StatusOr<Partings> FindPartings(const std::string& a, const std::string& b,
                                      const std::vector<std::string>& jobs) {
  absl::StatusOr<Reader> reader_a = Reader::Open(a), reader_b = Reader::Open(b);
  if (!reader_a.ok()) return reader_a.status();
  if (!reader_b.ok()) return reader_b.status();
  Partings partings;
  Lines of_a, of_b;
  std::set<std::string, std::less<>> written;
  for (const std::string& job : jobs) {
    of_a[job] = of_b[job] = {};
    written.insert(Json(job).dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  std::string line_a, line_b;
  while (true) {
    const bool more_a = reader_a->Next(&line_a), more_b = reader_b->Next(&line_b);
    if (!more_a && !more_b) break;
    // Before they part nothing has to be looked at; most runs under similar policies part late.
    if (!partings.first.has_value() && more_a && more_b && line_a == line_b) continue;
    const bool parted = partings.first.has_value();
    std::optional<Json> json_a, json_b;
    const auto take = [&](const Reader& reader, const std::string& line, Lines* lines, std::optional<Json>* out) {
      if (parted && !MayConcern(line, written)) return absl::OkStatus();
      absl::StatusOr<Json> json = reader.Parse(line);
      if (!json.ok()) return json.status();
      Keep(*json, lines);
      *out = WithoutCycle(*std::move(json));
      return absl::OkStatus();
    };
    if (absl::Status s = more_a ? take(*reader_a, line_a, &of_a, &json_a) : absl::OkStatus(); !s.ok()) return s;
    if (absl::Status s = more_b ? take(*reader_b, line_b, &of_b, &json_b) : absl::OkStatus(); !s.ok()) return s;
    if (parted || json_a == json_b) continue;
    partings.first.emplace();
    if (json_a.has_value()) partings.first->a = InWords(*json_a);
    if (json_b.has_value()) partings.first->b = InWords(*json_b);
  }
  if (absl::Status s = reader_a->End(); !s.ok()) return s;
  if (absl::Status s = reader_b->End(); !s.ok()) return s;
  for (const std::string& job : jobs) {
    if (const std::optional<Parting> parting = PartingOf(of_a[job], of_b[job])) partings.of_job[job] = *parting;
  }
  return partings;
}

}  // namespace muster::sim
