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
constexpr const char* kFirstNames[] = {"jobs.csv", "decisions.jsonl"};
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

// A name of a file in the folder itself.
bool IsPlainName(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string::npos && name != kSummary;
}

std::vector<std::string> ResultsIn(const fs::path& dir) {
  std::vector<std::string> names(std::begin(kFirstNames), std::end(kFirstNames));
  const absl::StatusOr<Json> summary = ReadJsonObject(dir / kSummary);
  if (!summary.ok()) return names;
  if (const auto files = summary->find("files"); files != summary->end() && files->is_object()) {
    for (const auto& [name, digest] : files->items()) {
      if (IsPlainName(name)) names.push_back(name);
    }
  }
  return names;
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

// Whether the results that are there may be replaced by those of `provenance` without asking.
absl::Status CheckExisting(const fs::path& dir, const Json& provenance) {
  const auto refuse = [&](const std::string& what) {
    return absl::AlreadyExistsError(
        absl::StrCat(dir.string(), " has ", what, "; give another folder, or --overwrite to replace them"));
  };
  std::error_code error;
  if (!fs::exists(dir / kSummary, error)) {
    for (const char* name : kFirstNames) {
      if (fs::exists(dir / name, error)) return refuse(absl::StrCat(name, " of a run that is not known"));
    }
    return absl::OkStatus();
  }
  const absl::StatusOr<Json> summary = ReadJsonObject(dir / kSummary);
  const auto there = summary.ok() ? summary->find("provenance") : Json::const_iterator();
  if (!summary.ok() || there == summary->end()) return refuse("results that do not say what they were made of");
  if (SameProvenance(*there, provenance)) return absl::OkStatus();
  std::string differs;
  const Json mine = WithoutNames(provenance);
  for (const auto& [key, value] : mine.items()) {
    const auto other = there->find(key);
    if (other != there->end() && WithoutNames(*other) == value) continue;
    absl::StrAppend(&differs, differs.empty() ? "" : ", ", key == "muster" ? "version" : key);
  }
  return refuse(absl::StrCat("the results of another run (other ", differs.empty() ? "inputs" : differs, ")"));
}

}  // namespace

bool SameProvenance(const Json& a, const Json& b) { return WithoutNames(a) == WithoutNames(b); }

struct ResultFolder::State {
  fs::path dir;
  std::string staging;
  Json provenance;
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

absl::StatusOr<ResultFolder> ResultFolder::Create(const std::string& dir, Provenance provenance, bool overwrite) {
  auto state = std::make_unique<State>();
  state->dir = dir;
  state->provenance = std::move(provenance);
  state->staging = (state->dir / kStaging).string();
  std::error_code error;
  if (fs::exists(dir, error) && !fs::is_directory(dir, error)) return Failed(dir, "it is not a folder");
  state->made = fs::create_directories(dir, error);
  if (error) return Failed(dir, absl::StrCat("the folder cannot be created: ", error.message()));
  state->lock = ::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (state->lock < 0) return Failed(dir, std::strerror(errno));
  // The lock goes with the process, however it ends.
  if (::flock(state->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {  // else it has no locks
    ::close(state->lock);
    return Failed(dir, "another run is writing to it");
  }
  ResultFolder folder(std::move(state));
  State* s = folder.state_.get();
  if (!overwrite) {
    if (absl::Status status = CheckExisting(s->dir, s->provenance); !status.ok()) return status;
  }
  for (const std::string& name : ResultsIn(s->dir)) {
    if (fs::is_directory(fs::symlink_status(s->dir / name, error))) {
      return Failed((s->dir / name).string(), "it is a folder");
    }
  }
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

absl::Status ResultFolder::Commit() {
  State& s = *state_;
  MUSTER_CHECK(!s.committed, "a folder is committed once");
  const fs::path staging(s.staging);
  absl::StatusOr<Json> summary = ReadJsonObject(staging / kSummary);
  if (!summary.ok()) return summary.status();
  std::error_code error;
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(staging, error)) {
    if (const std::string name = entry.path().filename().string(); name != kSummary) names.push_back(name);
  }
  if (error) return Failed(s.staging, error.message());
  std::sort(names.begin(), names.end());
  Json whole = {{"complete", true}, {"provenance", s.provenance}, {"files", Json::object()}};
  for (const std::string& name : names) {
    absl::StatusOr<std::string> digest = Sha256OfFile((staging / name).string());
    if (!digest.ok()) return digest.status();
    whole["files"][name] = *digest;
  }
  for (const auto& [key, value] : summary->items()) whole[key] = value;
  const std::string text = whole.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  if (absl::Status status = WriteFile((staging / kSummary).string(), text); !status.ok()) return status;

  const std::unique_lock<std::mutex> finishing = Unfinished::Finishing();
  const std::vector<std::string> old = ResultsIn(s.dir);
  // From here until the new summary is there, the folder says of itself that it has no result.
  if (::unlink((s.dir / kSummary).c_str()) != 0 && errno != ENOENT) {
    return Failed((s.dir / kSummary).string(), std::strerror(errno));
  }
  for (const std::string& name : old) {
    if (std::find(names.begin(), names.end(), name) == names.end()) ::unlink((s.dir / name).c_str());
  }
  names.push_back(kSummary);
  for (const std::string& name : names) {
    const fs::path to = s.dir / name;
    if (std::rename((staging / name).c_str(), to.c_str()) != 0) return Failed(to.string(), std::strerror(errno));
  }
  s.committed = true;
  s.unfinished.reset();
  fs::remove_all(staging, error);
  return absl::OkStatus();
}

absl::StatusOr<Json> ReadSummary(const std::string& dir) {
  const fs::path folder(dir);
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return absl::NotFoundError(absl::StrCat(dir, " is not a folder; name what --out of a replay named"));
  }
  if (!fs::exists(folder / kSummary, error)) {
    return absl::NotFoundError(absl::StrCat(dir, " has no summary.json: no replay was written there to its end"));
  }
  absl::StatusOr<Json> summary = ReadJsonObject(folder / kSummary);
  if (!summary.ok()) return summary;
  const auto complete = summary->find("complete"), provenance = summary->find("provenance"),
             files = summary->find("files");
  if (complete == summary->end() || *complete != true || provenance == summary->end() || files == summary->end() ||
      !provenance->is_object() || !files->is_object()) {
    return absl::FailedPreconditionError(
        absl::StrCat(dir, "/summary.json does not say that it is complete and what it was made of; replay it again"));
  }
  for (const auto& [name, digest] : files->items()) {
    if (!IsPlainName(name)) return absl::InvalidArgumentError(absl::StrCat(dir, "/summary.json: files: ", name));
    const absl::StatusOr<std::string> is = Sha256OfFile((folder / name).string());
    if (!is.ok()) return is.status();
    if (digest == *is) continue;
    return absl::FailedPreconditionError(
        absl::StrCat(dir, "/", name, " is not what the run wrote (see files in summary.json); replay it again"));
  }
  return summary;
}

}  // namespace muster::sim
