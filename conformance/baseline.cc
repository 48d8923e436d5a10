#include "conformance/baseline.h"

#include <cstdio>
#include <fstream>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace muster::conformance {

absl::StatusOr<Counts> ReadBaseline(const std::string& path) {
  std::ifstream in(path);
  if (!in) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  Counts counts;
  std::string line;
  while (std::getline(in, line)) {
    if (line.empty() || line[0] == '#') continue;
    const std::vector<std::string> fields = absl::StrSplit(line, '\t');
    Count count;
    if (fields.size() != 3 || !absl::SimpleAtoi(fields[1], &count.agreed) ||
        !absl::SimpleAtoi(fields[2], &count.total)) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": not 'suite<TAB>agreed<TAB>total': ", line));
    }
    counts[fields[0]] = count;
  }
  return counts;
}

absl::Status WriteBaseline(const std::string& path, const Counts& counts) {
  std::ofstream out(path);
  for (const auto& [suite, count] : counts) out << suite << '\t' << count.agreed << '\t' << count.total << '\n';
  out.close();
  return out ? absl::OkStatus() : absl::UnavailableError(absl::StrCat("cannot write ", path));
}

bool CompareWithBaseline(const Counts& baseline, const Counts& now, bool partial) {
  bool ok = true;
  bool rose = false;
  for (const auto& [suite, was] : baseline) {
    const auto it = now.find(suite);
    if (it == now.end()) {
      if (partial) continue;
      std::printf("below the baseline: %s was not run\n", suite.c_str());
      ok = false;
    } else if (it->second.agreed < was.agreed) {
      std::printf("below the baseline: %s %d < %d\n", suite.c_str(), it->second.agreed, was.agreed);
      ok = false;
    } else if (it->second.agreed > was.agreed) {
      std::printf("above the baseline: %s %d > %d\n", suite.c_str(), it->second.agreed, was.agreed);
      rose = true;
    }
  }
  if (rose) std::printf("please raise the baseline: run again with --write-baseline\n");
  return ok;
}

}  // namespace muster::conformance
