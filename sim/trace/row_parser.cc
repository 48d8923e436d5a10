#include "sim/trace/row_parser.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"

namespace muster::sim {
namespace {

constexpr int64_t kMaxSeconds = int64_t{1} << 40;  // far beyond any trace, far below overflow
constexpr int64_t kMaxPods = 1000000;

absl::string_view Short(absl::string_view text) { return text.substr(0, 40); }

// With its length before it: no two lists of texts look the same.
void AppendText(absl::string_view text, std::string* key) {
  const uint32_t size = static_cast<uint32_t>(text.size());
  key->append(reinterpret_cast<const char*>(&size), sizeof(size));
  key->append(text.data(), text.size());
}

}  // namespace

RowParser::Columns RowParser::Find(absl::string_view names) const {
  Columns columns;
  columns.names = std::string(names);
  if (names.empty()) return columns;
  columns.several = absl::StrContains(names, '|');
  for (absl::string_view name : absl::StrSplit(names, '|')) {
    const auto it = std::find(names_.begin(), names_.end(), name);
    if (it != names_.end()) columns.places.push_back(static_cast<size_t>(it - names_.begin()));
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
  priority_ = Find(m_.priority);
  priority_class_ = Find(m_.priority_class);
  node_selector_ = Find(m_.node_selector);
  status_ = Find(m_.status);
  manifest_ = Find(m_.manifest);
  requests_.clear();
  for (const auto& [resource, column] : m_.requests) requests_.emplace_back(resource, Find(column));
  prefixed_.clear();
  if (m_.request_prefix.empty()) return;
  for (size_t i = 0; i < names_.size(); ++i) {
    if (absl::StartsWith(names_[i], m_.request_prefix)) prefixed_.push_back(i);
  }
}

void RowParser::SetRow(const Record& record) {
  r_ = &record;
  problem_ = {};
  if (found_ && record.names == names_) return;
  names_ = record.names;
  found_ = true;
  FindAll();
}

std::optional<absl::string_view> RowParser::Value(const Columns& columns) const {
  for (const size_t place : columns.places) {
    const absl::string_view text = absl::StripAsciiWhitespace(r_->values[place]);
    if (!text.empty() && !(columns.several && text == "-1")) return text;
  }
  return std::nullopt;
}

absl::string_view RowParser::ShapeKey() {
  key_.clear();
  for (const Columns* columns :
       {&queue_, &gpus_, &pods_, &priority_, &priority_class_, &node_selector_, &status_, &manifest_}) {
    AppendText(Value(*columns).value_or(""), &key_);  // what is empty and what is missing are the same
  }
  for (const auto& [resource, columns] : requests_) AppendText(Value(columns).value_or(""), &key_);
  for (const size_t place : prefixed_) {
    const absl::string_view text = absl::StripAsciiWhitespace(r_->values[place]);
    if (text.empty()) continue;
    AppendText(names_[place], &key_);
    AppendText(text, &key_);
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
  } else {
    return Fail(columns.names, absl::StrCat("\"", Short(*text), "\" is not a number of seconds")), 0;
  }
  if (number < 0) return Fail(columns.names, absl::StrCat(*text, " s is negative")), 0;
  if (number > kMaxSeconds) return Fail(columns.names, absl::StrCat(*text, " s is too large")), 0;
  return whole;
}

int64_t RowParser::Count(const Columns& columns, int64_t max) {
  const std::optional<absl::string_view> text = Value(columns);
  if (!text) return Fail(columns.names, "no value"), 1;
  int64_t count = 0;
  double number = 0;
  if (!absl::SimpleAtoi(*text, &count)) {
    if (!absl::SimpleAtod(*text, &number) || std::floor(number) != number || std::abs(number) > 1e15) {
      return Fail(columns.names, absl::StrCat("\"", Short(*text), "\" is not a whole number")), 1;
    }
    count = static_cast<int64_t>(number);
  }
  if (count < 1 || count > max) return Fail(columns.names, absl::StrCat(count, " is not in 1..", max)), 1;
  return count;
}

void RowParser::AddRequest(const std::string& resource, absl::string_view column, absl::string_view text,
                           PodGroup* group) {
  absl::StatusOr<api::Quantity> quantity = api::Quantity::Parse(text);
  if (!quantity.ok()) return Fail(column, std::string(quantity.status().message()));
  if (quantity->Sign() < 0) return Fail(column, absl::StrCat(text, " is negative"));
  if (!quantity->IsZero()) group->requests[resource] = *quantity;
}

void RowParser::ParsePods(JobShape* shape) {
  PodGroup group;
  group.requests = m_.constant_requests;
  for (const auto& [resource, columns] : requests_) {
    if (std::optional<absl::string_view> text = Value(columns)) AddRequest(resource, columns.names, *text, &group);
  }
  for (const size_t place : prefixed_) {
    const absl::string_view text = absl::StripAsciiWhitespace(r_->values[place]);
    if (text.empty()) continue;
    AddRequest(names_[place].substr(m_.request_prefix.size()), names_[place], text, &group);
  }
  if (!m_.gpus.empty()) {
    shape->pods = SplitIntoPods(Count(gpus_, kMaxPods), m_.gpus_per_pod, m_.resource);
    for (PodGroup& pods : shape->pods) pods.requests.insert(group.requests.begin(), group.requests.end());
    return;
  }
  const bool has_pods = !m_.pods.empty() && (Value(pods_) || m_.request_prefix.empty());
  group.count = has_pods ? static_cast<int32_t>(Count(pods_, kMaxPods)) : 1;
  if (group.requests.empty()) Fail("", "the job asks for no resource");
  shape->pods.push_back(std::move(group));
}

void RowParser::ParsePriority(JobShape* shape) {
  shape->priority_class = std::string(Value(priority_class_).value_or(""));
  const std::optional<absl::string_view> text = Value(priority_);
  if (!text) return;
  auto mapped = m_.priority_map.find(std::string(*text));
  if (mapped != m_.priority_map.end()) {
    shape->priority = mapped->second;
  } else if (!absl::SimpleAtoi(*text, &shape->priority)) {
    Fail(priority_.names, absl::StrCat("\"", Short(*text), "\" is neither a whole number nor in priorityMap"));
  }
}

void RowParser::ParseNodeSelector(JobShape* shape) {
  for (absl::string_view pair : absl::StrSplit(Value(node_selector_).value_or(""), ';', absl::SkipWhitespace())) {
    const std::pair<absl::string_view, absl::string_view> kv = absl::StrSplit(pair, absl::MaxSplits('=', 1));
    const absl::string_view key = absl::StripAsciiWhitespace(kv.first);
    if (key.empty() || !absl::StrContains(pair, '='))
      return Fail(node_selector_.names, "not of the form key=value;key=value");
    shape->node_selector[std::string(key)] = std::string(absl::StripAsciiWhitespace(kv.second));
  }
}

}  // namespace muster::sim
