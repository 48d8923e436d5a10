// How many jobs a second one core takes through a manager, and what a manager costs that starts in a large cluster.
//
//   bazel run //bench:manager_flow -- [jobs] [--queues N] [--waiting N] [--nodes N]
//
// Flow: jobs are created suspended in the simulated API server; the manager makes Workloads, lets them in and starts
// the jobs; a stand-in says at once that a started job has completed; the manager marks its Workload as finished. There
// is no latency. Printed are CPU seconds of the manager and of the rest (API server and stand-in), apart.
//
// Start: with --waiting, so many jobs that do not fit are there, with Workloads that another manager has made; how long
// a new one takes until it has nothing left to do, and the memory of the process with it.
#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/check.h"
#include "kube/request.h"
#include "kube/resource_type.h"
#include "kube/testing/api_server.h"
#include "manager/loop/manager.h"
#include "manager/options.h"

namespace muster::manager {
namespace {

using nlohmann::json;

double CpuSeconds() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

double PeakMib() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

struct Size {
  int64_t jobs = 10000, queues = 30, waiting = 0, nodes = 0;
};

// An API server, a manager, and the time that passes while they work.
class Play {
 public:
  Play() : now_(absl::FromUnixSeconds(1'800'000'000)) { Restart(); }

  void Restart() {
    manager_ = std::make_unique<Manager>(ManagerOptions());
    cursor_ = server_.changes().size();
    const double began = CpuSeconds();
    for (const auto& [key, object] : server_.objects()) manager_->Observe(object, now_);
    manager_cpu_ += CpuSeconds() - began;
  }

  void Create(const json& object) {
    kube::Request request;
    request.verb = kube::Verb::kCreate;
    request.key.type =
        kube::FindByApiVersion(object.at("apiVersion").get<std::string>(), object.at("kind").get<std::string>());
    MUSTER_CHECK(request.key.type != nullptr);
    request.key.ns = object.at("metadata").value("namespace", "");
    request.body = object;
    const kube::Response response = server_.Handle(request, {"user"}, now_);
    MUSTER_CHECK(response.ok(), absl::StrCat(object.dump(), ": ", response.message));
  }

  // Until the manager and the stand-in have nothing left to do now or within a second.
  void Settle() {
    const absl::Time end = now_ + absl::Seconds(1);
    while (true) {
      const bool told = Tell();
      const double began = CpuSeconds();
      std::vector<Outgoing> writes;
      if (manager_->NextTime() <= now_) writes = manager_->Work(now_);
      manager_cpu_ += CpuSeconds() - began;
      if (writes.empty() && !told) {
        if (manager_->NextTime() > end) return;
        now_ = std::max(now_, manager_->NextTime());
        continue;
      }
      for (const Outgoing& write : writes) Send(write);
    }
  }

  int64_t writes() const { return writes_; }
  int64_t events() const { return events_; }
  int64_t refused() const { return refused_; }
  double manager_cpu() const { return manager_cpu_; }
  const kube::testing::ApiServer& server() const { return server_; }

 private:
  bool Tell() {
    if (cursor_ == server_.changes().size()) return false;
    const size_t from = cursor_, to = server_.changes().size();
    cursor_ = to;
    const double began = CpuSeconds();
    for (size_t at = from; at < to; ++at) {
      const kube::WatchEvent& event = server_.changes()[at];
      if (event.type == kube::WatchEvent::Type::kDeleted) {
        manager_->ObserveGone(event.object->key(), now_);
      } else {
        manager_->Observe(event.object, now_);
      }
    }
    manager_cpu_ += CpuSeconds() - began;
    for (size_t at = from; at < to; ++at) Complete(server_.changes()[at]);
    return true;
  }

  // A job that runs has completed.
  void Complete(const kube::WatchEvent& event) {
    static const kube::ResourceType& job = kube::TypeOf("batch", "Job");
    const kube::Object& object = *event.object;
    if (event.type == kube::WatchEvent::Type::kDeleted || &object.type() != &job) return;
    if (object.BoolAt("/spec/suspend", false) || object.At("/status/conditions") != nullptr) return;
    const std::string at = kube::TimeText(now_);
    const auto condition = [&](const char* type, const char* reason) {
      return json{{"type", type},      {"status", "True"},    {"reason", reason},
                  {"message", "done"}, {"lastProbeTime", at}, {"lastTransitionTime", at}};
    };
    kube::Request request;
    request.verb = kube::Verb::kMergePatch;
    request.key = object.key();
    request.subresource = "status";
    request.body = {
        {"status",
         {{"startTime", at},
          {"completionTime", at},
          {"succeeded", object.IntAt("/spec/completions", 1)},
          {"conditions",
           {condition("SuccessCriteriaMet", "CompletionsReached"), condition("Complete", "CompletionsReached")}}}}};
    const kube::Response response = server_.Handle(request, {"kube-controller-manager"}, now_);
    MUSTER_CHECK(response.ok(), response.message);
  }

  void Send(const Outgoing& write) {
    ++(write.is_event ? events_ : writes_);
    const kube::Response response = server_.Handle(write.request, {"muster"}, now_);
    if (!response.ok()) ++refused_;
    if (write.is_event) return;
    const double began = CpuSeconds();
    manager_->Answer(write.id, response, now_);
    manager_cpu_ += CpuSeconds() - began;
  }

  kube::testing::ApiServer server_;
  std::unique_ptr<Manager> manager_;
  absl::Time now_;
  size_t cursor_ = 0;
  int64_t writes_ = 0, events_ = 0, refused_ = 0;
  double manager_cpu_ = 0;
};

json Named(const char* api_version, const char* kind, const std::string& ns, const std::string& name) {
  json object = {{"apiVersion", api_version}, {"kind", kind}, {"metadata", {{"name", name}}}};
  if (!ns.empty()) object["metadata"]["namespace"] = ns;
  return object;
}

std::string QueueOf(int64_t i, const Size& size) { return absl::StrCat("q", i % size.queues); }

// One flavor; queues in cohorts of five, each with room for ten jobs at a time.
void CreatePolicy(const Size& size, Play* play) {
  json ns = Named("v1", "Namespace", "", "jobs");
  ns["metadata"]["labels"] = {{"kubernetes.io/metadata.name", "jobs"}};
  play->Create(ns);
  play->Create(Named("kueue.x-k8s.io/v1beta2", "ResourceFlavor", "", "default"));
  for (int64_t q = 0; q < size.queues; ++q) {
    json queue = Named("kueue.x-k8s.io/v1beta2", "ClusterQueue", "", QueueOf(q, size));
    queue["spec"] = {
        {"cohortName", absl::StrCat("cohort", q / 5)},
        {"namespaceSelector", json::object()},
        {"queueingStrategy", "BestEffortFIFO"},
        {"resourceGroups",
         {{{"coveredResources", {"cpu"}},
           {"flavors", {{{"name", "default"}, {"resources", {{{"name", "cpu"}, {"nominalQuota", "10"}}}}}}}}}}};
    play->Create(queue);
    json local = Named("kueue.x-k8s.io/v1beta2", "LocalQueue", "jobs", QueueOf(q, size));
    local["spec"] = {{"clusterQueue", QueueOf(q, size)}};
    play->Create(local);
  }
  for (int64_t n = 0; n < size.nodes; ++n) {
    json node = Named("v1", "Node", "", absl::StrCat("node", n));
    node["metadata"]["labels"] = {{"kubernetes.io/hostname", absl::StrCat("node", n)}};
    node["status"] = {{"allocatable", {{"cpu", "96"}, {"memory", "1000Gi"}, {"pods", "110"}}},
                      {"conditions", {{{"type", "Ready"}, {"status", "True"}}}}};
    play->Create(node);
  }
}

json Job(const std::string& name, const std::string& queue, const std::string& cpu) {
  json job = Named("batch/v1", "Job", "jobs", name);
  job["metadata"]["labels"] = {{"kueue.x-k8s.io/queue-name", queue}};
  job["spec"] = {{"suspend", true},
                 {"parallelism", 1},
                 {"completions", 1},
                 {"template",
                  {{"spec",
                    {{"restartPolicy", "Never"},
                     {"containers",
                      {{{"name", "main"}, {"image", "busybox"}, {"resources", {{"requests", {{"cpu", cpu}}}}}}}}}}}}};
  return job;
}

void RunFlow(const Size& size) {
  Play play;
  CreatePolicy(size, &play);
  play.Settle();
  const double all = CpuSeconds(), manager = play.manager_cpu();
  const int64_t writes = play.writes(), events = play.events();
  for (int64_t i = 0; i < size.jobs; ++i) play.Create(Job(absl::StrCat("job", i), QueueOf(i, size), "1"));
  play.Settle();
  const double took = CpuSeconds() - all, its = play.manager_cpu() - manager;
  int64_t finished = 0;
  for (const kube::ObjectPtr& workload : play.server().List(kube::TypeOf("kueue.x-k8s.io", "Workload"))) {
    const json* conditions = workload->At("/status/conditions");
    if (conditions == nullptr) continue;
    for (const json& each : *conditions) {
      finished += each.value("type", "") == "Finished" && each.value("status", "") == "True" ? 1 : 0;
    }
  }
  const auto jobs = static_cast<double>(size.jobs);
  std::printf(
      "%lld jobs in %lld queues, %lld finished: %.2f CPU s, %.0f jobs a second; of these the manager %.2f s, %.0f jobs "
      "a "
      "second; %.2f writes, %.2f events a job, %lld refused; %.0f MiB\n",
      static_cast<long long>(size.jobs), static_cast<long long>(size.queues), static_cast<long long>(finished), took,
      jobs / took, its, jobs / its, static_cast<double>(play.writes() - writes) / jobs,
      static_cast<double>(play.events() - events) / jobs, static_cast<long long>(play.refused()), PeakMib());
}

void RunStart(const Size& size) {
  Play play;
  CreatePolicy(size, &play);
  for (int64_t i = 0; i < size.waiting; ++i) play.Create(Job(absl::StrCat("job", i), QueueOf(i, size), "1000"));
  play.Settle();
  const double manager = play.manager_cpu(), before = PeakMib();
  const int64_t writes = play.writes();
  play.Restart();
  play.Settle();
  std::printf(
      "%lld jobs wait, %lld queues, %lld nodes: a new manager is at rest after %.2f CPU s and %lld writes; the process "
      "has %.0f "
      "MiB, %.0f before\n",
      static_cast<long long>(size.waiting), static_cast<long long>(size.queues), static_cast<long long>(size.nodes),
      play.manager_cpu() - manager, static_cast<long long>(play.writes() - writes), PeakMib(), before);
}

int Main(int argc, char** argv) {
  Size size;
  const std::map<std::string, int64_t*> flags = {
      {"--queues", &size.queues}, {"--waiting", &size.waiting}, {"--nodes", &size.nodes}};
  for (int i = 1; i < argc; ++i) {
    const auto flag = flags.find(argv[i]);
    int64_t* const value = flag == flags.end() ? &size.jobs : flag->second;
    const char* const text = flag == flags.end() ? argv[i] : ++i < argc ? argv[i] : "";
    if (!absl::SimpleAtoi(text, value) || *value < 0 || size.queues < 1) {
      std::fprintf(stderr, "usage: manager_flow [JOBS] [--queues N] [--waiting N] [--nodes N]\n");
      return 2;
    }
  }
  if (size.waiting > 0) {
    RunStart(size);
  } else {
    RunFlow(size);
  }
  return 0;
}

}  // namespace
}  // namespace muster::manager

int main(int argc, char** argv) { return muster::manager::Main(argc, argv); }
