#include "webhook/jobs/job_handlers.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "api/field_errors.h"
#include "api/job_kinds.h"
#include "api/problem.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

TEST(JobHandlers, EveryKindOfJobIsSetAndChecked) {
  std::set<std::string> served;
  for (const JobHandlers& row : AllJobHandlers()) {
    EXPECT_TRUE(served.insert(std::string(row.framework)).second) << row.framework;
    EXPECT_NE(api::FindJobKindByFramework(row.framework), nullptr) << row.framework;
    EXPECT_NE(row.mutate, nullptr) << row.framework;
    EXPECT_NE(row.validate, nullptr) << row.framework;
  }
  for (const api::JobKind& kind : api::JobKinds())
    EXPECT_EQ(served.count(std::string(kind.framework)), 1u) << kind.kind;
}

std::vector<std::string> MissingLabels(const char* framework, const char* object) {
  api::FieldErrors errors;
  CheckQueueLabelOnTemplates(*api::FindJobKindByFramework(framework), json::parse(object), errors);
  std::vector<std::string> paths;
  for (const api::Problem& problem : errors.Take()) paths.push_back(problem.path);
  return paths;
}

TEST(CheckQueueLabelOnTemplates, NamesTheTemplatesThatLackIt) {
  EXPECT_EQ(MissingLabels("batch/job", R"({"metadata": {"labels": {"kueue.x-k8s.io/queue-name": "q"}},
                                           "spec": {"template": {}}})"),
            std::vector<std::string>{"spec.template.metadata.labels[kueue.x-k8s.io/queue-name]"});
  EXPECT_EQ(MissingLabels("batch/job", R"({"metadata": {"labels": {"kueue.x-k8s.io/queue-name": "q"}},
                 "spec": {"template": {"metadata": {"labels": {"kueue.x-k8s.io/queue-name": "q"}}}}})"),
            std::vector<std::string>());
  EXPECT_EQ(MissingLabels("batch/job", R"({"spec": {"template": {}}})"), std::vector<std::string>());
}

// It is its own template.
TEST(CheckQueueLabelOnTemplates, APodLacksNothing) {
  EXPECT_EQ(MissingLabels("pod", R"({"metadata": {"labels": {"kueue.x-k8s.io/queue-name": "q"}}, "spec": {}})"),
            std::vector<std::string>());
}

}  // namespace
}  // namespace muster::webhook
