#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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

  absl::StatusOr<OutageWindow> Read() {
    OutageWindow window;
    window.row = record_.row;
    Outage& out = window.outage;
    out.node = Text(form_.node);
    if (out.node.empty() && !form_.lanl) return Bad(form_.node, "is empty");
    // Some of Los Alamos's rows name no node: "17-", which none can be called, so that they are no node's of the policy.
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
    if (form_.lanl) return window;
    if (absl::Status s = Repeats(&window); !s.ok()) return s;
    return window;
  }

 private:
  absl::Status Repeats(OutageWindow* window) const {
    const std::string every = Text("every"), until = Text("until");
    if (every.empty()) return until.empty() ? absl::OkStatus() : Bad("until", "is for what comes every so often");
    if (!Span(every, &window->every_s)) {
      return Bad("every", absl::StrCat("\"", every, "\" is neither whole seconds nor a time such as 90m, 12h or 7d"));
    }
    const Outage& o = window->outage;
    if (o.up_s == Outage::kNever) return Bad("every", "is for nodes that come back; say when in the column up");
    if (o.up_s - o.down_s > window->every_s) return Bad("every", "is shorter than the outage");
    if (o.down_s - o.cordon_s > window->every_s) return Bad("every", "is shorter than the time from cordon to down");
    if (until.empty()) return absl::OkStatus();
    if (absl::Status s = Time("until", &window->until_s); !s.ok()) return s;
    return window->until_s < o.down_s ? Bad("until", "is before the first of them") : absl::OkStatus();
  }
  static bool Span(absl::string_view text, int64_t* seconds) {
    int64_t unit = 1;
    for (const auto& [suffix, its] : {std::pair{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}}) {
      if (text.back() == suffix) unit = its;
    }
    if (!absl::ascii_isdigit(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
    return absl::SimpleAtoi(text, seconds) && *seconds >= 1 && *seconds <= kMaxSeconds / unit && (*seconds *= unit) > 0;
  }
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
                                                     "and kind, cordon, every and until if you need them"));
    }
  }
  if (form.lanl) return absl::OkStatus();
  for (const std::string& name : record.names.list()) {
    constexpr absl::string_view kKnown[] = {"node", "down", "up", "kind", "cordon", "every", "until"};
    if (std::find(std::begin(kKnown), std::end(kKnown), name) == std::end(kKnown)) {
      return absl::InvalidArgumentError(
          absl::StrCat("column ", name, " is not known; the columns are ", absl::StrJoin(kKnown, ", ")));
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
    absl::StatusOr<OutageWindow> window = Reader(record, form).Read();
    if (!window.ok()) return bad(record.row, window.status().message());
    const std::string& node = window->outage.node;
    if (!out.lanl && (window->every_s > 0 || node == "*" || absl::StrContains(node, '='))) {
      out.windows.push_back(*std::move(window));
    } else {
      out.outages.push_back(std::move(window->outage));
    }
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
