#include "sim/trace/manifests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "sim/trace/manifest_traces.h"

namespace muster::sim {
namespace {

using ::testing::HasSubstr;

TEST(ManifestsTest, AManifestSaysWhatARowRuns) {
  WriteTestFile("train.yaml", kManifestJob);
  absl::StatusOr<Trace> trace =
      ReadWithManifests("job_id,submit_s,duration_s,manifest,queue\na,0,10,train.yaml,\nb,0,20,train.yaml,other\n");
  ASSERT_TRUE(trace.ok()) << trace.status();
  ASSERT_EQ(trace->jobs.size(), 2u);
  EXPECT_EQ(trace->bad_rows, 0);
  EXPECT_EQ(trace->ShapeOf(trace->jobs[0]).queue, "team/queue");
  EXPECT_EQ(trace->ShapeOf(trace->jobs[1]).queue, "other");
  EXPECT_EQ(trace->ShapeOf(trace->jobs[0]).priority_class, "high");
  ASSERT_EQ(trace->ShapeOf(trace->jobs[0]).pods.size(), 2u);
  EXPECT_EQ(trace->ShapeOf(trace->jobs[0]).pods[1].count, 3);
  EXPECT_EQ(trace->ShapeOf(trace->jobs[0]).workload,
            trace->ShapeOf(trace->jobs[1]).workload);  // the file was read once
}

TEST(ManifestsTest, FilesThatCannotBeUsedAreNamedAllAtOnce) {
  WriteTestFile("two.yaml", std::string(kManifestJob) + "---" + kManifestJob);
  WriteTestFile(
      "endpoint.yaml",
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {replicas: 3, template: {spec: {containers: "
      "[]}}}}");
  WriteTestFile("lost.yaml",
                "{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {template: {spec: {containers: []}}}}");
  absl::StatusOr<Trace> trace = ReadWithManifests(
      "job_id,submit_s,duration_s,manifest\na,0,1,two.yaml\nb,0,1,endpoint.yaml\nc,0,1,nowhere.yaml\nd,0,1,lost."
      "yaml\n");
  ASSERT_FALSE(trace.ok());
  const std::string message(trace.status().message());
  EXPECT_THAT(message, HasSubstr("two.yaml: holds 2 jobs"));
  EXPECT_THAT(message, HasSubstr("endpoint.yaml: the Deployment becomes 3 Workloads"));
  EXPECT_THAT(message, HasSubstr("nowhere.yaml: No such file or directory"));
  EXPECT_THAT(message, HasSubstr("lost.yaml: neither the row nor the manifest"));
}

// A trace may come from anybody.
TEST(ManifestsTest, ARowReachesNoFileOutsideOfTheTracesFolder) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(::testing::TempDir()) / "confined";
  fs::remove_all(folder);
  fs::create_directories(folder / "jobs");
  std::ofstream(folder / "jobs" / "in.yaml") << kManifestJob;
  const std::string outside = WriteTestFile("outside.yaml", kManifestJob);
  fs::create_symlink(outside, folder / "link.yaml");
  fs::create_symlink("jobs/in.yaml", folder / "inside-link.yaml");
  fs::create_symlink("/dev/zero", folder / "zero.yaml");
  fs::resize_file(fs::path(WriteTestFile("confined/huge.yaml", "#")), 5 << 20);
  ASSERT_EQ(mkfifo((folder / "fifo.yaml").c_str(), 0600), 0);
  struct Case {
    std::string manifest, error;  // "" = it is read
  };
  const Case cases[] = {
      {"jobs/in.yaml", ""},
      {"inside-link.yaml", ""},
      {"jobs/../jobs/in.yaml", ""},
      {"../outside.yaml", "lies outside of the folder of the trace"},
      {outside, "lies outside of the folder of the trace"},
      {"link.yaml", "lies outside of the folder of the trace"},
      {"zero.yaml", "lies outside of the folder of the trace"},
      {"/dev/zero", "lies outside of the folder of the trace"},
      {"fifo.yaml", "is not a file"},
      {"jobs", "is not a file"},
      {"huge.yaml", "a manifest has at most"},
      {"none.yaml", "No such file"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.manifest);
    absl::StatusOr<Trace> trace = ReadTrace(
        WriteTestFile("confined/trace.csv", "job_id,submit_s,duration_s,manifest\na,0,10," + c.manifest + "\n"),
        Mapping::ForFile("trace.csv"));
    ASSERT_TRUE(trace.ok()) << trace.status();
    const absl::Status status = ReadManifests(&*trace);
    if (c.error.empty()) {
      EXPECT_TRUE(status.ok()) << status;
    } else {
      EXPECT_THAT(std::string(status.message()), HasSubstr(c.error));
    }
  }
}

}  // namespace
}  // namespace muster::sim
