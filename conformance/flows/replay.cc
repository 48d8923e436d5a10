#include "conformance/flows/replay.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "conformance/flows/identities.h"
#include "conformance/flows/pace.h"
#include "conformance/flows/recorded_jobs.h"
#include "kube/testing/api_server.h"
#include "kube/testing/cluster.h"
#include "kube/testing/webhook_admission.h"

namespace muster::conformance {
namespace {

using kube::testing::ApiServer;
using kube::testing::Cluster;
using kube::testing::WebhookAdmission;
using nlohmann::json;

// Rounds of subject and cluster at one instant, more than any chain of reactions has. A subject may write once a round.
constexpr int kMostRounds = 5000;

class World {
 public:
  World(const Recording& recording, Subject* subject, bool at_once)
      : recording_(recording),
        subject_(*subject),
        identities_(recording),
        pace_(recording),
        server_(&identities_),
        cluster_(&server_, at_once ? nullptr : &pace_,
                 at_once ? nullptr : std::make_unique<RecordedJobs>(recording, &server_)) {}

  absl::StatusOr<Outcome> Run() {
    absl::StatusOr<std::unique_ptr<WebhookAdmission>> webhook =
        WebhookAdmission::Load(recording_.configuration, &server_);
    if (!webhook.ok()) return webhook.status();
    server_.set_admission(webhook->get());
    now_ = recording_.start;
    for (const char* name : {"default", "kube-system", "kueue-system"}) {
      const json labels = {{"kubernetes.io/metadata.name", name}};
      kube::Request request;
      request.verb = kube::Verb::kCreate;
      request.key.type = &kube::TypeOf("", "Namespace");
      request.body = {{"metadata", {{"name", name}, {"labels", labels}}}};
      server_.Handle(request, {}, now_);
    }
    if (absl::Status status = Settle(); !status.ok()) return status;
    size_t act = 0;
    while (true) {
      const absl::Time next_act = act < recording_.acts.size() ? recording_.acts[act].time : absl::InfiniteFuture();
      const absl::Time next = std::min({next_act, cluster_.NextTime(), subject_.NextTime()});
      if (next >= recording_.end) break;
      now_ = std::max(now_, next);
      if (next_act <= now_) Do(recording_.acts[act++]);
      if (absl::Status status = Settle(); !status.ok()) return status;
    }
    server_.set_admission(nullptr);
    return std::move(outcome_);
  }

 private:
  void Do(const Act& act) {
    const kube::Response response = server_.Handle(act.request, {"unknown"}, now_);
    const bool as_recorded = response.code == act.code && (response.ok() || response.message == act.message);
    if (as_recorded) return;
    outcome_.surprises.push_back(absl::StrCat(kube::Summary(act.request), ": recorded ", act.code, " ", act.message,
                                              ", got ", response.code, " ", response.message));
  }

  // Lets everybody react until nobody does. The subject comes first: it sees what was done before the cluster's
  // controllers have done more.
  absl::Status Settle() {
    for (int round = 0;; ++round) {
      if (round == kMostRounds) {
        std::string last;
        for (size_t i = outcome_.writes.size() - std::min<size_t>(outcome_.writes.size(), 5);
             i < outcome_.writes.size(); ++i) {
          absl::StrAppend(&last, last.empty() ? "" : "; ", kube::Summary(outcome_.writes[i].request), " -> ",
                          outcome_.writes[i].response.code);
        }
        return absl::InternalError(absl::StrCat(recording_.name, ": no rest ",
                                                absl::ToDoubleSeconds(now_ - recording_.start),
                                                " s after the start; last writes: ", last));
      }
      const size_t before = server_.changes().size();
      const size_t written = outcome_.writes.size();
      Show();
      if (subject_.NextTime() <= now_) {
        subject_.Run(now_, [this](const kube::Request& request) { return Send(request); });
      }
      Look();
      if (server_.changes().size() != before || outcome_.writes.size() != written) continue;
      if (cluster_.NextTime() <= now_) {
        cluster_.Step(now_);
        Look();
        continue;
      }
      if (shown_ == server_.changes().size() && subject_.NextTime() > now_) return absl::OkStatus();
    }
  }

  void Show() {
    const std::vector<kube::WatchEvent>& changes = server_.changes();
    if (shown_ == changes.size()) return;
    const std::vector<kube::WatchEvent> fresh(changes.begin() + static_cast<ptrdiff_t>(shown_), changes.end());
    shown_ = changes.size();
    subject_.Observe(fresh, now_);
  }

  void Look() {
    for (; looked_ < server_.changes().size(); ++looked_) {
      const kube::WatchEvent& event = server_.changes()[looked_];
      if (event.object->type().kind != "Event") {
        outcome_.seen.push_back({now_, event});
      } else if (event.type == kube::WatchEvent::Type::kAdded) {
        outcome_.said.push_back(SaidBy(event.object->value()));
      }
    }
  }

  kube::Response Send(const kube::Request& request) {
    kube::Response response = server_.Handle(request, {"kueue"}, now_);
    Written written = {now_, request, response};
    if (request.key.name.empty() && response.object.is_object()) {
      written.request.key.name = response.object["metadata"].value("name", "");
    }
    written.response.object = nullptr;
    outcome_.writes.push_back(std::move(written));
    return response;
  }

  const Recording& recording_;
  Subject& subject_;
  RecordedIdentities identities_;
  const RecordedPace pace_;
  ApiServer server_;
  Cluster cluster_;
  absl::Time now_;
  size_t shown_ = 0, looked_ = 0;
  Outcome outcome_;
};

}  // namespace

absl::StatusOr<Outcome> Replay(const Recording& recording, Subject* subject, bool at_once) {
  return World(recording, subject, at_once).Run();
}

}  // namespace muster::conformance
