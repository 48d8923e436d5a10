#include "webhook/serving/answer_cost.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "webhook/router.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"

namespace muster::webhook {
namespace {

// Of the kind "VmHWM": bytes.
size_t Status(const std::string& key) {
  std::ifstream in("/proc/self/status");
  std::string name;
  size_t kilobytes = 0;
  while (in >> name) {
    if (name == key + ":" && in >> kilobytes) return kilobytes << 10;
    in.ignore(1000, '\n');
  }
  return 0;
}

// How far memory in use rises above what it was while `work` is done: in a process of its own, whose peak begins with
// what it has.
size_t Peak(const std::function<void()>& work) {
  int ends[2];
  if (pipe(ends) != 0) return 0;
  const pid_t child = fork();
  if (child == 0) {
    const size_t before = Status("VmRSS");
    work();
    const size_t peak = Status("VmHWM") - before;
    _exit(write(ends[1], &peak, sizeof(peak)) == sizeof(peak) ? 0 : 1);
  }
  size_t peak = 0;
  const bool ok = read(ends[0], &peak, sizeof(peak)) == sizeof(peak);
  close(ends[0]);
  close(ends[1]);
  int status = 0;
  waitpid(child, &status, 0);
  return ok && status == 0 ? peak : 0;
}

std::string Review(const std::string& kind, const std::string& operation, const std::string& object) {
  const std::string old_object = operation == "UPDATE" ? absl::StrCat(R"(,"oldObject":)", object) : "";
  return absl::StrCat(
      R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","name":"n","namespace":"a",)",
      R"("kind":{"group":"g","version":"v","kind":")", kind, R"("},"operation":")", operation, R"(","object":)", object,
      old_object, "}}");
}

// `piece` with # counted up, again and again, until there are `size` bytes.
std::string Repeat(absl::string_view piece, size_t size) {
  std::string text;
  const size_t at = piece.find('#');
  for (int i = 0; text.size() < size; ++i) {
    if (i > 0) text += ",";
    if (at == absl::string_view::npos) {
      absl::StrAppend(&text, piece);
    } else {
      absl::StrAppend(&text, piece.substr(0, at), i, piece.substr(at + 1));
    }
  }
  return text;
}

struct Shape {
  const char* about;
  const char* path;
  const char* api_version;
  const char* kind;
  const char* before;  // the object, but for its version, up to what is repeated
  const char* piece;
  const char* after;
  size_t bytes = 600'000;
};

constexpr Shape kShapes[] = {
    {"empty lists", "/mutate-batch-v1-job", "batch/v1", "Job", R"("spec":[)", "[]", "]"},
    {"empty objects", "/mutate-batch-v1-job", "batch/v1", "Job", R"("spec":[)", "{}", "]"},
    {"numbers", "/validate-batch-v1-job", "batch/v1", "Job", R"("x":[)", "1", "]"},
    {"texts", "/validate-batch-v1-job", "batch/v1", "Job", R"("x":[)", R"("")", "]"},
    {"short members", "/validate-batch-v1-job", "batch/v1", "Job", R"("x":{)", R"("#":1)", "}"},
    {"objects of one member", "/validate-batch-v1-job", "batch/v1", "Job", R"("x":[)", R"({"a":0})", "]"},
    {"one long text", "/mutate-batch-v1-job", "batch/v1", "Job", R"("metadata":{"annotations":{"a":")", "x", R"("}})"},
    {"one text of escapes", "/mutate-batch-v1-job", "batch/v1", "Job", R"("metadata":{"annotations":{"a":")",
     R"(\u0001)", R"("}})"},
    {"annotations", "/mutate-batch-v1-job", "batch/v1", "Job", R"("metadata":{"annotations":{)", R"("a#":"b")", "}}"},
    {"bad labels", "/validate-batch-v1-job", "batch/v1", "Job",
     R"("metadata":{"labels":{"kueue.x-k8s.io/queue-name":"!"}},"spec":{"template":{"metadata":{"annotations":{)",
     R"("a#":"b")", "}}}}"},
    {"resources that are none", "/validate-kubeflow-org-v1-pytorchjob", "kubeflow.org/v1", "PyTorchJob",
     R"("metadata":{"labels":{"kueue.x-k8s.io/queue-name":"q"}},"spec":{"pytorchReplicaSpecs":{"Master":{"template":{"spec":{"containers":[{"name":"c","resources":{"limits":{)",
     R"("r#":"1")", "}}}]}}}}}", 60'000},
    {"labels of a flavor that are none", "/validate-kueue-x-k8s-io-v1beta2-resourceflavor", "kueue.x-k8s.io/v1beta2",
     "ResourceFlavor", R"("spec":{"nodeLabels":{)", R"("! #":"?")", "}}", 60'000},
    {"pod sets", "/validate-kueue-x-k8s-io-v1beta2-workload", "kueue.x-k8s.io/v1beta2", "Workload",
     R"("spec":{"podSets":[)", R"({"name":"!#","count":-1})", "]}", 60'000},
    {"resource groups", "/validate-kueue-x-k8s-io-v1beta2-clusterqueue", "kueue.x-k8s.io/v1beta2", "ClusterQueue",
     R"("spec":{"resourceGroups":[)", R"({"coveredResources":["r#"],"flavors":[]})", "]}", 60'000},
    {"containers", "/mutate--v1-pod", "v1", "Pod", R"("spec":{"containers":[)", R"({"name":"c#"})", "]}"},
};

TEST(AnswerCostTest, IsNoLessThanWhatAnsweringHolds) {
  CachedClusterState state;
  WebhookConfig config = DefaultWebhookConfig();
  const Router router(config, &state);
  for (const Shape& shape : kShapes) {
    for (const char* operation : {"CREATE", "UPDATE"}) {
      const std::string object = absl::StrCat(R"({"apiVersion":")", shape.api_version, R"(","kind":")", shape.kind,
                                              "\",", shape.before, Repeat(shape.piece, shape.bytes), shape.after, "}");
      const std::string body = Review(shape.kind, operation, object);
      size_t answer = 0;
      const size_t peak = Peak([&] { answer = router.Answer(shape.path, "application/json", body).body.size(); });
      const size_t cost = AnswerCost(body);
      std::printf("%-32s %s: body %5zu kB, peak %7zu kB, cost %7zu kB\n", shape.about, operation, body.size() >> 10,
                  peak >> 10, cost >> 10);
      EXPECT_GT(peak, 0u);
      EXPECT_LE(peak, cost) << shape.about << " " << operation;
    }
  }
}

// Objects as they are come nowhere near a limit.
TEST(AnswerCostTest, IsLittleForOrdinaryObjects) {
  const std::string container =
      R"({"name":"trainer-#","image":"registry.example.com/team/trainer:v1.2.3","command":["python","-m","train"],)"
      R"("env":[{"name":"NCCL_DEBUG","value":"INFO"}],"resources":{"limits":{"nvidia.com/gpu":"8","cpu":"96"}}})";
  const std::string body =
      Review("Job", "UPDATE",
             absl::StrCat(R"({"spec":{"template":{"spec":{"containers":[)", Repeat(container, 1'400'000), "]}}}}"));
  EXPECT_GT(body.size(), 2'800'000u) << "the largest that etcd takes, twice";
  EXPECT_LT(AnswerCost(body), size_t{72} << 20);
}

}  // namespace
}  // namespace muster::webhook
