#include "api/hyperpod/patterns.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"

namespace muster::hyperpod {
namespace {

bool IsLowerOrDigit(char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c); }

template <class F>
bool AllOf(absl::string_view text, F f) {
  return std::all_of(text.begin(), text.end(), f);
}

// Takes characters while `f` holds, and returns them.
template <class F>
absl::string_view TakeWhile(absl::string_view* text, F f) {
  size_t n = 0;
  while (n < text->size() && f((*text)[n])) ++n;
  const absl::string_view taken = text->substr(0, n);
  text->remove_prefix(n);
  return taken;
}

bool IsArnOf(absl::string_view text, absl::string_view resource, size_t min_region, size_t max_region) {
  if (!absl::ConsumePrefix(&text, "arn:aws")) return false;
  TakeWhile(&text, [](char c) { return absl::ascii_islower(c) || c == '-'; });
  if (!absl::ConsumePrefix(&text, ":sagemaker:")) return false;
  const size_t region = TakeWhile(&text, [](char c) { return IsLowerOrDigit(c) || c == '-'; }).size();
  if (region < min_region || region > max_region || !absl::ConsumePrefix(&text, ":")) return false;
  if (TakeWhile(&text, absl::ascii_isdigit).size() != 12) return false;
  return absl::ConsumePrefix(&text, ":") && absl::ConsumePrefix(&text, resource) && absl::ConsumePrefix(&text, "/") &&
         IsRecordId(text);
}

constexpr size_t kAnyRegion = ~size_t{0};

// Calls `f` with every code point until it is false. REQUIRES: well-formed UTF-8.
template <class F>
bool AllCodePoints(absl::string_view text, F f) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const int tail = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    uint32_t point = tail == 0 ? lead : lead & (0x3F >> tail);
    for (int k = 1; k <= tail && i + k < text.size(); ++k) {
      point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3F);
    }
    if (!f(point)) return false;
    i += tail + 1;
  }
  return true;
}

struct Range {
  uint32_t first;
  uint32_t last;
};

template <size_t kSize>
bool Within(uint32_t point, const Range (&ranges)[kSize]) {
  return std::any_of(ranges, ranges + kSize, [point](Range r) { return point >= r.first && point <= r.last; });
}

// Unicode category C without the unassigned: controls, format characters, private use.
constexpr Range kOther[] = {
    {0x0, 0x1F},      {0x7F, 0x9F},     {0xAD, 0xAD},     {0x600, 0x605},     {0x61C, 0x61C},     {0x6DD, 0x6DD},
    {0x70F, 0x70F},   {0x180E, 0x180E}, {0x200B, 0x200F}, {0x202A, 0x202E},   {0x2060, 0x206F},   {0xE000, 0xF8FF},
    {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xFFFE, 0xFFFF}, {0xE0001, 0xE007F}, {0xF0000, 0x10FFFF}};

// Blocks without letters, digits or spaces, and what is none of these in Latin-1.
constexpr Range kSymbols[] = {{0xA1, 0xA9},     {0xAB, 0xB1},     {0xB4, 0xB4},      {0xB6, 0xB8},     {0xBB, 0xBB},
                              {0xBF, 0xBF},     {0xD7, 0xD7},     {0xF7, 0xF7},      {0x300, 0x36F},   {0x2010, 0x2027},
                              {0x2030, 0x205E}, {0x20A0, 0x20FF}, {0x2190, 0x245F},  {0x2500, 0x2BFF}, {0x3001, 0x3004},
                              {0x3008, 0x3020}, {0xFE00, 0xFE6F}, {0x1F000, 0x1FAFF}};

}  // namespace

bool IsEntityName(absl::string_view text) {
  return !text.empty() && absl::ascii_isalnum(text.front()) && absl::ascii_isalnum(text.back()) &&
         AllOf(text, [](char c) { return absl::ascii_isalnum(c) || c == '-'; });
}

bool IsTeamName(absl::string_view text) {
  return !text.empty() && IsLowerOrDigit(text.front()) && IsLowerOrDigit(text.back()) &&
         AllOf(text, [](char c) { return IsLowerOrDigit(c) || c == '-'; });
}

bool IsRecordId(absl::string_view text) { return text.size() == 12 && AllOf(text, IsLowerOrDigit); }

bool IsClusterArn(absl::string_view text) { return IsArnOf(text, "cluster", 0, kAnyRegion); }
bool IsComputeQuotaArn(absl::string_view text) { return IsArnOf(text, "compute-quota", 0, kAnyRegion); }
bool IsSchedulerConfigArn(absl::string_view text) { return IsArnOf(text, "cluster-scheduler-config", 9, 16); }

bool IsDescription(absl::string_view text) {
  return AllCodePoints(text, [](uint32_t point) { return !Within(point, kOther); });
}

bool IsTagText(absl::string_view text) {
  return AllCodePoints(text, [](uint32_t point) {
    if (point >= 0x80) return !Within(point, kOther) && !Within(point, kSymbols);
    const char c = static_cast<char>(point);
    return absl::ascii_isalnum(c) || absl::string_view(" _.:/=+-@").find(c) != absl::string_view::npos;
  });
}

size_t CountCharacters(absl::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

}  // namespace muster::hyperpod
