#include "manager/testing/governed_cluster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "api/resource_units.h"
#include "api/yaml.h"
#include "manager/names.h"
#include "manager/testing/small_cluster.h"

namespace muster::manager {
namespace {

using kube::ObjectPtr;
using nlohmann::json;

constexpr int kMostRounds = 2000;

bool HasCondition(const kube::Object& object, absl::string_view type) {
  const json* conditions = object.At("/status/conditions");
  if (conditions == nullptr || !conditions->is_array()) return false;
  return std::any_of(conditions->begin(), conditions->end(), [&](const json& each) {
    return each.value("type", "") == std::string(type) && each.value("status", "") == "True";
  });
}

}  // namespace

GovernedCluster::GovernedCluster(ManagerOptions options, uint64_t seed, Faults faults)
    : options_(std::move(options)),
      cluster_(&server_),
      admission_(options_.webhook, &server_),
      now_(Second(0)),
      random_(seed * 0x9E3779B97F4A7C15u + 1),
      faults_(faults) {
  server_.set_admission(&admission_);
  for (const char* name : {"default", "kube-system", "kueue-system"}) {
    Do("POST", "/api/v1/namespaces",
       {{"apiVersion", "v1"},
        {"kind", "Namespace"},
        {"metadata", {{"name", name}, {"labels", {{"kubernetes.io/metadata.name", name}}}}}});
  }
  Restart();
}

// SplitMix64.
uint64_t GovernedCluster::Random() {
  uint64_t z = (random_ += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

kube::Response GovernedCluster::Do(absl::string_view method, absl::string_view path, json body,
                                   absl::string_view content_type) {
  if (method == "PATCH" && content_type.empty()) content_type = "application/merge-patch+json";
  absl::StatusOr<kube::Request> request = kube::FromHttp(method, path, content_type, body.is_null() ? "" : body.dump());
  EXPECT_TRUE(request.ok()) << method << " " << path << ": " << request.status();
  if (!request.ok()) return {};
  return server_.Handle(*request, {"user"}, now_);
}

void GovernedCluster::Create(absl::string_view yaml) {
  for (api::YamlDocument& document : api::ParseYaml(yaml)) {
    ASSERT_EQ(document.error, "");
    const json& object = document.value;
    kube::Request request;
    request.verb = kube::Verb::kCreate;
    request.key.type = kube::FindByApiVersion(object.value("apiVersion", ""), object.value("kind", ""));
    ASSERT_NE(request.key.type, nullptr) << object.dump();
    request.key.ns = object["metadata"].value("namespace", "");
    request.body = object;
    const json status = object.value("status", json());
    kube::Response response = server_.Handle(request, {"user"}, now_);
    ASSERT_TRUE(response.ok()) << object.dump() << ": " << response.message;
    if (status.is_null() || !request.key.type->has_status) continue;
    request.verb = kube::Verb::kMergePatch;
    request.key.name = object["metadata"].value("name", "");
    request.subresource = "status";
    request.body = {{"status", status}};
    response = server_.Handle(request, {"user"}, now_);
    ASSERT_TRUE(response.ok()) << object.dump() << ": " << response.message;
  }
}

// A manager that knows what the API server has now, and nothing else.
void GovernedCluster::Restart() {
  manager_ = std::make_unique<Manager>(options_);
  on_the_way_.clear();
  for (const auto& [key, object] : server_.objects()) manager_->Observe(object, now_);
  cursor_ = server_.changes().size();
}

// Changes reach the manager in order; one that is late holds up those after it, as in a stream.
void GovernedCluster::Tell() {
  for (; cursor_ < server_.changes().size(); ++cursor_) {
    absl::Time at = now_;
    if (Chance(faults_.late)) {
      at += absl::Milliseconds(static_cast<int64_t>(Random() % 3000));
      ++counts_.late;
    }
    if (!on_the_way_.empty()) at = std::max(at, on_the_way_.back().at);
    on_the_way_.push_back({at, server_.changes()[cursor_]});
  }
  while (!on_the_way_.empty() && on_the_way_.front().at <= now_) {
    const kube::WatchEvent& event = on_the_way_.front().event;
    if (event.type == kube::WatchEvent::Type::kDeleted) {
      manager_->ObserveGone(event.object->key(), now_);
    } else {
      manager_->Observe(event.object, now_);
    }
    on_the_way_.pop_front();
  }
}

void GovernedCluster::Send(const Outgoing& outgoing) {
  ++counts_.requests;
  const kube::testing::Access access = kube::testing::AccessOf(outgoing.request);
  asked_.insert({access.verb, access.group, access.resource});
  kube::Response response;
  if (Chance(faults_.refused)) {
    ++counts_.refused;
    static constexpr int kCodes[] = {429, 500, 503};
    response.code = kCodes[Random() % 3];
    response.reason = "ServerTrouble";
  } else {
    response = server_.Handle(outgoing.request, {kDefaultFieldManager}, now_);
    if (Chance(faults_.answer_lost)) {
      ++counts_.answers_lost;
      response = {};
    }
  }
  // MUSTER_FAULT_TRACE=1: what was written, with the bodies, to see how a seed came to its end.
  static const bool trace = std::getenv("MUSTER_FAULT_TRACE") != nullptr;
  if (trace && !outgoing.is_event) {
    std::printf("%.3f s: %s -> %d %s\n    %s\n", absl::ToDoubleSeconds(now_ - Second(0)),
                kube::Summary(outgoing.request).c_str(), response.code, response.reason.c_str(),
                outgoing.request.body.dump().c_str());
  }
  if (!outgoing.is_event) manager_->Answer(outgoing.id, response, now_);
}

void GovernedCluster::Settle() {
  for (int round = 0; round < kMostRounds; ++round) {
    Tell();
    if (Chance(faults_.killed)) {
      ++counts_.killed;
      Restart();
    }
    const size_t changes = server_.changes().size();
    const int64_t requests = counts_.requests;
    if (manager_->NextTime() <= now_) {
      for (const Outgoing& outgoing : manager_->Work(now_)) Send(outgoing);
    }
    CheckInvariants();
    if (server_.changes().size() != changes || counts_.requests != requests) continue;
    if (cluster_.NextTime() <= now_) {
      cluster_.Step(now_);
      CheckInvariants();
      continue;
    }
    if (manager_->NextTime() > now_ && cursor_ == server_.changes().size()) return;
  }
  FAIL() << "no rest at " << absl::ToDoubleSeconds(now_ - Second(0)) << " s";
}

void GovernedCluster::RunUntil(absl::Time time) {
  while (true) {
    Settle();
    if (testing::Test::HasFatalFailure()) return;
    const absl::Time told = on_the_way_.empty() ? absl::InfiniteFuture() : on_the_way_.front().at;
    const absl::Time next = std::min({cluster_.NextTime(), manager_->NextTime(), told});
    if (next > time) break;
    now_ = std::max(now_, next);
  }
  now_ = time;
}

void GovernedCluster::CheckInvariants() {
  if (checked_ == server_.changes().size()) return;
  checked_ = server_.changes().size();
  constexpr size_t kMost = 5;
  if (broken_.size() >= kMost) return;
  const auto report = [&](const std::string& what) {
    broken_.push_back(absl::StrCat(absl::ToDoubleSeconds(now_ - Second(0)), " s: ", what));
  };
  // What there is and what is held, by root of the cohorts (one level in these tests), flavor and resource.
  std::map<std::string, std::string> root;
  std::map<std::string, int64_t> quota, held;
  for (const ObjectPtr& queue : server_.List(ClusterQueueType())) {
    const std::string cohort(queue->StringAt("/spec/cohortName"));
    root[queue->name()] = cohort.empty() ? "queue " + queue->name() : "cohort " + cohort;
    const json* groups = queue->At("/spec/resourceGroups");
    if (groups == nullptr) continue;
    for (const json& each : *groups) {
      const absl::StatusOr<api::ResourceGroup> group = api::DecodePart<api::ResourceGroup>(each);
      for (const api::FlavorQuotas& flavor : group->flavors) {
        for (const api::ResourceQuota& resource : flavor.resources) {
          quota[absl::StrCat(root[queue->name()], " ", flavor.name, " ", resource.name)] +=
              api::CountedAmount(resource.name, resource.nominal_quota);
        }
      }
    }
  }
  std::set<std::string> holders;  // uids of the owners
  for (const ObjectPtr& workload : server_.List(WorkloadType())) {
    if (!HasCondition(*workload, kQuotaReserved) || HasCondition(*workload, kFinished)) continue;
    for (const kube::Owner& owner : workload->Owners()) holders.insert(owner.uid);
    const json* admission = workload->At("/status/admission");
    if (admission == nullptr) {
      report(absl::StrCat(workload->key().Text(), " holds quota without an admission"));
      continue;
    }
    const absl::StatusOr<api::Admission> read = api::DecodePart<api::Admission>(*admission);
    for (const api::PodSetAssignment& set : read->pod_set_assignments) {
      for (const auto& [resource, amount] : set.resource_usage) {
        const auto flavor = set.flavors.find(resource);
        if (flavor == set.flavors.end()) continue;
        held[absl::StrCat(root[read->cluster_queue], " ", flavor->second, " ", resource)] +=
            api::CountedAmount(resource, amount);
      }
    }
  }
  for (const auto& [what, amount] : held) {
    if (amount > quota[what]) report(absl::StrCat(what, ": ", amount, " held of ", quota[what]));
  }
  static const kube::ResourceType& job_type = kube::TypeOf("batch", "Job");
  for (const ObjectPtr& job : server_.List(job_type)) {
    if (job->deleting() || job->BoolAt("/spec/suspend") || job->label("kueue.x-k8s.io/queue-name").empty()) continue;
    if (HasCondition(*job, "Complete") || HasCondition(*job, "Failed")) continue;
    if (holders.count(job->uid()) == 0) report(absl::StrCat(job->key().Text(), " runs without quota"));
  }
}

std::string GovernedCluster::Condition(absl::string_view ns, absl::string_view job, absl::string_view type) const {
  for (const ObjectPtr& workload : server_.List(WorkloadType(), ns)) {
    for (const kube::Owner& owner : workload->Owners()) {
      if (owner.name != std::string(job)) continue;
      const json* conditions = workload->At("/status/conditions");
      if (conditions == nullptr) return "";
      for (const json& each : *conditions) {
        if (each.value("type", "") == std::string(type)) {
          return absl::StrCat(each.value("status", ""), " ", each.value("reason", ""));
        }
      }
    }
  }
  return "";
}

}  // namespace muster::manager
