// For tests: the example set-ups of testdata/hyperpod.
#ifndef MUSTER_API_HYPERPOD_TEST_FILES_H_
#define MUSTER_API_HYPERPOD_TEST_FILES_H_

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "api/hyperpod/read.h"

namespace muster::hyperpod {

inline std::string FileText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Everything of a folder of testdata/hyperpod, read as one.
inline ReadResult ReadSetup(const std::string& name) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator("testdata/hyperpod/" + name)) {
    if (fs::is_regular_file(entry.path())) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  ReadResult all;
  for (const std::string& file : files) {
    ReadResult r = ReadText(FileText(file), file);
    std::move(r.documents.policies.begin(), r.documents.policies.end(), std::back_inserter(all.documents.policies));
    std::move(r.documents.quotas.begin(), r.documents.quotas.end(), std::back_inserter(all.documents.quotas));
    std::move(r.documents.clusters.begin(), r.documents.clusters.end(), std::back_inserter(all.documents.clusters));
    std::move(r.problems.begin(), r.problems.end(), std::back_inserter(all.problems));
  }
  return all;
}

}  // namespace muster::hyperpod

#endif  // MUSTER_API_HYPERPOD_TEST_FILES_H_
