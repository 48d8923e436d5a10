#include "sim/files/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/iostreams/device/file_descriptor.hpp>
// GCC 12 sees an overlap in std::string::insert where there is none.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wrestrict"
#include <boost/iostreams/filter/gzip.hpp>
#pragma GCC diagnostic pop
#include <boost/iostreams/filtering_stream.hpp>
#include <boost/iostreams/stream.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "sim/files/unfinished.h"

namespace muster::sim {
namespace {

namespace io = boost::iostreams;

absl::Status Failed(const std::string& path, const std::string& why) {
  return absl::UnavailableError(absl::StrCat("cannot write ", path, ": ", why));
}

// Whether it is there, at the end of links, and is neither a file nor a folder.
bool IsSpecial(const std::string& path) {
  struct stat there;
  return ::stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode);
}

}  // namespace

struct OutputFile::State {
  std::string path;
  std::string part;  // "" = written in place
  io::stream<io::file_descriptor_sink> file;
  io::filtering_ostream gzip;  // into `file`; empty if it is written as it is
  std::optional<Unfinished> unfinished;

  std::ostream& stream() { return gzip.empty() ? static_cast<std::ostream&>(file) : gzip; }
  // Whether all that was written has gone to the file.
  bool Close();
};

bool OutputFile::State::Close() {
  bool good = true;
  if (!gzip.empty()) {
    good = gzip.good();
    try {
      gzip.reset();  // writes the end
    } catch (const std::exception&) {
      good = false;
    }
  }
  file.flush();
  good = good && file.good();
  file.close();
  return good && file.good();
}

OutputFile::OutputFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
OutputFile::OutputFile(OutputFile&&) noexcept = default;
OutputFile& OutputFile::operator=(OutputFile&&) noexcept = default;

OutputFile::~OutputFile() {
  if (state_ != nullptr && !state_->part.empty()) ::unlink(state_->part.c_str());
}

std::ostream& OutputFile::stream() { return state_->stream(); }

absl::StatusOr<OutputFile> OutputFile::Create(const std::string& path) {
  auto state = std::make_unique<State>();
  state->path = path;
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) return Failed(path, absl::StrCat("the folder cannot be created: ", error.message()));
  if (std::filesystem::is_directory(path, error)) return Failed(path, "it is a folder");
  int flags = O_WRONLY | O_CREAT | O_CLOEXEC;
  if (IsSpecial(path)) {
    flags |= O_TRUNC;
  } else {
    state->part = absl::StrCat(path, ".part");
    ::unlink(state->part.c_str());  // of a run that was stopped
    flags |= O_EXCL | O_NOFOLLOW;
  }
  const std::string& name = state->part.empty() ? path : state->part;
  const int fd = ::open(name.c_str(), flags, 0666);
  if (fd < 0) {
    state->part.clear();  // it is not this run's
    return Failed(path, std::strerror(errno));
  }
  state->file.open(io::file_descriptor_sink(fd, io::close_handle), 1 << 16);
  if (absl::EndsWith(path, ".gz")) {
    // Files of results are large, and soon written: the fastest level.
    state->gzip.push(io::gzip_compressor(io::gzip_params(io::gzip::best_speed)));
    state->gzip.push(state->file);
  }
  if (!state->part.empty()) state->unfinished.emplace([part = state->part] { ::unlink(part.c_str()); });
  return OutputFile(std::move(state));
}

absl::Status OutputFile::Commit() {
  MUSTER_CHECK(state_ != nullptr && state_->file.is_open(), "a file is committed once");
  // The stream throws away what the system said when it could not write.
  errno = 0;
  if (!state_->Close()) return Failed(state_->path, errno != 0 ? std::strerror(errno) : "check space and permissions");
  if (state_->part.empty()) return absl::OkStatus();
  const std::unique_lock<std::mutex> finishing = Unfinished::Finishing();
  if (std::rename(state_->part.c_str(), state_->path.c_str()) != 0) return Failed(state_->path, std::strerror(errno));
  state_->part.clear();
  state_->unfinished.reset();
  return absl::OkStatus();
}

absl::Status WriteFile(const std::string& path, absl::string_view text) {
  absl::StatusOr<OutputFile> file = OutputFile::Create(path);
  if (!file.ok()) return file.status();
  file->stream().write(text.data(), static_cast<std::streamsize>(text.size()));
  return file->Commit();
}

}  // namespace muster::sim
