#include "sim/trace/format.h"

#include <gtest/gtest.h>

namespace muster::sim {
namespace {

TEST(FormatTest, IsRecognisedByContentThenByName) {
  struct Case {
    const char* sentence;
    const char* head;
    const char* path;
    Format format;
  };
  const Case kCases[] = {
      {"Muster's own", "job_id,queue,submit_s\n", "a.csv", Format::kCsv},
      {"Columns of something else are CSV", "a,b,c\n", "a", Format::kCsv},
      {"JSON lines", "{\"job_id\": 1}\n", "a.csv", Format::kJsonl},
      {"A list as kubectl prints it", "{\n  \"apiVersion\": \"v1\",\n  \"items\": [", "a", Format::kKueue},
      {"Space before it", "\n {\"kind\":\"WorkloadList\",\"apiVersion\":\"x\"", "a", Format::kKueue},
      {"SWF begins with a comment", "; Version: 2.2\n", "a.txt", Format::kSwf},
      {"or with 18 numbers", " 1 0 9 100 56 -1 -1 -1 200 -1 1 1 1 -1 -1 -1 -1 -1\n", "a", Format::kSwf},
      {"17 numbers are none", "1 0 9 100 56 -1 -1 -1 200 -1 1 1 1 -1 -1 -1 -1\n", "a", Format::kCsv},
      {"sacct", "JobID|JobName|State\n", "a", Format::kSacct},
      {"with another delimiter", "User;JobIDRaw;State\r\n", "a", Format::kSacct},
      {"and in columns, which its reader refuses", "       JobID    JobName\n------------ ------\n", "a",
       Format::kSacct},
      {"Philly", "job_id,vc,submit_time,gpu_num,duration\n", "a", Format::kPhilly},
      {"openb", "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time\r\n", "a",
       Format::kOpenb},
      {"A byte order mark", "\xef\xbb\xbfJobID|State\n", "a", Format::kSacct},
      {"Nothing to see: the name", "", "a.swf.zst", Format::kSwf},
      {"Nothing to see: the name", "", "a.jsonl", Format::kJsonl},
      {"Nothing at all", "", "-", Format::kCsv},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(FormatName(RecognizeFormat(c.head, c.path)), FormatName(c.format)) << c.sentence;
  }
}

TEST(FormatTest, EveryFormatHasAName) {
  EXPECT_EQ(FormatNames(), "csv, jsonl, swf, sacct, kueue, philly or openb");
  for (const Format format :
       {Format::kCsv, Format::kJsonl, Format::kSwf, Format::kSacct, Format::kKueue, Format::kPhilly, Format::kOpenb}) {
    EXPECT_EQ(FormatNamed(FormatName(format)), format);
    EXPECT_FALSE(FormatInWords(format).empty());
  }
  EXPECT_EQ(FormatNamed("xml"), std::nullopt);
}

}  // namespace
}  // namespace muster::sim
