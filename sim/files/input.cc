#include "sim/files/input.h"

#include <boost/iostreams/device/file.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace muster::sim {

namespace io = boost::iostreams;

absl::StatusOr<std::unique_ptr<std::istream>> OpenInput(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is a folder; name a file"));
  }
  char magic[6] = {};
  size_t magic_size = 0;
  {
    std::ifstream probe(path, std::ios::binary);
    if (!probe) return absl::NotFoundError(absl::StrCat("cannot open ", path, "; check the path and its permissions"));
    probe.read(magic, sizeof(magic));
    magic_size = static_cast<size_t>(probe.gcount());
  }
  const absl::string_view head(magic, magic_size);
  auto stream = std::make_unique<io::filtering_istream>();
  if (absl::StartsWith(head, "\x1f\x8b")) {
    stream->push(io::gzip_decompressor());
  } else if (absl::StartsWith(head, absl::string_view("\xfd"
                                                      "7zXZ\0",
                                                      6))) {
    stream->push(io::lzma_decompressor());
  }
  stream->push(io::file_source(path, std::ios::binary), 1 << 16);
  return std::unique_ptr<std::istream>(std::move(stream));
}

}  // namespace muster::sim
