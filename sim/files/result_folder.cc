#include "sim/files/result_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/check.h"
#include "sim/files/digest.h"
#include "sim/files/output_file.h"
#include "sim/files/unfinished.h"

namespace muster::sim {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr char kStaging[] = ".partial";
constexpr char kSummary[] = "summary.json";
// What results were made of before summary.json named its files.
constexpr const char* kFirstNames[] = {"jobs.csv", "runs.csv", "decisions.jsonl", "report.html"};
constexpr int kTries = 20, kPauseUs = 50000;
constexpr uintmax_t kMaxSummary = uintmax_t{256} << 20;

absl::Status Failed(const std::string& path, const std::string& why) {
  return absl::UnavailableError(absl::StrCat("cannot write ", path, ": ", why));
}

absl::StatusOr<Json> ReadJsonObject(const fs::path& path) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  if (error) return absl::NotFoundError(absl::StrCat("cannot read ", path.string(), ": ", error.message()));
  if (size > kMaxSummary) return absl::InvalidArgumentError(absl::StrCat(path.string(), " is too large"));
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  Json json = Json::parse(text.str(), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return absl::InvalidArgumentError(absl::StrCat(path.string(), " is not a JSON object"));
  return json;
}

// The name of a result: a file in the folder or in folders in it.
bool IsResultName(const std::string& name) {
  if (name == kSummary) return false;
  for (const absl::string_view part : absl::StrSplit(name, '/')) {
    if (part.empty() || part.front() == '.') return false;
  }
  return true;
}

// What an earlier run left, as far as it can be known.
std::vector<std::string> ResultsIn(const fs::path& dir) {
  std::vector<std::string> names(std::begin(kFirstNames), std::end(kFirstNames));
  const absl::StatusOr<Json> summary = ReadJsonObject(dir / kSummary);
  if (!summary.ok()) return names;
  if (const auto files = summary->find("files"); files != summary->end() && files->is_object()) {
    for (const auto& [name, digest] : files->items()) {
      if (IsResultName(name)) names.push_back(name);
    }
  }
  return names;
}

// The files in a folder and in folders in it but for summary.json, by name.
absl::StatusOr<std::vector<std::string>> FilesIn(const std::string& dir) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::recursive_directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().lexically_relative(dir).string();
    if (it->is_directory(error) || name == kSummary) continue;
    names.push_back(name);
  }
  if (error) return Failed(dir, error.message());
  std::sort(names.begin(), names.end());
  return names;
}

// Removes a result, and the folders in `dir` that it leaves empty.
void RemoveResult(const fs::path& dir, const std::string& name) {
  ::unlink((dir / name).c_str());
  for (fs::path folder = fs::path(name).parent_path(); !folder.empty(); folder = folder.parent_path()) {
    if (::rmdir((dir / folder).c_str()) != 0) return;
  }
}

Json WithoutNames(const Json& json) {
  if (!json.is_structured()) return json;
  Json out = json.is_array() ? Json::array() : Json::object();
  for (const auto& [key, value] : json.items()) {
    if (json.is_array()) {
      out.push_back(WithoutNames(value));
    } else if (key != "file") {
      out[key] = WithoutNames(value);
    }
  }
  return out;
}

// Removes what an interrupted run left; a folder of that name that is no such thing stays.
void RemoveUnfinished(const fs::path& dir) {
  const fs::path folder = dir / ResultFolder::kUnfinished;
  const absl::StatusOr<Json> summary = ReadJsonObject(folder / kSummary);
  std::error_code error;
  if (summary.ok() && summary->value("complete", Json()) == false) fs::remove_all(folder, error);
}

// Errors: a folder stands where a file is to be put, or the other way round.
absl::Status CheckPlaces(const fs::path& dir, const std::vector<std::string>& names) {
  std::error_code error;
  for (const std::string& name : names) {
    if (fs::is_directory(fs::symlink_status(dir / name, error))) return Failed((dir / name).string(), "it is a folder");
    for (fs::path folder = fs::path(name).parent_path(); !folder.empty(); folder = folder.parent_path()) {
      if (fs::exists(dir / folder, error) && !fs::is_directory(dir / folder, error)) {
        return Failed((dir / folder).string(), "it is not a folder");
      }
    }
  }
  return absl::OkStatus();
}

// Whether there is nothing that a new result would replace.
absl::Status CheckExisting(const fs::path& dir) {
  std::error_code error;
  std::string what;
  if (fs::exists(dir / kSummary, error)) {
    what = "the results of an earlier run";
    const absl::StatusOr<Json> summary = ReadJsonObject(dir / kSummary);
    const Json trace = summary.ok() ? summary->value("trace", Json()) : Json();
    if (trace.is_string()) absl::StrAppend(&what, ", of ", trace.get<std::string>());
  }
  for (const char* name : kFirstNames) {
    if (what.empty() && fs::exists(dir / name, error)) what = absl::StrCat(name, " of an earlier run");
  }
  if (what.empty()) return absl::OkStatus();
  return absl::AlreadyExistsError(
      absl::StrCat(dir.string(), " has ", what, "; give another folder, or --overwrite to replace them"));
}

}  // namespace

bool SameProvenance(const Json& a, const Json& b) { return WithoutNames(a) == WithoutNames(b); }

struct ResultFolder::State {
  fs::path dir;
  std::string staging;
  int lock = -1;
  bool made = false;  // `dir` was not there
  bool committed = false;
  std::optional<Unfinished> unfinished;

  void Remove() const {
    std::error_code error;
    // Whoever still writes may add a file while the folder is being removed.
    for (int i = 0; i < 3 && fs::exists(staging, error); ++i) fs::remove_all(staging, error);
    if (made) ::rmdir(dir.c_str());  // unless somebody put something there
  }
};

ResultFolder::ResultFolder(std::unique_ptr<State> state) : state_(std::move(state)) {}
ResultFolder::ResultFolder(ResultFolder&&) noexcept = default;
ResultFolder& ResultFolder::operator=(ResultFolder&&) noexcept = default;

ResultFolder::~ResultFolder() {
  if (state_ == nullptr) return;
  if (!state_->committed) state_->Remove();
  ::close(state_->lock);
}

const std::string& ResultFolder::staging() const { return state_->staging; }

absl::StatusOr<ResultFolder> ResultFolder::Create(const std::string& dir, bool overwrite) {
  auto state = std::make_unique<State>();
  state->dir = dir;
  state->staging = (state->dir / kStaging).string();
  std::error_code error;
  if (fs::exists(dir, error) && !fs::is_directory(dir, error)) return Failed(dir, "it is not a folder");
  state->made = fs::create_directories(dir, error);
  if (error) return Failed(dir, absl::StrCat("the folder cannot be created: ", error.message()));
  state->lock = ::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (state->lock < 0) return Failed(dir, std::strerror(errno));
  // The lock goes with the process, however it ends.
  bool taken = false;
  for (int i = 0; i < kTries && !taken; ++i) {
    if (i > 0) ::usleep(kPauseUs);                                                 // whoever has it may be just ending
    taken = ::flock(state->lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;  // else there are no locks here
  }
  if (!taken) {
    ::close(state->lock);
    return Failed(dir, "another run is writing to it");
  }
  ResultFolder folder(std::move(state));
  State* s = folder.state_.get();
  if (!overwrite) {
    if (absl::Status status = CheckExisting(s->dir); !status.ok()) return status;
  }
  if (absl::Status status = CheckPlaces(s->dir, ResultsIn(s->dir)); !status.ok()) return status;
  fs::remove_all(s->staging, error);  // of a run that was killed
  if (!fs::create_directory(s->staging, error)) return Failed(dir, error.message());
  s->unfinished.emplace([s] { s->Remove(); });
  return folder;
}

absl::Status ResultFolder::CheckSpace(int64_t bytes) const {
  struct statvfs space;
  if (::statvfs(state_->dir.c_str(), &space) != 0) return absl::OkStatus();  // the file system does not say
  const double free = static_cast<double>(space.f_bavail) * static_cast<double>(space.f_frsize);
  if (static_cast<double>(bytes) <= free) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrFormat("%s: %.1f MB are free, and the results need at least %.1f MB",
                                                      state_->dir.string(), free / 1e6,
                                                      static_cast<double>(bytes) / 1e6));
}

namespace {

// Completes the summary of the files in `staging`, whose names it gives.
absl::StatusOr<std::vector<std::string>> Complete(const std::string& staging, bool complete, const Json& provenance) {
  const std::string path = staging + "/" + kSummary;
  absl::StatusOr<Json> summary = ReadJsonObject(path);
  if (!summary.ok()) return summary.status();
  absl::StatusOr<std::vector<std::string>> names = FilesIn(staging);
  if (!names.ok()) return names.status();
  Json whole = {{"complete", complete}, {"provenance", provenance}, {"files", Json::object()}};
  for (const std::string& name : *names) {
    absl::StatusOr<std::string> digest = Sha256OfFile(staging + "/" + name);
    if (!digest.ok()) return digest.status();
    whole["files"][name] = *digest;
  }
  for (const auto& [key, value] : summary->items()) whole[key] = value;
  const std::string text = whole.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  if (absl::Status status = WriteFile(path, text); !status.ok()) return status;
  return names;
}

}  // namespace

absl::Status ResultFolder::Commit(const Provenance& provenance) {
  State& s = *state_;
  MUSTER_CHECK(!s.committed, "a folder is committed once");
  const fs::path staging(s.staging);
  absl::StatusOr<std::vector<std::string>> names = Complete(s.staging, true, provenance);
  if (!names.ok()) return names.status();
  if (absl::Status status = CheckPlaces(s.dir, *names); !status.ok()) return status;
  std::error_code error;
  const std::unique_lock<std::mutex> finishing = Unfinished::Finishing();
  const std::vector<std::string> old = ResultsIn(s.dir);
  // From here until the new summary is there, the folder says of itself that it has no result.
  if (::unlink((s.dir / kSummary).c_str()) != 0 && errno != ENOENT) {
    return Failed((s.dir / kSummary).string(), std::strerror(errno));
  }
  for (const std::string& name : old) {
    if (!std::binary_search(names->begin(), names->end(), name)) RemoveResult(s.dir, name);
  }
  names->push_back(kSummary);
  for (const std::string& name : *names) {
    const fs::path to = s.dir / name;
    if (to.parent_path() != s.dir) fs::create_directories(to.parent_path(), error);
    if (std::rename((staging / name).c_str(), to.c_str()) != 0) return Failed(to.string(), std::strerror(errno));
  }
  s.committed = true;
  s.unfinished.reset();
  fs::remove_all(staging, error);
  RemoveUnfinished(s.dir);
  return absl::OkStatus();
}

absl::Status ResultFolder::CommitUnfinished(const Provenance& provenance) {
  State& s = *state_;
  MUSTER_CHECK(!s.committed, "a folder is committed once");
  if (absl::Status status = Complete(s.staging, false, provenance).status(); !status.ok()) return status;
  const std::unique_lock<std::mutex> finishing = Unfinished::Finishing();
  const fs::path to = s.dir / kUnfinished;
  RemoveUnfinished(s.dir);
  if (std::rename(s.staging.c_str(), to.c_str()) != 0) return Failed(to.string(), std::strerror(errno));
  s.committed = true;
  s.unfinished.reset();
  return absl::OkStatus();
}

absl::StatusOr<Json> ReadSummary(const std::string& dir) {
  const fs::path folder(dir);
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return absl::NotFoundError(absl::StrCat(dir, " is not a folder; name what --out of a replay named"));
  }
  if (!fs::exists(folder / kSummary, error)) {
    if (fs::exists(folder / ResultFolder::kUnfinished / kSummary, error)) {
      return absl::NotFoundError(
          absl::StrCat(dir, " has only what a run wrote that was ended before it was done; replay it again"));
    }
    return absl::NotFoundError(absl::StrCat(dir, " has no summary.json: no replay was written there to its end"));
  }
  absl::StatusOr<Json> summary = ReadJsonObject(folder / kSummary);
  if (!summary.ok()) return summary;
  const auto complete = summary->find("complete"), provenance = summary->find("provenance"),
             files = summary->find("files");
  if (complete != summary->end() && *complete == false) {
    return absl::FailedPreconditionError(
        absl::StrCat(dir, " is of a run that was ended before it was done; replay it again"));
  }
  if (complete == summary->end() || *complete != true || provenance == summary->end() || files == summary->end() ||
      !provenance->is_object() || !files->is_object()) {
    return absl::FailedPreconditionError(
        absl::StrCat(dir, "/summary.json does not say that it is complete and what it was made of; replay it again"));
  }
  for (const auto& [name, digest] : files->items()) {
    if (!IsResultName(name)) return absl::InvalidArgumentError(absl::StrCat(dir, "/summary.json: files: ", name));
    const absl::StatusOr<std::string> is = Sha256OfFile((folder / name).string());
    if (!is.ok()) return is.status();
    if (digest == *is) continue;
    return absl::FailedPreconditionError(
        absl::StrCat(dir, "/", name, " is not what the run wrote (see files in summary.json); replay it again"));
  }
  return summary;
}

}  // namespace muster::sim
