#include "manager/jobs/look_at.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

std::vector<std::string> Texts(const std::vector<kube::ObjectKey>& keys) {
  std::vector<std::string> texts;
  for (const kube::ObjectKey& key : keys) texts.push_back(key.Text());
  return texts;
}

TEST(LookAt, JobsOfWhatChanged) {
  JobWorld world;
  const kube::ObjectPtr job = world.Add(kBatchJob);
  world.Add(kBatchJob,
            "{metadata: {name: child, uid: other, ownerReferences: [{apiVersion: x/v1, kind: Y, name: y, "
            "uid: job-uid}]}}");
  const kube::ObjectPtr workload = world.Add(kWorkload);
  const kube::ObjectPtr ownerless = world.Add(kWorkload, "{metadata: {name: w, ownerReferences: null}}");
  const kube::ObjectPtr ns = world.get().objects.Find(NamespaceType(), "", "g");
  EXPECT_THAT(Texts(JobsToLookAt(world.get(), *job)), testing::ElementsAre("Job g/a")) << "itself";
  EXPECT_THAT(Texts(JobsToLookAt(world.get(), *workload)), testing::ElementsAre("Job g/a", "Job g/child"))
      << "the job, and what it made";
  EXPECT_THAT(JobsToLookAt(world.get(), *ownerless), testing::IsEmpty());
  EXPECT_THAT(JobsToLookAt(world.get(), *ns), testing::IsEmpty());

  JobWorld without{ManagerOptions()};
  EXPECT_THAT(
      Texts(JobsToLookAt(without.get(), *without.Add("{apiVersion: ray.io/v1, kind: RayJob, metadata: {name: r, "
                                                     "namespace: g}}"))),
      testing::IsEmpty())
      << "a kind that is not enabled";
}

}  // namespace
}  // namespace muster::manager
