#include "conformance/history.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "api/yaml.h"
#include "conformance/short_objects.h"

namespace muster::conformance {
namespace {

constexpr char kStart[] = "2026-01-05T08:00:00Z";

struct Verb {
  const char* name;
  const char* mode;
  const char* status;
  const char* requeue;  // "" = none
  const char* reason;   // unless the file gives another
};
constexpr Verb kVerbs[] = {
    {"admit", "Fit", "assumed", "", ""},
    {"preempt", "Preempt", "notNominated", "PendingPreemption", "WaitingForPreemptedWorkloads"},
    {"wait", "Preempt", "notNominated", "PreemptionNoCandidates", "WaitingForQuota"},
    {"noFit", "NoFit", "notNominated", "NoFit", "NoMatchingFlavor"},
    {"skip", "Fit", "skipped", "", "WaitingForQuota"},
    {"defer", "DeferredFit", "notNominated", "PendingPreemption", "WaitingForPreemptedWorkloads"},
};

class Reader {
 public:
  explicit Reader(const Json& file) : file_(file) {}

  absl::StatusOr<Case> Read() {
    complaints_.CheckKeys(
        file_, "file",
        {"about", "from", "gates", "fairSharing", "secondsPerCycle", "cyclesToLeave", "reasonsNotCompared",
         "namespaces", "topologies", "nodes", "flavors", "cohorts", "queues", "events", "finally"});
    if (GetString(file_, "about").empty()) complaints_.Add("about", "missing");
    Case out;
    out.name = GetString(file_, "from");
    Json& doc = out.doc;
    doc["now"] = kStart;
    doc["featureGates"] = Get(file_, "gates");
    doc["config"] = Config();
    tick_ = IntOr(file_, "secondsPerCycle", 1);
    doc["options"] = {{"cycleTickSeconds", tick_}, {"evictionDelay", IntOr(file_, "cyclesToLeave", 0)}};
    doc["events"] = Json::array();
    doc["results"] = Json::array();
    for (const Json& event : Get(file_, "events")) {
      at_ = absl::StrCat("event ", doc["events"].size());
      doc["events"].push_back(Event(event));
      doc["results"].push_back(Result(event, doc["results"].size()));
    }
    at_ = "finally";
    const Json& last = Get(file_, "finally");
    complaints_.CheckKeys(last, at_,
                          {"admitted", "evicting", "pending", "finished", "evictions", "inactive", "usage",
                           "cohortUsage", "shares", "cohortShares"});
    if (!doc["results"].empty()) doc["results"].back()["state"] = State(last);
    doc["final"] = Final(last);
    doc["msgNondeterministic"] = Keys(Get(file_, "reasonsNotCompared"));
    doc["objects"] = Objects();
    if (!complaints_.first().empty()) return absl::InvalidArgumentError(complaints_.first());
    return out;
  }

 private:
  struct Workload {
    std::string key, queue;  // "namespace/name", ClusterQueue
    std::vector<std::string> pod_sets;
  };

  static int64_t IntOr(const Json& o, const char* key, int64_t otherwise) {
    const Json& value = Get(o, key);
    return value.is_number_integer() ? value.get<int64_t>() : otherwise;
  }
  static std::string Timestamp(int64_t seconds) {
    absl::Time start;
    std::string error;
    absl::ParseTime(absl::RFC3339_full, kStart, &start, &error);
    return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", start + absl::Seconds(seconds), absl::UTCTimeZone());
  }

  Json Config() const {
    const Json& strategies = Get(file_, "fairSharing");
    Json fair = {{"enable", !strategies.is_null()}};
    if (strategies.is_array()) fair["preemptionStrategies"] = strategies;
    return {{"fairSharing", fair}};
  }

  // ---- Workloads, by the names the file calls them.
  const Workload& Find(const std::string& name) {
    const auto it = workloads_.find(name);
    if (it != workloads_.end()) return it->second;
    complaints_.Add(at_, absl::StrCat("no such workload: ", name));
    static const Workload* const nobody = new Workload();
    return *nobody;
  }
  Json Keys(const Json& names) {
    Json out = Json::array();
    for (const Json& name : names) out.push_back(Find(name.is_string() ? name.get<std::string>() : name.dump()).key);
    return out;
  }

  // ---- The world.
  template <class F>
  void Add(const char* section, Json& objects, const F& make) {
    for (const auto& [name, value] : Get(file_, section).items()) objects.push_back(make(name, value));
  }
  Json Objects() {
    Json objects = Json::array();
    for (const std::string& ns : namespaces_) {
      objects.push_back(NamespaceObject(ns, Get(Get(file_, "namespaces"), ns.c_str())));
    }
    const auto with = [this](Json (*make)(const std::string&, const Json&, Complaints&)) {
      return [this, make](const std::string& name, const Json& value) { return make(name, value, complaints_); };
    };
    Add("topologies", objects, TopologyObject);
    Add("flavors", objects, with(FlavorObject));
    Add("nodes", objects, with(NodeObject));
    Add("cohorts", objects, with(CohortObject));
    Add("queues", objects, with(ClusterQueueObject));
    for (const auto& [ns, queue] : local_queues_) objects.push_back(LocalQueueObject(ns, queue, queue));
    return objects;
  }

  // ---- What happens.
  Json Event(const Json& event) {
    complaints_.CheckKeys(event, at_, {"at",     "submit", "to",         "priority", "uid",    "created", "pods",
                                       "finish", "delete", "prioritise", "giveBack", "count",  "queue",   "cohort",
                                       "node",   "held",   "evicted",    "released", "cycles", "waiting", "busy"});
    Json out = {{"at", Get(event, "at")}};
    const auto about = [&](const char* op, const char* key) {
      out["op"] = op;
      out["w"] = Find(GetString(event, key)).key;
    };
    const auto object = [&](const char* op, const char* key,
                            Json (*make)(const std::string&, const Json&, Complaints&)) {
      out["op"] = op;
      for (const auto& [name, value] : Get(event, key).items()) out["object"] = make(name, value, complaints_);
    };
    if (event.contains("submit")) {
      out["op"] = "createWorkload";
      out["object"] = Submit(event);
    } else if (event.contains("finish")) {
      about("finishNth", "finish");
    } else if (event.contains("delete")) {
      about("deleteNth", "delete");
    } else if (event.contains("prioritise")) {
      about("priorityNth", "prioritise");
      out["priority"] = Get(event, "priority");
    } else if (event.contains("giveBack")) {
      about("reclaimNth", "giveBack");
      out["count"] = Get(event, "count");
    } else if (event.contains("queue")) {
      object("updateClusterQueue", "queue", ClusterQueueObject);
    } else if (event.contains("cohort")) {
      object("updateCohort", "cohort", CohortObject);
    } else if (event.contains("node")) {
      object("updateNode", "node", NodeObject);
    } else {
      complaints_.Add(at_, "nothing happens");
    }
    return out;
  }

  Json Submit(const Json& event) {
    const std::string key = GetString(event, "submit"), queue = GetString(event, "to");
    const std::pair<std::string, std::string> parts = absl::StrSplit(key, absl::MaxSplits('/', 1));
    const auto& [ns, name] = parts;
    if (name.empty()) complaints_.Add(at_, "submit: not namespace/name");
    Workload w{key, queue, {}};
    namespaces_.insert(ns);
    local_queues_.insert({ns, queue});
    const std::string uid = event.contains("uid") ? GetString(event, "uid") : name;
    Json out = {{"apiVersion", "kueue.x-k8s.io/v1beta2"}, {"kind", "Workload"}};
    out["metadata"] = {{"namespace", ns},
                       {"name", name},
                       {"uid", uid},
                       {"generation", 1},
                       {"creationTimestamp", Timestamp(IntOr(event, "created", IntOr(event, "at", 0)))}};
    out["spec"] = {{"queueName", queue}, {"podSets", Json::array()}};
    if (event.contains("priority")) out["spec"]["priority"] = event["priority"];
    for (const Json& pods : Get(event, "pods")) {
      w.pod_sets.push_back(GetString(pods, "name"));
      out["spec"]["podSets"].push_back(PodSetObject(pods, complaints_));
    }
    if (!workloads_.insert({name, std::move(w)}).second) complaints_.Add(at_, absl::StrCat("submitted twice: ", name));
    return out;
  }

  // ---- What was decided.
  Json Result(const Json& event, size_t index) {
    Json out = {{"i", index}, {"cycles", Json::array()}};
    if (event.contains("released")) out["rel"] = Keys(event["released"]);
    for (const Json& key : Keys(Get(event, "evicted"))) out["ev"].push_back({key, "ClusterQueueStopped"});
    const bool held = GetBool(event, "held"), busy = GetBool(event, "busy");
    out["stop"] = held ? "held" : busy ? "stable" : "idle";
    for (const char* key : {"finish", "delete", "prioritise", "giveBack"}) {
      if (event.contains(key)) out["target"] = Find(GetString(event, key)).key;
    }
    now_ = std::max(now_, IntOr(event, "at", 0));
    for (const Json& cycle : Get(event, "cycles")) {
      out["cycles"].push_back(Cycle(cycle));
      now_ += tick_;
    }
    for (const auto& [queue, where] : Get(event, "waiting").items()) {
      complaints_.CheckKeys(where, at_, {"heap", "parked"});
      Json& pending = out["pending"][queue] = Json::object();
      if (where.contains("heap")) pending["a"] = Keys(where["heap"]);
      if (where.contains("parked")) pending["i"] = Keys(where["parked"]);
    }
    return out;
  }

  Json Cycle(const Json& items) {
    Json out = {{"c", ++cycle_}, {"t", now_}, {"e", Json::array()}};
    for (const Json& item : items) {
      if (item.contains("released")) {
        out["rel"] = Keys(item["released"]);
      } else if (item.contains("refuse")) {
        out["x"].push_back({{"w", Find(GetString(item, "refuse")).key}});
      } else {
        out["e"].push_back(Entry(item, &out["ev"]));
      }
    }
    if (out["ev"].is_null()) {
      out.erase("ev");
    } else {
      std::sort(out["ev"].begin(), out["ev"].end());
    }
    return out;
  }

  Json Entry(const Json& item, Json* evicted) {
    const auto verb =
        std::find_if(std::begin(kVerbs), std::end(kVerbs), [&](const Verb& v) { return item.contains(v.name); });
    if (verb == std::end(kVerbs)) {
      complaints_.Add(at_, absl::StrCat("what is decided? ", item.dump()));
      return Json::object();
    }
    complaints_.CheckKeys(item, at_, {verb->name, "borrowing", "victims", "pods", "reason", "because"});
    const Workload& w = Find(GetString(item, verb->name));
    Json out = {{"w", w.key}, {"q", w.queue}, {"m", verb->mode}, {"s", verb->status}};
    if (*verb->requeue != '\0') out["rr"] = verb->requeue;
    const std::string reason = item.contains("reason") ? GetString(item, "reason") : verb->reason;
    if (!reason.empty() && reason != "none") out["qr"] = reason;
    if (item.contains("borrowing")) out["b"] = item["borrowing"];
    if (item.contains("victims")) {
      const bool skipped = std::string(verb->name) == "skip";
      if (skipped) out["m"] = "Preempt";
      for (const auto& [name, text] : item["victims"].items()) {
        // "again": it is on its way out already. Nobody goes for who is overtaken.
        std::string why = text.is_string() ? text.get<std::string>() : text.dump();
        const bool again = absl::EndsWith(why, " again");
        if (again) why = std::string(absl::StripSuffix(why, " again"));
        const std::string& key = Find(name).key;
        out["tg"].push_back({key, why});
        if (!again && !skipped) evicted->push_back({key, "Preempted", why});
      }
      std::sort(out["tg"].begin(), out["tg"].end());
    }
    for (const std::string& name : w.pod_sets) {
      const Json& text = Get(Get(item, "pods"), name.c_str());
      if (text.is_string()) out["ps"].push_back(Assignment(name, text.get<std::string>()));
    }
    if (*verb->reason == '\0') {
      out["msg"] = "-";
    } else if (item.contains("because")) {
      out["msg"] = item["because"] == "" ? Json("-") : item["because"];
    }
    return out;
  }

  // "3 of cpu,memory=spot gpu=a100 on host-1:2 host-2:1".
  Json Assignment(const std::string& name, absl::string_view text) {
    Json out = {{"n", name}};
    const std::pair<std::string, std::string> where = absl::StrSplit(text, absl::MaxSplits(" on ", 1));
    const std::vector<std::string> words = absl::StrSplit(where.first, ' ');
    int count = 0;
    if (words.size() < 2 || words[1] != "of" || !absl::SimpleAtoi(words[0], &count)) {
      complaints_.Add(at_, absl::StrCat("not COUNT of RESOURCES=FLAVOR...: ", text));
      return out;
    }
    out["c"] = count;
    for (size_t i = 2; i < words.size(); ++i) {
      const std::pair<std::string, std::string> sides = absl::StrSplit(words[i], '=');
      for (absl::string_view resource : absl::StrSplit(sides.first, ',')) {
        out["f"][std::string(resource)] = sides.second;
      }
    }
    for (absl::string_view domain : absl::StrSplit(where.second, ' ', absl::SkipEmpty())) {
      const size_t colon = domain.rfind(':');
      int pods = 0;
      if (colon == absl::string_view::npos || !absl::SimpleAtoi(domain.substr(colon + 1), &pods)) {
        complaints_.Add(at_, absl::StrCat("not DOMAIN:PODS: ", domain));
        continue;
      }
      out["t"][std::string(domain.substr(0, colon))] = pods;
    }
    return out;
  }

  Json State(const Json& last) const {
    Json out = Json::object();
    const std::pair<const char*, const char*> names[] = {{"inactive", "inactive"},
                                                         {"usage", "usage"},
                                                         {"cohortUsage", "cohortUsage"},
                                                         {"shares", "drs"},
                                                         {"cohortShares", "cohortDrs"}};
    for (const auto& [ours, recorded] : names) {
      if (last.contains(ours)) out[recorded] = last[ours];
    }
    return out;
  }

  Json Final(const Json& last) {
    Json out = Json::object();
    for (const char* state : {"admitted", "evicting", "pending", "finished"}) {
      for (const Json& key : Keys(Get(last, state))) out[key.get<std::string>()] = {{"st", state}};
    }
    for (const auto& [name, times] : Get(last, "evictions").items()) out[Find(name).key]["evictions"] = times;
    return out;
  }

  const Json& file_;
  Complaints complaints_;
  std::string at_;  // the place in the file
  std::map<std::string, Workload> workloads_;
  std::set<std::string> namespaces_;
  std::set<std::pair<std::string, std::string>> local_queues_;  // namespace, ClusterQueue: each has one of its name
  int64_t tick_ = 1, now_ = 0, cycle_ = 0;
};

}  // namespace

absl::StatusOr<Case> ReadHistory(absl::string_view yaml) {
  const std::vector<api::YamlDocument> documents = api::ParseYaml(yaml);
  if (documents.size() != 1) return absl::InvalidArgumentError("not one YAML document");
  if (!documents[0].error.empty()) return absl::InvalidArgumentError(documents[0].error);
  return Reader(documents[0].value).Read();
}

}  // namespace muster::conformance
