// The sources and headers that the program is made of, for tests that look for words in them.
#ifndef MUSTER_TOOLS_CHECKS_SOURCE_FILES_H_
#define MUSTER_TOOLS_CHECKS_SOURCE_FILES_H_

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace muster::checks {

struct SourceFile {
  std::string path;  // "scheduler/engine.cc"
  std::string text;
};

// All of them, tests left out. O(size of the sources).
inline std::vector<SourceFile> SourceFiles() {
  std::vector<SourceFile> files;
  std::ifstream listing("tools/checks/sources.txt");
  for (std::string path; std::getline(listing, path);) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    files.push_back({path, text.str()});
  }
  return files;
}

}  // namespace muster::checks

#endif  // MUSTER_TOOLS_CHECKS_SOURCE_FILES_H_
