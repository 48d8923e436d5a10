#include "sim/trace/row_parser.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "sim/trace/blanks.h"

namespace muster::sim {
namespace {

constexpr int64_t kMaxSeconds = int64_t{1} << 40;  // far beyond any trace, far below overflow

// The columns of OwnTerms, in the order of RowParser::own_.
struct OwnColumn {
  std::string Mapping::*column;
  std::optional<int64_t> OwnTerms::*term;
};
constexpr std::array<OwnColumn, 7> kOwn = {{{&Mapping::time_limit, &OwnTerms::time_limit_s},
                                            {&Mapping::checkpoint, &OwnTerms::checkpoint_interval_s},
                                            {&Mapping::checkpoint_cost, &OwnTerms::checkpoint_cost_s},
                                            {&Mapping::restart_delay, &OwnTerms::restart_delay_s},
                                            {&Mapping::image_pull, &OwnTerms::image_pull_s},
                                            {&Mapping::pod_mtbf, &OwnTerms::pod_mtbf_s},
                                            {&Mapping::backoff_limit, &OwnTerms::backoff_limit}}};
constexpr int64_t kMaxBackoffLimit = 1000000;

absl::string_view Short(absl::string_view text) { return text.substr(0, 40); }

// With its number and its length before it: no two lists of texts look the same. A text that is empty leaves no trace:
// what is empty and what is missing are the same.
void AppendText(uint32_t number, absl::string_view text, std::string* key) {
  if (text.empty()) return;
  const uint32_t head[] = {number, static_cast<uint32_t>(text.size())};
  key->append(reinterpret_cast<const char*>(head), sizeof(head));
  key->append(text.data(), text.size());
}

}  // namespace

RowParser::Columns RowParser::Find(absl::string_view names) const {
  Columns columns;
  columns.names = std::string(names);
  if (names.empty()) return columns;
  columns.several = absl::StrContains(names, '|');
  for (absl::string_view name : absl::StrSplit(names, '|')) {
    const std::vector<std::string>& all = names_.list();
    const auto it = std::find(all.begin(), all.end(), name);
    if (it != all.end()) columns.places.push_back(static_cast<size_t>(it - all.begin()));
  }
  if (columns.places.empty() && absl::ConsumePrefix(&names, "-")) {
    columns.places = Find(names).places;
    columns.negated = true;
  }
  return columns;
}

void RowParser::FindAll() {
  id_ = Find(m_.id);
  queue_ = Find(m_.queue_column);
  submit_ = Find(m_.submit);
  duration_ = Find(m_.duration);
  gpus_ = Find(m_.gpus);
  pods_ = Find(m_.pods);
  min_pods_ = Find(m_.min_pods);
  priority_ = Find(m_.priority);
  priority_class_ = Find(m_.priority_class);
  node_selector_ = Find(m_.node_selector);
  tolerations_ = Find(m_.tolerations);
  status_ = Find(m_.status);
  manifest_ = Find(m_.manifest);
  topology_ = Find(m_.topology_column);
  estimate_ = Find(m_.estimate);
  deadline_ = Find(m_.deadline);
  after_ = Find(m_.after);
  think_ = Find(m_.think);
  for (size_t i = 0; i < kOwn.size(); ++i) own_[i] = Find(m_.*kOwn[i].column);
  start_ = Find(m_.start);
  user_ = Find(m_.user);
  group_ = Find(m_.group);
  requests_.clear();
  for (const auto& [resource, column] : m_.requests) {
    if (!m_.ignored_requests.contains(resource)) requests_.emplace_back(resource, Find(column));
  }
  prefixed_.clear();
  if (m_.request_prefix.empty()) return;
  for (size_t i = 0; i < names_.size(); ++i) {
    if (!absl::StartsWith(names_[i], m_.request_prefix)) continue;
    if (!m_.ignored_requests.contains(names_[i].substr(m_.request_prefix.size()))) prefixed_.push_back(i);
  }
}

void RowParser::SetRow(const Record& record) {
  r_ = &record;
  problem_ = {};
  asks_for_ignored_ = false;
  if (found_ && record.names == names_) return;
  names_ = record.names;
  found_ = true;
  FindAll();
}

std::optional<absl::string_view> RowParser::Value(const Columns& columns) const {
  for (const size_t place : columns.places) {
    const absl::string_view text = Stripped(r_->values[place]);
    if (!text.empty() && !(columns.several && text == "-1")) return text;
  }
  return std::nullopt;
}

absl::string_view RowParser::ShapeKey() {
  key_.clear();
  uint32_t number = 0;
  for (const Columns* columns : {&queue_, &gpus_, &pods_, &min_pods_, &priority_, &priority_class_, &node_selector_,
                                 &tolerations_, &topology_, &status_, &manifest_}) {
    AppendText(number++, Value(*columns).value_or(""), &key_);
  }
  for (const auto& [resource, columns] : requests_) AppendText(number++, Value(columns).value_or(""), &key_);
  for (const size_t place : prefixed_) {
    const absl::string_view text = Stripped(r_->values[place]);
    if (text.empty()) continue;
    AppendText(number, names_[place], &key_);
    AppendText(number, text, &key_);
  }
  return key_;
}

bool RowParser::Parse(Job* job, JobShape* shape) {
  ParseId(job);
  shape->manifest = std::string(Value(manifest_).value_or(""));
  ParseQueue(shape);
  job->submit_s = Seconds(submit_, /*times=*/true);
  job->duration_s = Seconds(duration_, /*times=*/false);
  if (shape->manifest.empty()) ParsePods(shape);
  ParsePriority(shape);
  ParseNodeSelector(shape);
  ParseTolerations(shape);
  ParseTopology(shape);
  shape->status = std::string(Value(status_).value_or(""));
  return problem_.reason.empty();
}

bool RowParser::ParseTimes(Job* job) {
  ParseId(job);
  job->submit_s = Seconds(submit_, /*times=*/true);
  job->duration_s = Seconds(duration_, /*times=*/false);
  return problem_.reason.empty();
}

void RowParser::Fail(absl::string_view column, std::string reason) {
  if (problem_.reason.empty()) problem_ = {r_->row, std::string(column), std::move(reason)};
}

void RowParser::ParseId(Job* job) {
  job->row = r_->row;
  const absl::string_view id = Value(id_).value_or("");
  job->id = id.empty() ? absl::StrCat("row-", r_->row) : std::string(id);
}

void RowParser::ParseQueue(JobShape* shape) {
  const absl::string_view queue = Value(queue_).value_or(m_.queue);
  if (queue.empty() && !shape->manifest.empty()) return;  // the manifest says
  if (queue.empty()) return Fail(queue_.names, "the queue is empty");
  auto mapped = m_.queue_map.find(std::string(queue));
  if (mapped == m_.queue_map.end()) mapped = m_.queue_map.find("*");
  shape->queue = mapped == m_.queue_map.end() ? std::string(queue) : mapped->second;
}

int64_t RowParser::Seconds(const Columns& columns, bool times) {
  const std::optional<absl::string_view> text = Value(columns);
  if (!text) return Fail(columns.names, "no value"), 0;
  int64_t whole = 0;
  double number = 0;
  absl::Time time;
  if (absl::SimpleAtoi(*text, &whole)) {
    number = static_cast<double>(whole);
  } else if (absl::SimpleAtod(*text, &number) && std::isfinite(number)) {
    whole = std::abs(number) < 1e15 ? static_cast<int64_t>(std::floor(number)) : 0;
  } else if (times && absl::ParseTime(absl::RFC3339_full, *text, &time, nullptr)) {
    whole = absl::ToUnixSeconds(time);
    number = static_cast<double>(whole);
  } else if (const auto zone = zone_.value_or(absl::UTCTimeZone());
             times && (absl::ParseTime("%Y-%m-%d%ET%H:%M:%E*S", *text, zone, &time, nullptr) ||
                       absl::ParseTime("%Y-%m-%d %H:%M:%E*S", *text, zone, &time, nullptr))) {
    if (!zone_.has_value()) {
      return Fail(columns.names, absl::StrCat("\"", Short(*text), "\" names no zone; say with --timezone which it is")),
             0;
    }
    whole = absl::ToUnixSeconds(time);
    number = static_cast<double>(whole);
  } else {
    return Fail(columns.names, absl::StrCat("\"", Short(*text), "\" is not a number of seconds")), 0;
  }
  if (number < 0) return Fail(columns.names, absl::StrCat(*text, " s is negative")), 0;
  if (number > kMaxSeconds) return Fail(columns.names, absl::StrCat(*text, " s is too large")), 0;
  return whole;
}

std::optional<int64_t> RowParser::OptionalSeconds(const Columns& columns, bool times) {
  if (!Value(columns).has_value()) return std::nullopt;
  return Seconds(columns, times);
}

std::optional<int64_t> RowParser::OptionalCount(const Columns& columns, int64_t max) {
  const std::optional<absl::string_view> text = Value(columns);
  if (!text.has_value()) return std::nullopt;
  int64_t count = 0;
  if (!absl::SimpleAtoi(*text, &count) || count < 0 || count > max) {
    Fail(columns.names, absl::StrCat("\"", Short(*text), "\" is not a whole number from 0 to ", max));
  }
  return count;
}

absl::string_view RowParser::TermsKey() {
  terms_key_.clear();
  uint32_t number = 0;
  const auto add = [&](const Columns& columns) { AppendText(number++, Value(columns).value_or(""), &terms_key_); };
  for (const Columns* columns : {&estimate_, &deadline_, &after_, &think_}) add(*columns);
  for (const Columns& columns : own_) add(columns);
  if (keep_record_) {
    for (const Columns* columns : {&start_, &user_, &group_}) add(*columns);
  }
  return terms_key_;
}

bool RowParser::ParseTerms(JobTerms* terms) {
  for (size_t i = 0; i < kOwn.size(); ++i) {
    terms->own.*kOwn[i].term = kOwn[i].term == &OwnTerms::backoff_limit ? OptionalCount(own_[i], kMaxBackoffLimit)
                                                                        : OptionalSeconds(own_[i], /*times=*/false);
  }
  terms->estimate_s = OptionalSeconds(estimate_, /*times=*/false);
  terms->deadline_s = OptionalSeconds(deadline_, /*times=*/true);
  terms->think_s = OptionalSeconds(think_, /*times=*/false).value_or(0);
  for (absl::string_view id : absl::StrSplit(Value(after_).value_or(""), ';', absl::SkipWhitespace())) {
    terms->after.emplace_back(absl::StripAsciiWhitespace(id));
  }
  if (keep_record_) {
    terms->start_s = OptionalSeconds(start_, /*times=*/true);
    terms->user = std::string(Value(user_).value_or(""));
    terms->group = std::string(Value(group_).value_or(""));
  }
  return problem_.reason.empty();
}

}  // namespace muster::sim
