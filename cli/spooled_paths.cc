#include "cli/spooled_paths.h"

#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "sim/files/input.h"

namespace muster::cli {
namespace {

bool WriteAll(int file, const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const ssize_t written = write(file, text.data() + at, text.size() - at);
    if (written <= 0) return false;
    at += static_cast<size_t>(written);
  }
  return true;
}

}  // namespace

SpooledPaths::SpooledPaths(const std::vector<std::string>& paths) : paths_(paths) {
  for (std::string& path : paths_) {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(path, error);
    if (path != "-" && (!std::filesystem::exists(status) || std::filesystem::is_regular_file(status) ||
                        std::filesystem::is_directory(status))) {
      continue;
    }
    const absl::StatusOr<std::string> text = sim::ReadInput(path, kMaxBytes);
    if (!text.ok()) continue;
    const int file = memfd_create("muster", MFD_CLOEXEC);
    if (file < 0) continue;
    files_.push_back(file);
    if (!WriteAll(file, *text)) continue;
    const std::string own = absl::StrCat("/proc/self/fd/", file);
    names_[own] = path;
    path = own;
  }
}

SpooledPaths::~SpooledPaths() {
  for (const int file : files_) close(file);
}

std::string SpooledPaths::NameOf(const std::string& path) const {
  const auto name = names_.find(path);
  return name == names_.end() ? path : name->second;
}

std::string SpooledPaths::RestoreNames(std::string message) const {
  // From behind: a path that begins with another comes after it.
  for (auto it = names_.rbegin(); it != names_.rend(); ++it) {
    absl::StrReplaceAll({{it->first, it->second}}, &message);
  }
  return message;
}

void SpooledPaths::RestoreNames(api::LoadResult* loaded) const {
  const auto restore = [this](api::Source* source) {
    const auto name = names_.find(source->file);
    if (name != names_.end()) source->file = name->second;
  };
  for (api::Decoded& decoded : loaded->objects) restore(&decoded.source);
  for (api::Unsupported& other : loaded->unsupported) restore(&other.source);
  for (api::Problem& problem : loaded->problems) restore(&problem.source);
}

}  // namespace muster::cli
