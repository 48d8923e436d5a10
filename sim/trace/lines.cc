#include "sim/trace/lines.h"

#include <algorithm>
#include <cstring>
#include <exception>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace muster::sim {

absl::Status RowTooLong() {
  return absl::InvalidArgumentError(absl::StrCat("the row is longer than ", kMaxRow, " bytes"));
}

Lines::Lines(std::istream* in) : in_(in), chunk_(1 << 16) {}

absl::StatusOr<bool> Lines::Next(std::string* line, bool* too_long) {
  line->clear();
  *too_long = false;
  bool any = false;
  for (bool ended = false; !ended;) {
    if (at_ == end_) {
      try {
        const std::streamsize got = in_->rdbuf()->sgetn(chunk_.data(), static_cast<std::streamsize>(chunk_.size()));
        at_ = 0;
        end_ = static_cast<size_t>(std::max<std::streamsize>(0, got));
      } catch (const std::exception& e) {  // a stream buffer has no other way to say it
        return absl::DataLossError(
            absl::StrCat("cannot be read beyond line ", number_, ": ", e.what(), "; fetch the file again"));
      }
      if (end_ == 0) break;
    }
    any = true;
    const char* const begin = chunk_.data() + at_;
    const auto* const newline = static_cast<const char*>(memchr(begin, '\n', end_ - at_));
    ended = newline != nullptr;
    const size_t length = ended ? static_cast<size_t>(newline - begin) : end_ - at_;
    const size_t room = kMaxRow - line->size();
    *too_long |= length > room;
    line->append(begin, std::min(length, room));
    at_ += length + (ended ? 1 : 0);
  }
  if (!any) return false;
  ++number_;
  if (!line->empty() && line->back() == '\r') line->pop_back();
  if (number_ == 1 && absl::StartsWith(*line, "\xef\xbb\xbf")) line->erase(0, 3);
  return true;
}

}  // namespace muster::sim
