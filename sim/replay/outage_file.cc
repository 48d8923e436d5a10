#include <algorithm>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "sim/files/input.h"
#include "sim/replay/cluster_events.h"
#include "sim/trace/records.h"

namespace muster::sim {
namespace {

constexpr int64_t kMaxSeconds = int64_t{1} << 40;

// Where the file says what.
struct Form {
  bool lanl = false;
  const char *node, *down, *up;
};
constexpr Form kOwn = {false, "node", "down", "up"};
constexpr Form kLanl = {true, "nodenum", "Prob Started", "Prob Fixed"};

absl::StatusOr<int64_t> TimeOf(absl::string_view text, bool lanl) {
  int64_t seconds = 0;
  absl::Time time;
  std::string error;
  if (lanl) {
    if (!absl::ParseTime("%m/%d/%Y %H:%M", text, &time, &error)) {
      return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not a time such as 6/21/2005 10:54"));
    }
    seconds = absl::ToUnixSeconds(time);
  } else if (!absl::SimpleAtoi(text, &seconds)) {
    if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", text, "\" is neither whole seconds nor a time such as 2026-01-31T12:00:00Z"));
    }
    seconds = absl::ToUnixSeconds(time);
  }
  if (seconds < 0 || seconds > kMaxSeconds) return absl::InvalidArgumentError(absl::StrCat(text, " is out of range"));
  return seconds;
}

class Reader {
 public:
  Reader(const Record& record, const Form& form) : record_(record), form_(form) {}

  absl::StatusOr<Outage> Read() {
    Outage out;
    out.node = Text(form_.node);
    if (out.node.empty()) return Bad(form_.node, "is empty");
    if (form_.lanl) out.node = absl::StrCat(Text("System"), "-", out.node);
    if (absl::Status s = Time(form_.down, &out.down_s); !s.ok()) return s;
    if (!Text(form_.up).empty()) {
      if (absl::Status s = Time(form_.up, &out.up_s); !s.ok()) return s;
      if (out.up_s < out.down_s) return Bad(form_.up, "is before it went down");
    }
    out.cordon_s = out.down_s;
    const std::string kind = Text("kind");
    if (!form_.lanl && !kind.empty() && kind != "failure" && kind != "maintenance") {
      return Bad("kind", absl::StrCat("\"", kind, "\" is neither failure nor maintenance"));
    }
    out.maintenance = !form_.lanl && kind == "maintenance";
    if (!form_.lanl && !Text("cordon").empty()) {
      if (!out.maintenance) return Bad("cordon", "is for maintenance; nobody knows of a failure before");
      if (absl::Status s = Time("cordon", &out.cordon_s); !s.ok()) return s;
      if (out.cordon_s > out.down_s) return Bad("cordon", "is after the node goes down");
    }
    return out;
  }

 private:
  absl::Status Bad(absl::string_view column, absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat("column ", column, ": ", what));
  }
  std::string Text(absl::string_view column) const {
    return std::string(absl::StripAsciiWhitespace(record_.Get(column).value_or("")));
  }
  absl::Status Time(absl::string_view column, int64_t* out) const {
    absl::StatusOr<int64_t> time = TimeOf(Text(column), form_.lanl);
    if (!time.ok()) return Bad(column, time.status().message());
    *out = *time;
    return absl::OkStatus();
  }

  const Record& record_;
  const Form& form_;
};

absl::Status CheckColumns(const Record& record, const Form& form) {
  for (const char* column : {form.node, form.down, form.up}) {
    if (!record.Get(column).has_value()) {
      return absl::InvalidArgumentError(absl::StrCat("there is no column ", column,
                                                     "; the columns are node, down, up, "
                                                     "and kind and cordon if you need them"));
    }
  }
  if (form.lanl) return absl::OkStatus();
  for (const std::string& name : record.names) {
    if (name != "node" && name != "down" && name != "up" && name != "kind" && name != "cordon") {
      return absl::InvalidArgumentError(
          absl::StrCat("column ", name, " is not known; the columns are node, down, up, kind and cordon"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Outages> ReadOutages(std::istream* in, absl::string_view source) {
  const auto bad = [&](int64_t row, absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(source, ":", row, ": ", what));
  };
  absl::StatusOr<std::unique_ptr<RecordReader>> reader = NewRecordReader(Format::kCsv, in);
  if (!reader.ok()) return absl::InvalidArgumentError(absl::StrCat(source, ": ", reader.status().message()));
  Outages out;
  Record record;
  for (bool first = true;; first = false) {
    const absl::StatusOr<bool> more = (*reader)->Next(&record);
    if (!more.ok()) return bad(record.row, more.status().message());
    if (!*more) break;
    if (first) out.lanl = record.Get(kLanl.down).has_value();
    const Form& form = out.lanl ? kLanl : kOwn;
    if (first) {
      if (absl::Status s = CheckColumns(record, form); !s.ok()) return bad(1, s.message());
    }
    if (static_cast<int64_t>(out.outages.size()) >= kMaxOutages) {
      return bad(record.row, absl::StrCat("there are more than ", kMaxOutages, " outages"));
    }
    absl::StatusOr<Outage> outage = Reader(record, form).Read();
    if (!outage.ok()) return bad(record.row, outage.status().message());
    out.outages.push_back(*std::move(outage));
  }
  std::sort(out.outages.begin(), out.outages.end(), [](const Outage& a, const Outage& b) {
    return std::tie(a.down_s, a.node, a.up_s) < std::tie(b.down_s, b.node, b.up_s);
  });
  return out;
}

absl::StatusOr<Outages> ReadOutages(const std::string& path) {
  absl::StatusOr<std::unique_ptr<std::istream>> in = OpenInput(path);
  if (!in.ok()) return in.status();
  return ReadOutages(in->get(), path);
}

}  // namespace muster::sim
