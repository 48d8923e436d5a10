#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/json_text.h"
#include "api/yaml.h"
#include "sim/scenario/fields.h"
#include "sim/scenario/scenario.h"

namespace muster::sim {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr int kMaxIncludeDepth = 8;
constexpr int64_t kMaxCount = 1'000'000;
constexpr uintmax_t kMaxFileSize = uintmax_t{16} << 20;

struct VerbName {
  absl::string_view name;
  Verb verb;
};
constexpr VerbName kVerbs[] = {
    {"apply", Verb::kApply},       {"delete", Verb::kDelete}, {"finish", Verb::kFinish},
    {"scale", Verb::kScale},       {"cordon", Verb::kCordon}, {"uncordon", Verb::kUncordon},
    {"nodeDown", Verb::kNodeDown}, {"nodeUp", Verb::kNodeUp}, {"call", Verb::kCall},
};

class Parser {
 public:
  std::vector<api::Problem> problems;

  std::vector<Scenario> File(const fs::path& path) { return Scenarios(Documents(path, nullptr), path.string()); }
  std::vector<Scenario> Text(const std::string& text, const std::string& name) {
    return Scenarios(Split(text, name), name);
  }

 private:
  std::vector<Manifest> Split(const std::string& text, const std::string& name);
  std::vector<Manifest> Documents(const fs::path& path, const FieldValue* from);
  std::vector<Scenario> Scenarios(const std::vector<Manifest>& documents, const std::string& name);
  void Spread(json value, const api::Source& source, std::vector<Manifest>* out);
  void Objects(FieldValue list, std::vector<Manifest>* out);
  void Include(FieldValue list, int depth, std::vector<Manifest>* out);
  void CommonFields(FieldValue& document, int depth, Scenario* scenario);
  Step ReadStep(FieldValue step, absl::Duration previous);
  Action ReadAction(FieldValue action);
  Expectations ReadExpectations(FieldValue expect);
  ExpectedJob ReadJob(const std::string& ref, FieldValue value);
  ExpectedQueue ReadQueue(const std::string& ref, FieldValue value);
  ExpectedUsage ReadUsage(FieldValue value);
  std::optional<api::Quantity> ReadQuantity(FieldValue value);

  void Report(const api::Source& source, std::string message) {
    problems.push_back({.source = source,
                        .object = "",
                        .path = "",
                        .message = std::move(message),
                        .severity = api::Severity::kError,
                        .rule = "Unreadable",
                        .value = ""});
  }
};

// The documents of a file. `from` is the field that names it; nullptr for the scenario file itself.
std::vector<Manifest> Parser::Documents(const fs::path& path, const FieldValue* from) {
  api::Source source;
  source.file = path.string();
  std::error_code error;
  std::string why;
  if (!fs::is_regular_file(path, error)) {
    why = fs::exists(path, error) ? "is not a file" : "there is no such file";
  } else if (fs::file_size(path, error) > kMaxFileSize || error) {
    why = error ? error.message() : "is larger than 16 MiB";
  }
  std::ostringstream text;
  if (why.empty()) {
    std::ifstream file(path, std::ios::binary);
    if (file && file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
    if (file.bad() || !file.is_open()) why = "cannot be read";
  }
  if (!why.empty()) {
    if (from != nullptr) {
      from->Problem(absl::StrCat(path.string(), ": ", why));
    } else {
      Report(source, why);
    }
    return {};
  }
  return Split(text.str(), source.file);
}

// The documents of a text.
std::vector<Manifest> Parser::Split(const std::string& text, const std::string& name) {
  api::Source source;
  source.file = name;
  std::vector<Manifest> out;
  if (absl::EndsWith(source.file, ".json")) {
    absl::StatusOr<json> document = api::ParseJson(text);
    if (!document.ok()) {
      Report(source, std::string(document.status().message()));
      return {};
    }
    source.document = 0;
    out.push_back({*std::move(document), source, ""});
    return out;
  }
  std::vector<api::YamlDocument> documents = api::ParseYaml(text);
  for (size_t i = 0; i < documents.size(); ++i) {
    source.document = static_cast<int>(i);
    source.line = documents[i].line;
    if (!documents[i].error.empty()) {
      Report(source, documents[i].error);
    } else {
      out.push_back({std::move(documents[i].value), source, ""});
    }
  }
  return out;
}

// Lists and Kubernetes' List kinds become their items.
void Parser::Spread(json value, const api::Source& source, std::vector<Manifest>* out) {
  json* items = nullptr;
  if (value.is_array()) items = &value;
  if (value.is_object() && value.contains("items") && value["items"].is_array() && value.contains("kind") &&
      value["kind"].is_string() && absl::EndsWith(value["kind"].get<std::string>(), "List")) {
    items = &value["items"];
  }
  if (items == nullptr) {
    out->push_back({std::move(value), source, ""});
    return;
  }
  for (size_t i = 0; i < items->size(); ++i) {
    api::Source at = source;
    at.item = static_cast<int>(i);
    out->push_back({std::move((*items)[i]), at, ""});
  }
}

// Objects inline, or files with objects by name.
void Parser::Objects(FieldValue list, std::vector<Manifest>* out) {
  for (FieldValue& item : list.Items()) {
    if (item.is_string() || (item.is_object() && item.json().contains("file"))) {
      FieldValue file = item.is_string() ? item : item.Field("file");
      FieldValue patch = item.is_string() ? FieldValue(nullptr, "", &item.source(), &problems) : item.Field("patch");
      if (!item.is_string()) item.Done();
      const fs::path path = fs::path(item.source().file).parent_path() / file.String();
      std::vector<Manifest> objects;
      for (Manifest& document : Documents(path, &file)) Spread(std::move(document.value), document.source, &objects);
      for (Manifest& object : objects) {
        // A patch as of RFC 7386: what is null goes away.
        if (patch.present()) object.value.merge_patch(patch.json());
        out->push_back(std::move(object));
      }
    } else if (item.is_object()) {
      out->push_back({item.json(), item.source(), item.path()});
    } else {
      item.Problem("must be an object, the name of a file with objects, or {file: NAME, patch: …}");
    }
  }
}

void Parser::Include(FieldValue list, int depth, std::vector<Manifest>* out) {
  for (FieldValue& item : list.Items()) {
    if (!item.is_string()) {
      item.Problem("must be the name of a file");
      continue;
    }
    if (depth >= kMaxIncludeDepth) {
      item.Problem(absl::StrCat("files include each other more than ", kMaxIncludeDepth, " deep; is it a circle?"));
      continue;
    }
    const fs::path path = fs::path(item.source().file).parent_path() / item.String();
    for (const Manifest& document : Documents(path, &item)) {
      FieldValue fields(&document.value, "", &document.source, &problems);
      Scenario included;
      CommonFields(fields, depth + 1, &included);
      fields.Done();
      for (Manifest& object : included.objects) out->push_back(std::move(object));
    }
  }
}

// What a scenario and a file it includes have in common.
void Parser::CommonFields(FieldValue& document, int depth, Scenario* scenario) {
  scenario->name = document.Field("name").String();
  scenario->description = document.Field("description").String();
  Include(document.Field("include"), depth, &scenario->objects);
  Objects(document.Field("objects"), &scenario->objects);
}

Action Parser::ReadAction(FieldValue value) {
  Action action;
  action.path = value.path();
  if (!value.is_object()) {
    value.Problem("must be an object such as {apply: job.yaml}");
    return action;
  }
  std::vector<absl::string_view> names;
  const VerbName* found = nullptr;
  int given = 0;
  for (const VerbName& verb : kVerbs) {
    names.push_back(verb.name);
    if (!value.Field(verb.name).present()) continue;
    found = &verb;
    ++given;
  }
  if (given != 1) {
    value.Problem(absl::StrCat(given == 0 ? "says nothing to do" : "says more than one thing to do", "; give one of ",
                               absl::StrJoin(names, ", ")));
    return action;
  }
  action.verb = found->verb;
  FieldValue argument = value.Field(found->name);
  if (action.verb == Verb::kApply) {
    Objects(argument, &action.objects);
    if (FieldValue runs_for = value.Field("runsFor"); runs_for.present()) {
      action.runs_for = runs_for.Duration(absl::ZeroDuration());
    }
  } else {
    action.target = argument.String();
    if (action.target.empty()) argument.Problem("must say what");
  }
  if (action.verb == Verb::kScale) {
    FieldValue replicas = value.Field("replicas");
    if (!replicas.present()) replicas.Problem("is needed to scale");
    action.number = static_cast<int32_t>(replicas.Int(0, 0, kMaxCount));
  }
  if (action.verb == Verb::kCall) {
    FieldValue with = value.Field("with");
    Objects(with, &action.objects);
    if (action.objects.size() != 1) with.Problem("must be one request: an object or a file with one");
  }
  action.refused = value.Field("refused").Strings();
  value.Done();
  return action;
}

std::optional<api::Quantity> Parser::ReadQuantity(FieldValue value) {
  if (!value.present()) return std::nullopt;
  absl::StatusOr<api::Quantity> quantity = api::Quantity::Parse(value.String());
  if (quantity.ok()) return *quantity;
  value.Problem(std::string(quantity.status().message()));
  return std::nullopt;
}

ExpectedUsage Parser::ReadUsage(FieldValue value) {
  ExpectedUsage out;
  for (auto& [resource, amount] : value.Entries()) {
    ExpectedAmount& expected = out[resource];
    if (amount.is_object()) {
      expected.total = ReadQuantity(amount.Field("total"));
      expected.borrowed = ReadQuantity(amount.Field("borrowed"));
      amount.Done();
    } else {
      expected.total = ReadQuantity(amount);
    }
  }
  return out;
}

std::optional<int64_t> ReadCount(FieldValue value) {
  if (!value.present()) return std::nullopt;
  return value.Int(0, -kMaxCount, kMaxCount);
}

// Of a condition: True, False or Unknown, which YAML takes for booleans.
std::string ReadStatus(FieldValue value) {
  if (value.present() && value.json().is_boolean()) return value.json().get<bool>() ? "True" : "False";
  const std::string status = value.String();
  if (!status.empty() && status != "True" && status != "False" && status != "Unknown") {
    value.Problem("must be True, False or Unknown");
  }
  return status;
}

ExpectedJob Parser::ReadJob(const std::string& ref, FieldValue value) {
  static constexpr absl::string_view kStates[] = {"Running",  "Pending",    "Evicted", "Partial",
                                                  "Finished", "Ungoverned", "Absent"};
  ExpectedJob job;
  job.job = ref;
  job.path = value.path();
  FieldValue state = value;
  if (value.is_object()) {
    state = value.Field("state");
    job.reason = value.Field("reason").String();
    job.message = value.Field("message").Strings();
    FieldValue conditions = value.Field("conditions");
    for (auto& [type, condition] : conditions.Entries()) {
      ExpectedCondition& expected = job.conditions[type];
      if (condition.is_object()) {
        expected.status = ReadStatus(condition.Field("status"));
        expected.reason = condition.Field("reason").String();
        condition.Done();
      } else {
        expected.status = ReadStatus(condition);
      }
    }
    FieldValue flavors = value.Field("flavors");
    for (auto& [resource, flavor] : flavors.Entries()) job.flavors[resource] = flavor.String();
    job.workloads = ReadCount(value.Field("workloads"));
    job.running = ReadCount(value.Field("running"));
    job.pods = ReadCount(value.Field("pods"));
    job.pods_ready = ReadCount(value.Field("podsReady"));
    job.evictions = ReadCount(value.Field("evictions"));
    job.priority = ReadCount(value.Field("priority"));
    value.Done();
  }
  job.state = state.String();
  bool known = job.state.empty();
  for (absl::string_view name : kStates) known |= name == job.state;
  if (!known) state.Problem(absl::StrCat("\"", job.state, "\" is not a state; use ", absl::StrJoin(kStates, ", ")));
  return job;
}

ExpectedQueue Parser::ReadQueue(const std::string& ref, FieldValue value) {
  ExpectedQueue queue;
  queue.queue = ref;
  queue.path = value.path();
  if (FieldValue active = value.Field("active"); active.present()) queue.active = active.Bool(true);
  queue.pending = ReadCount(value.Field("pending"));
  queue.running = ReadCount(value.Field("running"));
  queue.usage = ReadUsage(value.Field("usage"));
  FieldValue by_flavor = value.Field("flavorsUsage");
  for (auto& [flavor, usage] : by_flavor.Entries()) queue.flavors_usage[flavor] = ReadUsage(usage);
  value.Done();
  return queue;
}

Expectations Parser::ReadExpectations(FieldValue expect) {
  Expectations out;
  if (!expect.present()) return out;
  FieldValue jobs = expect.Field("jobs"), queues = expect.Field("queues");
  for (auto& [ref, value] : jobs.Entries()) out.jobs.push_back(ReadJob(ref, value));
  for (auto& [ref, value] : queues.Entries()) out.queues.push_back(ReadQueue(ref, value));
  if (FieldValue v = expect.Field("started"); v.present()) out.started = v.Strings();
  if (FieldValue v = expect.Field("finished"); v.present()) out.finished = v.Strings();
  if (FieldValue v = expect.Field("evicted"); v.present()) {
    out.evicted.emplace();
    for (FieldValue& item : v.Items()) {
      ExpectedEviction& eviction = out.evicted->emplace_back();
      if (!item.is_object()) {
        eviction.job = item.String();
        continue;
      }
      eviction.job = item.Field("job").String();
      eviction.reason = item.Field("reason").String();
      eviction.by = item.Field("by").String();
      item.Done();
      if (eviction.job.empty()) item.Problem("must name the job");
    }
  }
  expect.Done();
  return out;
}

Step Parser::ReadStep(FieldValue value, absl::Duration previous) {
  Step step;
  step.path = value.path();
  step.at = previous;
  if (!value.is_object()) {
    value.Problem("must be an object with at or after, do, expect");
    return step;
  }
  step.title = value.Field("title").String();
  FieldValue at = value.Field("at"), after = value.Field("after");
  if (at.present() && after.present()) {
    after.Problem("cannot be given together with at");
  } else if (at.present()) {
    step.at = at.Duration(previous);
    if (step.at < previous) {
      at.Problem(absl::StrCat("is before the step before it, at ", absl::FormatDuration(previous)));
    }
  } else {
    step.at = previous + after.Duration(absl::ZeroDuration());
  }
  for (FieldValue& action : value.Field("do").Items()) step.actions.push_back(ReadAction(action));
  step.expect = ReadExpectations(value.Field("expect"));
  value.Done();
  return step;
}

std::vector<Scenario> Parser::Scenarios(const std::vector<Manifest>& documents, const std::string& name) {
  std::vector<Scenario> out;
  for (const Manifest& document : documents) {
    FieldValue fields(&document.value, "", &document.source, &problems);
    if (!fields.is_object()) {
      fields.Problem("a scenario must be an object with name, objects, steps");
      continue;
    }
    Scenario& scenario = out.emplace_back();
    scenario.source = document.source;
    CommonFields(fields, 0, &scenario);
    if (scenario.name.empty()) fields.Field("name").Problem("is needed");
    absl::Duration at;
    FieldValue steps = fields.Field("steps");
    if (!steps.is_array() || steps.json().empty()) steps.Problem("must be a list with at least one step");
    if (steps.is_array()) {
      for (FieldValue& step : steps.Items()) {
        scenario.steps.push_back(ReadStep(step, at));
        at = scenario.steps.back().at;
      }
    }
    fields.Done();
  }
  if (documents.empty() && problems.empty()) {
    api::Source source;
    source.file = name;
    Report(source, "holds no scenario");
  }
  return out;
}

}  // namespace

absl::StatusOr<std::vector<Scenario>> LoadScenarios(const std::string& path) {
  Parser parser;
  std::vector<Scenario> scenarios = parser.File(path);
  if (absl::Status status = api::ToStatus(parser.problems); !status.ok()) return status;
  return scenarios;
}

absl::StatusOr<std::vector<Scenario>> ParseScenarios(const std::string& text, const std::string& name) {
  Parser parser;
  std::vector<Scenario> scenarios = parser.Text(text, name);
  if (absl::Status status = api::ToStatus(parser.problems); !status.ok()) return status;
  return scenarios;
}

}  // namespace muster::sim
