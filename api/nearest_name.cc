#include "api/nearest_name.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace muster::api {
namespace {

constexpr size_t kLongest = 64;

// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
// REQUIRES: both have at most kLongest characters.
size_t Slips(absl::string_view a, absl::string_view b) {
  using Row = std::array<size_t, kLongest + 1>;
  Row before = {}, above = {}, row = {};
  for (size_t j = 0; j <= b.size(); ++j) above[j] = j;
  const auto lower = [](absl::string_view text, size_t i) { return absl::ascii_tolower(text[i]); };
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a, i - 1) == lower(b, j - 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && lower(a, i - 1) == lower(b, j - 2) && lower(a, i - 2) == lower(b, j - 1)) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before = above;
    above = row;
  }
  return above[b.size()];
}

}  // namespace

absl::string_view NearestName(absl::string_view word, absl::Span<const absl::string_view> names) {
  absl::string_view nearest;
  if (word.empty() || word.size() > kLongest) return nearest;
  // One more than is near enough.
  size_t least = 2 + (word.size() > 4 ? (word.size() - 4) / 4 : 0);
  for (const absl::string_view name : names) {
    if (name.empty() || name.size() > kLongest) continue;
    const size_t slips = Slips(word, name);
    // A name of which nothing is left is not near, however short it is.
    if (slips >= least || slips >= name.size()) continue;
    least = slips;
    nearest = name;
  }
  if (!nearest.empty() || word.size() < 4) return nearest;
  const auto begins = std::find_if(names.begin(), names.end(),
                                   [word](absl::string_view name) { return absl::StartsWithIgnoreCase(name, word); });
  return begins == names.end() ? absl::string_view() : *begins;
}

std::string MeantHint(absl::string_view word, absl::Span<const absl::string_view> names) {
  const absl::string_view meant = NearestName(word, names);
  return meant.empty() ? "" : absl::StrCat("; is ", meant, " meant?");
}

}  // namespace muster::api
