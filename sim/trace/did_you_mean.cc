#include "sim/trace/did_you_mean.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace muster::sim {
namespace {

constexpr size_t kMaxLength = 64;

// Without case, and without what only joins words.
std::string Plain(absl::string_view name) {
  std::string plain = absl::AsciiStrToLower(name.substr(0, kMaxLength));
  plain.erase(std::remove_if(plain.begin(), plain.end(), [](char c) { return c == '_' || c == '-' || c == ' '; }),
              plain.end());
  return plain;
}

// Letters added, left out or replaced (Levenshtein).
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::string DidYouMean(absl::string_view name, const std::vector<std::string>& names) {
  const std::string wrong = Plain(name);
  const std::string* best = nullptr;
  size_t best_distance = 1 + std::max<size_t>(1, wrong.size() / 3);
  for (const std::string& candidate : names) {
    const std::string right = Plain(candidate);
    const bool begun_alike =
        std::min(wrong.size(), right.size()) >= 3 && (absl::StartsWith(right, wrong) || absl::StartsWith(wrong, right));
    const size_t distance = std::min(Distance(wrong, right), begun_alike ? size_t{1} : kMaxLength);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = &candidate;
  }
  return best == nullptr ? "" : absl::StrCat("; did you mean \"", *best, "\"?");
}

}  // namespace muster::sim
