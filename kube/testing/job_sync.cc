#include "kube/testing/job_sync.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "kube/testing/job_controller.h"
#include "kube/testing/json_path.h"
#include "kube/testing/pods.h"

namespace muster::kube::testing {
namespace {

using nlohmann::json;

constexpr char kIndex[] = "batch.kubernetes.io/job-completion-index";
constexpr absl::Duration kBackoff = absl::Seconds(10);
constexpr absl::Duration kMostBackoff = absl::Minutes(10);

std::set<int64_t> ParseIndexes(const std::string& text) {
  std::set<int64_t> indexes;
  for (absl::string_view part : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    const std::vector<absl::string_view> ends = absl::StrSplit(part, '-');
    int64_t first = 0, last = 0;
    if (!absl::SimpleAtoi(ends.front(), &first) || !absl::SimpleAtoi(ends.back(), &last)) continue;
    for (int64_t i = first; i <= last; ++i) indexes.insert(i);
  }
  return indexes;
}

// "0,1,3-5".
std::string IndexText(const std::set<int64_t>& indexes) {
  std::string text;
  for (auto it = indexes.begin(); it != indexes.end();) {
    const int64_t first = *it;
    int64_t last = first;
    while (++it != indexes.end() && *it == last + 1) last = *it;
    absl::StrAppend(&text, text.empty() ? "" : ",", first);
    if (last != first) absl::StrAppend(&text, last == first + 1 ? "," : "-", last);
  }
  return text;
}

// How long after its last failure a job gets new pods.
absl::Duration Backoff(int64_t failures) {
  absl::Duration wait = kBackoff;
  for (int64_t i = 1; i < failures && wait < kMostBackoff; ++i) wait *= 2;
  return std::min(wait, kMostBackoff);
}

int64_t IndexOf(const Object& pod) {
  int64_t index = -1;
  return absl::SimpleAtoi(pod.annotation(kIndex), &index) ? index : -1;
}

void AddUncounted(json* status, const char* list, const std::vector<ObjectPtr>& pods) {
  for (const ObjectPtr& pod : pods) ObjectAt(*status, {"uncountedTerminatedPods"})[list].push_back(pod->uid());
}

}  // namespace

JobSync::JobSync(ApiServer* server, ObjectPtr job, absl::Time now) : server_(*server), job_(std::move(job)), now_(now) {
  status_ = job_->At("/status") != nullptr ? *job_->At("/status") : json::object();
}

std::optional<absl::Time> JobSync::Run() {
  const bool suspended = job_->BoolAt("/spec/suspend");
  if (!status_.contains("startTime") && !suspended) status_["startTime"] = TimeText(now_);
  Classify();
  if (const absl::Time later = DeletedPodsCount(); later > now_ && !suspended) return later;
  DecideEnd();
  if (!end_type_.empty()) {
    DeletePods(active_, static_cast<int64_t>(active_.size()));
  } else if (!job_->deleting()) {
    ManagePods();
  }
  if (end_type_.empty() && !job_->deleting()) {
    if (suspended) {
      SetCondition("Suspended", "True", "JobSuspended", "Job suspended");
    } else if (const json* condition = FindCondition("Suspended");
               condition != nullptr && GetString(*condition, {"status"}) == "True") {
      SetCondition("Suspended", "False", "JobResumed", "Job resumed");
      status_["startTime"] = TimeText(now_);
    }
  }
  CountAndRelease();
  return again_;
}

void JobSync::Classify() {
  pods_ = PodsOf(server_, *job_);
  int64_t ready = 0;
  for (const ObjectPtr& pod : pods_) {
    const bool tracked = pod->HasFinalizer(kJobTracking);
    if (pod->StringAt("/status/phase") == "Succeeded") {
      if (tracked) succeeded_.push_back(pod);
    } else if (IsOver(*pod) || pod->deleting()) {
      if (tracked) failed_.push_back(pod);
      if (!IsOver(*pod)) ++terminating_;
    } else {
      active_.push_back(pod);
      if (IsReady(*pod)) ++ready;
    }
  }
  status_["ready"] = ready;
}

int64_t JobSync::Counted(const char* field) const { return GetInt(status_, {field}); }

std::set<int64_t> JobSync::CompletedIndexes() const {
  std::set<int64_t> indexes = ParseIndexes(GetString(status_, {"completedIndexes"}));
  const int64_t completions = job_->IntAt("/spec/completions", 0);
  for (const ObjectPtr& pod : succeeded_) {
    const int64_t index = IndexOf(*pod);
    if (index >= 0 && index < completions) indexes.insert(index);
  }
  return indexes;
}

void JobSync::DecideEnd() {
  for (const auto& [target, type] :
       {std::pair("FailureTarget", "Failed"), std::pair("SuccessCriteriaMet", "Complete")}) {
    if (const json* condition = FindCondition(target)) {
      end_type_ = type;
      end_reason_ = GetString(*condition, {"reason"});
      end_message_ = GetString(*condition, {"message"});
      return;
    }
  }
  const int64_t failed = Counted("failed") + static_cast<int64_t>(failed_.size());
  const absl::StatusOr<absl::Time> started = ParseTime(GetString(status_, {"startTime"}));
  const int64_t deadline = job_->IntAt("/spec/activeDeadlineSeconds", -1);
  if (!failed_.empty() && failed > job_->IntAt("/spec/backoffLimit", 6)) {
    end_type_ = "Failed";
    end_reason_ = "BackoffLimitExceeded";
    end_message_ = "Job has reached the specified backoff limit";
  } else if (deadline >= 0 && started.ok() && !job_->BoolAt("/spec/suspend")) {
    if (now_ >= *started + absl::Seconds(deadline)) {
      end_type_ = "Failed";
      end_reason_ = "DeadlineExceeded";
      end_message_ = "Job was active longer than specified deadline";
    } else {
      again_ = *started + absl::Seconds(deadline);
    }
  }
  if (!end_type_.empty()) return;
  const int64_t succeeded = Counted("succeeded") + static_cast<int64_t>(succeeded_.size());
  const int64_t completions = job_->IntAt("/spec/completions", -1);
  bool complete = completions < 0 ? succeeded > 0 && active_.empty() : succeeded >= completions;
  if (Indexed()) complete = static_cast<int64_t>(CompletedIndexes().size()) >= completions;
  if (complete) {
    end_type_ = "Complete";
    end_reason_ = "CompletionsReached";
    end_message_ = "Reached expected number of succeeded pods";
  }
}

void JobSync::ManagePods() {
  if (job_->BoolAt("/spec/suspend")) {
    DeletePods(active_, static_cast<int64_t>(active_.size()));
    return;
  }
  const int64_t parallelism = job_->IntAt("/spec/parallelism", 1);
  const int64_t completions = job_->IntAt("/spec/completions", -1);
  const int64_t succeeded = Indexed() ? static_cast<int64_t>(CompletedIndexes().size())
                                      : Counted("succeeded") + static_cast<int64_t>(succeeded_.size());
  const int64_t active = static_cast<int64_t>(active_.size());
  int64_t wanted = parallelism;
  if (completions < 0) {
    if (succeeded > 0) wanted = active;
  } else {
    wanted = std::min(parallelism, completions - succeeded);
  }
  if (active > wanted) {
    std::vector<ObjectPtr> pods = active_;
    // First those that do least, then the youngest.
    std::stable_sort(pods.begin(), pods.end(), [](const ObjectPtr& a, const ObjectPtr& b) {
      const auto rank = [](const Object& pod) {
        return (pod.StringAt("/spec/nodeName").empty() ? 0 : 2) + IsReady(pod);
      };
      if (rank(*a) != rank(*b)) return rank(*a) < rank(*b);
      return a->created() > b->created();
    });
    DeletePods(pods, active - wanted);
  } else if (active < wanted) {
    if (const absl::Time allowed = NextCreation(); allowed > now_) {
      again_ = allowed;
      return;
    }
    CreatePods(wanted - active);
  }
}

// Pods that somebody else deletes are failures, but for all that was recorded nothing comes of it, not even the end of
// their finalizers, before the job may have new pods.
absl::Time JobSync::DeletedPodsCount() const {
  absl::Time time = absl::InfinitePast();
  for (const ObjectPtr& pod : failed_) {
    if (IsOver(*pod) || !pod->deleting()) continue;
    const absl::StatusOr<absl::Time> deleted = ParseTime(pod->StringAt("/metadata/deletionTimestamp"));
    const absl::Duration grace = absl::Seconds(pod->IntAt("/metadata/deletionGracePeriodSeconds"));
    if (deleted.ok()) time = std::max(time, *deleted - grace + Backoff(Counted("failed") + 1));
  }
  return time;
}

absl::Time JobSync::NextCreation() const {
  absl::Time last = absl::InfinitePast();
  int64_t failures = 0;
  for (const ObjectPtr& pod : pods_) {
    if (pod->StringAt("/status/phase") != "Failed") continue;
    ++failures;
    const json* containers = pod->At("/status/containerStatuses");
    if (containers == nullptr) continue;
    for (const json& container : *containers) {
      const absl::StatusOr<absl::Time> end = ParseTime(GetString(container, {"state", "terminated", "finishedAt"}));
      if (end.ok()) last = std::max(last, *end);
    }
  }
  return last + Backoff(failures);
}

void JobSync::CreatePods(int64_t count) {
  std::set<int64_t> taken = CompletedIndexes();
  for (const ObjectPtr& pod : active_) taken.insert(IndexOf(*pod));
  int64_t index = 0;
  size_t created = 0;
  for (int64_t i = 0; i < count; ++i) {
    json pod = PodFromTemplate(*job_, absl::StrCat(job_->name(), "-"));
    if (Indexed()) {
      while (taken.contains(index)) ++index;
      const std::string text = absl::StrCat(index++);
      pod["metadata"]["generateName"] = absl::StrCat(job_->name(), "-", text, "-");
      ObjectAt(pod, {"metadata", "annotations"})[kIndex] = text;
      ObjectAt(pod, {"metadata", "labels"})[kIndex] = text;
      pod["spec"]["hostname"] = absl::StrCat(job_->name(), "-", text);
      for (json& container : pod["spec"]["containers"]) {
        container["env"].push_back(
            {{"name", "JOB_COMPLETION_INDEX"},
             {"valueFrom", {{"fieldRef", {{"fieldPath", absl::StrCat("metadata.labels['", kIndex, "']")}}}}}});
      }
    }
    pod["metadata"]["finalizers"].push_back(kJobTracking);
    if (CreatePod(server_, *job_, std::move(pod), now_)) {
      ++created;
    } else {
      again_ = now_ + kBackoff;
    }
  }
  active_.resize(active_.size() + created);
}

// Their finalizers go first, so that they do not count as failed.
void JobSync::DeletePods(std::vector<ObjectPtr> pods, int64_t count) {
  pods.resize(static_cast<size_t>(count));
  int64_t ready = GetInt(status_, {"ready"});
  for (const ObjectPtr& pod : pods) {
    RemoveFinalizer(server_, *pod, kJobTracking, now_);
    DeletePod(server_, *pod, now_);
    if (IsReady(*pod)) --ready;
    if (server_.Find(pod->key()) != nullptr) ++terminating_;
    active_.erase(std::find(active_.begin(), active_.end(), pod));
  }
  status_["ready"] = ready;
}

void JobSync::CountAndRelease() {
  status_["terminating"] = terminating_;
  SetOrErase("active", static_cast<int64_t>(active_.size()));
  if (end_type_ == "Complete") {
    SetCondition("SuccessCriteriaMet", "True", end_reason_, end_message_);
  } else if (end_type_ == "Failed") {
    SetCondition("FailureTarget", "True", end_reason_, end_message_);
  }
  status_["uncountedTerminatedPods"] = json::object();
  if (Indexed()) {
    const std::set<int64_t> indexes = CompletedIndexes();
    SetOrErase("succeeded", static_cast<int64_t>(indexes.size()));
    if (!indexes.empty()) status_["completedIndexes"] = IndexText(indexes);
  } else {
    AddUncounted(&status_, "succeeded", succeeded_);
  }
  AddUncounted(&status_, "failed", failed_);
  // Others see this much before any of them is counted.
  const bool counts = !succeeded_.empty() || !failed_.empty() || !end_type_.empty();
  if (WriteStatus() && counts) {
    again_ = now_;
    return;
  }
  for (const ObjectPtr& pod : succeeded_) RemoveFinalizer(server_, *pod, kJobTracking, now_);
  for (const ObjectPtr& pod : failed_) RemoveFinalizer(server_, *pod, kJobTracking, now_);
  if (!Indexed()) SetOrErase("succeeded", Counted("succeeded") + static_cast<int64_t>(succeeded_.size()));
  SetOrErase("failed", Counted("failed") + static_cast<int64_t>(failed_.size()));
  status_["uncountedTerminatedPods"] = json::object();
  if (!end_type_.empty() && terminating_ == 0) {
    SetCondition(end_type_.c_str(), "True", end_reason_, end_message_);
    if (end_type_ == "Complete") status_["completionTime"] = TimeText(now_);
  }
  WriteStatus();
}

bool JobSync::WriteStatus() {
  const ObjectPtr live = server_.Find(job_->key());
  if (live == nullptr || live->uid() != job_->uid()) return false;
  if (const json* status = live->At("/status"); status != nullptr && *status == status_) return false;
  Request request;
  request.verb = Verb::kUpdate;
  request.key = job_->key();
  request.subresource = "status";
  request.body = live->value();
  request.body["status"] = status_;
  return server_.Handle(request, {"kube-controller-manager"}, now_).ok();
}

void JobSync::SetOrErase(const char* field, int64_t count) {
  if (count == 0) {
    status_.erase(field);
  } else {
    status_[field] = count;
  }
}

const json* JobSync::FindCondition(const char* type) const {
  const json* conditions = Get(status_, {"conditions"});
  if (conditions == nullptr) return nullptr;
  for (const json& each : *conditions) {
    if (GetString(each, {"type"}) == type) return &each;
  }
  return nullptr;
}

void JobSync::SetCondition(const char* type, const char* status, const std::string& reason,
                           const std::string& message) {
  const std::string time = TimeText(now_);
  json condition = {{"type", type},     {"status", status},  {"lastProbeTime", time}, {"lastTransitionTime", time},
                    {"reason", reason}, {"message", message}};
  for (json& each : status_["conditions"]) {
    if (GetString(each, {"type"}) != type) continue;
    if (GetString(each, {"status"}) != status) each = std::move(condition);
    return;
  }
  status_["conditions"].push_back(std::move(condition));
}

}  // namespace muster::kube::testing
