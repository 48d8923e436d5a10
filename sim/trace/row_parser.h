// From one row of a trace to a job.
//
// Problem: millions of rows say the same but for their times. Which columns matter is worked out once for all rows with
// the same columns, and what a job shares with others (JobShape) is parsed once for all rows that say the same of it.
#ifndef MUSTER_SIM_TRACE_ROW_PARSER_H_
#define MUSTER_SIM_TRACE_ROW_PARSER_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sim/trace/job_terms.h"
#include "sim/trace/mapping.h"
#include "sim/trace/records.h"
#include "sim/trace/trace.h"

namespace muster::sim {

// Thread-safety: compatible.
class RowParser {
 public:
  // The mapping must outlive the parser. `zone`: of times that name none; `keep_record`: see ReadTraceOptions.
  explicit RowParser(const Mapping& mapping, std::optional<absl::TimeZone> zone = std::nullopt,
                     bool keep_record = false)
      : m_(mapping), zone_(zone), keep_record_(keep_record) {}

  // Takes the next row; it must outlive what is asked about it. O(columns) if they are the same as before.
  void SetRow(const Record& record);

  // All that the row's shape is made of: rows with equal keys have equal shapes. Valid until the next SetRow.
  absl::string_view ShapeKey();

  // Reads the whole row. False if something is wrong with it: problem() says what, of several things the first.
  bool Parse(Job* job, JobShape* shape);
  // The same for a row whose shape is known to be good: leaves the shape out.
  bool ParseTimes(Job* job);

  // The status column, "" if it says nothing.
  absl::string_view Status() const { return Value(status_).value_or(""); }

  // All that the row's terms are made of, "" if it has none. Valid until the next SetRow.
  absl::string_view TermsKey();
  // False if something is wrong with them.
  bool ParseTerms(JobTerms* terms);

  const RowProblem& problem() const { return problem_; }
  // Whether the row is only unusable because all it asks for is to be ignored.
  bool asks_for_ignored() const { return asks_for_ignored_; }

 private:
  // A column of the mapping, or several that stand in for each other, by their places in the row.
  struct Columns {
    std::string names;  // as in the mapping
    bool several = false;
    bool negated = false;  // "-column"
    absl::InlinedVector<size_t, 2> places;
  };
  Columns Find(absl::string_view names) const;
  void FindAll();

  // The value of the column or of the first that says something. nullopt if none does.
  std::optional<absl::string_view> Value(const Columns& columns) const;

  void Fail(absl::string_view column, std::string reason);
  void ParseId(Job* job);
  void ParseQueue(JobShape* shape);
  int64_t Seconds(const Columns& columns, bool times);
  std::optional<int64_t> OptionalSeconds(const Columns& columns, bool times);
  std::optional<int64_t> OptionalCount(const Columns& columns, int64_t max);
  int64_t Count(const Columns& columns, absl::string_view text, int64_t max);
  void AddRequest(const std::string& resource, absl::string_view column, absl::string_view text, PodGroup* group);
  // `text` is an amount for all groups, or one for each joined by '+'.
  void AddRequests(const std::string& resource, absl::string_view column, absl::string_view text,
                   std::vector<PodGroup>* groups);
  std::vector<PodGroup> ParseGroups();
  void ParsePods(JobShape* shape);
  void ParseTopology(JobShape* shape);
  void ParsePriority(JobShape* shape);
  void ParseNodeSelector(JobShape* shape);
  void ParseTolerations(JobShape* shape);

  const Mapping& m_;
  const Record* r_ = nullptr;
  RowProblem problem_;
  std::string key_, terms_key_;
  const std::optional<absl::TimeZone> zone_;
  const bool keep_record_;
  bool asks_for_ignored_ = false;

  // What follows from the names of the columns.
  ColumnNames names_;
  bool found_ = false;
  Columns id_, queue_, submit_, duration_, gpus_, pods_, min_pods_, priority_, priority_class_, node_selector_,
      tolerations_, status_, manifest_, topology_, estimate_, deadline_, after_, think_, start_, user_, group_;
  std::array<Columns, 7> own_;                             // of OwnTerms
  std::vector<std::pair<std::string, Columns>> requests_;  // resource, where its amount is
  std::vector<size_t> prefixed_;                           // columns named PREFIX<resource>
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_ROW_PARSER_H_
