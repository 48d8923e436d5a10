#include "sim/trace/trace.h"

#include <gtest/gtest.h>

#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <fstream>
#include <sstream>
#include <string>

namespace muster::sim {
namespace {

constexpr char kHeader[] = "job_id,queue,submit_s,duration_s,pods,request.nvidia.com/gpu,priority,node_selector\n";

std::string WriteFile(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + "/" + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

absl::StatusOr<Trace> Read(const std::string& name, const std::string& text) {
  const std::string path = WriteFile(name, text);
  return ReadTrace(path, Mapping::ForFile(path));
}

template <class Compressor>
std::string Compress(const std::string& text) {
  std::stringstream in(text), out;
  boost::iostreams::filtering_istream filter;
  filter.push(Compressor());
  filter.push(in);
  boost::iostreams::copy(filter, out);
  return out.str();
}

TEST(TraceTest, RowsBecomeJobsSortedBySubmitTime) {
  auto trace =
      Read("a.csv", std::string(kHeader) + "b,q,20,5,1,2,,\na,q,10,7,3,8,-4,zone=x; disk=ssd\nc,q,10,1,1,1,0,\n");
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_TRUE(trace->problems.empty());
  ASSERT_EQ(trace->jobs.size(), 3u);
  EXPECT_EQ(trace->jobs[0].id, "a");
  EXPECT_EQ(trace->jobs[1].id, "c") << "jobs of one second keep the order of the file";
  EXPECT_EQ(trace->ShapeOf(trace->jobs[0]).pods[0].count, 3);
  EXPECT_EQ(trace->ShapeOf(trace->jobs[0]).pods[0].requests.at("nvidia.com/gpu").Value(), 8);
  EXPECT_EQ(trace->ShapeOf(trace->jobs[0]).priority, -4);
  EXPECT_EQ(trace->ShapeOf(trace->jobs[0]).node_selector, (api::StringMap{{"zone", "x"}, {"disk", "ssd"}}));
}

TEST(TraceTest, CompressionIsRecognisedByContent) {
  const std::string csv = std::string(kHeader) + "a,q,1,2,1,1,,\n";
  for (const auto& [name, bytes] : {std::pair<std::string, std::string>{"plain", csv},
                                    {"gz", Compress<boost::iostreams::gzip_compressor>(csv)},
                                    {"xz", Compress<boost::iostreams::lzma_compressor>(csv)}}) {
    auto trace = Read("compressed." + name, bytes);
    ASSERT_TRUE(trace.ok()) << name << ": " << trace.status();
    EXPECT_EQ(trace->jobs.size(), 1u) << name;
  }
}

TEST(TraceTest, TruncatedCompressedFileIsAnError) {
  std::string big = kHeader;
  for (int i = 0; i < 5000; ++i) big += std::to_string(i) + ",q," + std::to_string(i * 7919 % 100003) + ",2,1,1,,\n";
  const std::string gz = Compress<boost::iostreams::gzip_compressor>(big);
  const auto trace = Read("cut.csv.gz", gz.substr(0, gz.size() / 2));
  EXPECT_EQ(trace.status().code(), absl::StatusCode::kDataLoss) << trace.status();
}

struct BadRow {
  const char* sentence;
  const char* row;
  const char* column;
  const char* reason;
};

class BadRowTest : public testing::TestWithParam<BadRow> {};

TEST_P(BadRowTest, IsReportedAndLeftOut) {
  const BadRow& c = GetParam();
  auto trace = Read("bad.csv", std::string(kHeader) + "ok1,q,1,2,1,1,,\n" + c.row + "\nok2,q,3,4,1,1,,\n");
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_EQ(trace->jobs.size(), 2u) << c.sentence;
  ASSERT_EQ(trace->problems.size(), 1u) << c.sentence;
  EXPECT_EQ(trace->problems[0].row, 3) << c.sentence;
  EXPECT_EQ(trace->problems[0].column, c.column) << c.sentence;
  EXPECT_NE(trace->problems[0].reason.find(c.reason), std::string::npos) << trace->problems[0].reason;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BadRowTest,
    testing::Values(BadRow{"A time has to be a number.", "x,q,soon,2,1,1,,", "submit_s", "not a number of seconds"},
                    BadRow{"A job ends after it starts.", "x,q,1,-2,1,1,,", "duration_s", "negative"},
                    BadRow{"Infinity is no time.", "x,q,inf,2,1,1,,", "submit_s", "not a number of seconds"},
                    BadRow{"A time stays within bounds.", "x,q,1e300,2,1,1,,", "submit_s", "too large"},
                    BadRow{"A job has pods.", "x,q,1,2,0,1,,", "pods", "not in 1.."},
                    BadRow{"A pod is whole.", "x,q,1,2,1.5,1,,", "pods", "not a whole number"},
                    BadRow{"A job asks for something.", "x,q,1,2,1,,,", "", "asks for no resource"},
                    BadRow{"An amount is a quantity.", "x,q,1,2,1,many,,", "request.nvidia.com/gpu", "many"},
                    BadRow{"An amount is not negative.", "x,q,1,2,1,-1,,", "request.nvidia.com/gpu", "negative"},
                    BadRow{"A job has a queue.", "x,,1,2,1,1,,", "queue", "empty"},
                    BadRow{"A priority is a number.", "x,q,1,2,1,1,high,", "priority", "priorityMap"},
                    BadRow{"A selector is key=value.", "x,q,1,2,1,1,,fast", "node_selector", "key=value"},
                    BadRow{"Rows are as long as the header.", "x,q,1", "", "3 fields"},
                    BadRow{"Nothing follows a closing quote.", "\"x\"y,q,1,2,1,1,,", "", "closing quote"},
                    BadRow{"An id is used once.", "ok1,q,1,2,1,1,,", "job_id", "already used in row 2"}));

TEST(TraceTest, CsvQuotesCrlfAndByteOrderMark) {
  auto trace = Read("q.csv",
                    "\xef\xbb\xbfjob_id,queue,submit_s,duration_s,request.cpu\r\n\"a,\"\"b\"\"\",q,1,2,500m\r\n\r\n"
                    "\"two\r\nlines\",q,2,2,1\r\n");
  ASSERT_TRUE(trace.ok()) << trace.status();
  ASSERT_EQ(trace->jobs.size(), 2u);
  EXPECT_EQ(trace->jobs[0].id, "a,\"b\"");
  EXPECT_EQ(trace->ShapeOf(trace->jobs[0]).pods[0].requests.at("cpu").MilliValue(), 500);
  EXPECT_EQ(trace->jobs[1].id, "two\nlines");
}

TEST(TraceTest, HostileInputIsReportedNotFollowed) {
  const std::string header = kHeader;
  EXPECT_EQ(Read("h1.csv", header + std::string(1 << 20, 'x') + "\na,q,1,2,1,1,,\n")->jobs.size(), 1u) << "endless row";
  EXPECT_EQ(Read("h2.csv", header + "\"open,q,1,2\n")->bad_rows, 1) << "open quote";
  EXPECT_EQ(Read("h3.csv", header + std::string("a\0b,q,1,2,1,1,,\n", 16))->bad_rows, 1) << "NUL byte";
  EXPECT_EQ(Read("h4.jsonl", std::string(100000, '[') + "\n{}\n7\n{\"job_id\":\"a\"}\n")->bad_rows, 4) << "deep JSON";
  EXPECT_FALSE(Read("h5.csv", "").ok()) << "empty file";
  EXPECT_FALSE(Read("h6.csv", "a,b,c\n1,2,3\n").ok()) << "columns of something else";
  EXPECT_FALSE(ReadTrace("/nonexistent/x.csv", Mapping()).ok());
  EXPECT_FALSE(ReadTrace(testing::TempDir(), Mapping()).ok()) << "a folder";
}

TEST(TraceTest, OnlyTheFirstProblemsAreKeptAllAreCounted) {
  std::string text = kHeader;
  for (int i = 0; i < 100; ++i) text += "x,q,?" + std::to_string(i) + ",2,1,1,,\n";
  const auto trace = Read("many.csv", text);
  EXPECT_EQ(trace->bad_rows, 100);
  EXPECT_EQ(trace->problems.size(), 20u);
}

TEST(TraceTest, OneReasonIsOneProblemHoweverManyRowsHaveIt) {
  std::string text = kHeader;
  for (int i = 0; i < 100; ++i) text += "x,q,?,2,1,1,,\n";
  const auto trace = Read("same.csv", text);
  EXPECT_EQ(trace->bad_rows, 100);
  ASSERT_EQ(trace->problems.size(), 1u);
  EXPECT_EQ(trace->problems[0].more, 99);
}

TEST(TraceTest, JsonLinesMayNestRequests) {
  auto trace = Read("t.jsonl",
                    "{\"job_id\":\"a\",\"queue\":\"q\",\"submit_s\":1,\"duration_s\":2.9,\"pods\":2,"
                    "\"request\":{\"nvidia.com/gpu\":4}}\n");
  ASSERT_TRUE(trace.ok()) << trace.status();
  ASSERT_EQ(trace->jobs.size(), 1u);
  EXPECT_EQ(trace->jobs[0].duration_s, 2);
  EXPECT_EQ(trace->ShapeOf(trace->jobs[0]).pods[0].requests.at("nvidia.com/gpu").Value(), 4);
}

TEST(TraceTest, SwfUnknownRequestFallsBackToAllocation) {
  auto trace = Read("t.swf",
                    "; Version: 2.2\n 1 0 9 100 56 -1 -1 -1 200 -1 1 1 1 -1 -1 -1 -1 -1\n"
                    " 2 5 9 -1 56 -1 -1 60 200 -1 0 1 1 -1 -1 -1 -1 -1\n");
  ASSERT_TRUE(trace.ok()) << trace.status();
  ASSERT_EQ(trace->jobs.size(), 1u);
  EXPECT_EQ(trace->ShapeOf(trace->jobs[0]).pods[0].count, 56);
  EXPECT_EQ(trace->bad_rows, 1) << "a run time of -1 means unknown";
}

TEST(TraceTest, GpusAreCutIntoPods) {
  struct Case {
    int64_t gpus;
    std::vector<std::pair<int32_t, int64_t>> pods;
  };
  for (const Case& c : {Case{1, {{1, 1}}}, Case{8, {{1, 8}}}, Case{16, {{2, 8}}}, Case{12, {{1, 8}, {1, 4}}}}) {
    const auto groups = SplitIntoPods(c.gpus, 8, "g");
    ASSERT_EQ(groups.size(), c.pods.size()) << c.gpus;
    for (size_t i = 0; i < groups.size(); ++i) {
      EXPECT_EQ(groups[i].count, c.pods[i].first) << c.gpus;
      EXPECT_EQ(groups[i].requests.at("g").Value(), c.pods[i].second) << c.gpus;
    }
  }
}

TEST(TraceTest, OwnColumnsSayAllThatAReplayKnows) {
  std::istringstream in(
      "queue,submit_s,duration_s,pods,min_pods,request.cpu,request.gpu,topology,estimate_s,after,think_s,deadline_s,"
      "checkpoint_s,start_s,user,group,time_limit_s,checkpoint_cost_s,image_pull_s,restart_delay_s,pod_mtbf_s,"
      "backoff_limit,tolerations\n"
      "q,2026-01-01T00:00:00Z,60,2+1,1+1,4,8+0,required=rack,90,a;b,5,2026-01-01T01:00:00Z,600,7,ann,staff,"
      "120,30,40,50,86400,0,spot:NoSchedule\n"
      "q,1,60,,,4,8,,,,,,,,,,,,,,,,\n");
  ReadTraceOptions options;
  options.keep_record = true;
  const auto trace = ReadTrace(&in, "t", Mapping::ForFormat(Format::kCsv), options);
  ASSERT_TRUE(trace.ok()) << trace.status();
  ASSERT_EQ(trace->jobs.size(), 2u) << FormatProblem(*trace, trace->problems[0]);
  EXPECT_EQ(trace->TermsOf(trace->jobs[0]), nullptr);
  const JobShape& shape = trace->ShapeOf(trace->jobs[1]);
  ASSERT_EQ(shape.pods.size(), 2u);
  EXPECT_EQ(shape.pods[0].count, 2);
  EXPECT_EQ(shape.pods[0].min_count, 1);
  EXPECT_EQ(shape.pods[1].min_count, 0) << "all of them";
  EXPECT_EQ(shape.pods[0].requests.at("gpu").Value(), 8);
  EXPECT_FALSE(shape.pods[1].requests.contains("gpu"));
  EXPECT_EQ(shape.pods[1].requests.at("cpu").Value(), 4) << "one amount is for all groups";
  EXPECT_EQ(shape.topology, "required=rack");
  const JobTerms* terms = trace->TermsOf(trace->jobs[1]);
  ASSERT_NE(terms, nullptr);
  EXPECT_EQ(terms->estimate_s, 90);
  EXPECT_EQ(terms->own.time_limit_s, 120);
  EXPECT_EQ(terms->own.checkpoint_interval_s, 600);
  EXPECT_EQ(terms->own.checkpoint_cost_s, 30);
  EXPECT_EQ(terms->own.image_pull_s, 40);
  EXPECT_EQ(terms->own.restart_delay_s, 50);
  EXPECT_EQ(terms->own.pod_mtbf_s, 86400);
  EXPECT_EQ(terms->own.backoff_limit, 0);
  ASSERT_EQ(shape.tolerations.size(), 1u);
  EXPECT_EQ(shape.tolerations[0].key, "spot");
  EXPECT_EQ(terms->after, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(terms->think_s, 5);
  EXPECT_EQ(terms->deadline_s, 1767229200);
  EXPECT_EQ(terms->start_s, 7);
  EXPECT_EQ(terms->user, "ann");
  EXPECT_EQ(terms->group, "staff");
}

TEST(TraceTest, TermsOfTheirOwnCanBeWrong) {
  for (const auto& [column, value, reason] :
       {std::tuple<const char*, const char*, const char*>{"estimate_s", "long", "not a number of seconds"},
        {"deadline_s", "-1", "negative"},
        {"backoff_limit", "2.5", "\"2.5\" is not a whole number from 0 to 1000000"},
        {"backoff_limit", "1000001", "is not a whole number"},
        {"checkpoint_cost_s", "-3", "negative"},
        {"time_limit_s", "1h", "not a number of seconds"},
        {"tolerations", "spot:NoScheduling", "the effect is none of"},
        {"topology", "rack", "a topology is required=LEVEL"},
        {"min_pods", "3", "3 is not in 1..2"},
        {"min_pods", "1+1", "has 2 numbers, for 1 groups of pods"},
        {"deadline_s", "2026-01-01T00:00:00", "names no zone; say with --timezone"}}) {
    const auto trace = Read("terms.csv", std::string("queue,submit_s,duration_s,pods,request.cpu,") + column +
                                             "\nq,1,2,2,1," + value + "\n");
    ASSERT_TRUE(trace.ok()) << trace.status();
    ASSERT_EQ(trace->problems.size(), 1u) << column << " " << value;
    EXPECT_EQ(trace->problems[0].column, column);
    EXPECT_NE(trace->problems[0].reason.find(reason), std::string::npos) << trace->problems[0].reason;
  }
  EXPECT_NE(Read("resource.csv", "queue,submit_s,duration_s,request.a b\nq,1,2,1\n")
                ->problems.at(0)
                .reason.find("no name of a resource"),
            std::string::npos);
  const auto groups = Read("groups.csv", "queue,submit_s,duration_s,pods,request.cpu\nq,1,2,2+1,1+2+3\n");
  EXPECT_NE(groups->problems.at(0).reason.find("has 3 amounts, for 2 groups of pods"), std::string::npos);
}

TEST(TraceTest, JobsThatSayTheSameShareIt) {
  std::string text = "queue,submit_s,duration_s,request.cpu,estimate_s,user\n";
  for (int i = 0; i < 100; ++i)
    text += "q," + std::to_string(i) + ",2,1," + std::to_string(i % 3) + ",u" + std::to_string(i) + "\n";
  const auto trace = Read("shared.csv", text);
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_EQ(trace->shapes.size(), 1u);
  EXPECT_EQ(trace->terms.size(), 3u) << "users are only read on demand";
}

TEST(TraceTest, TermsWithEqualValuesInDifferentColumnsAreDifferent) {
  const auto trace = Read("columns.jsonl",
                          "{\"queue\":\"q\",\"submit_s\":1,\"duration_s\":2,\"request.cpu\":1,\"estimate_s\":5}\n"
                          "{\"queue\":\"q\",\"submit_s\":2,\"duration_s\":2,\"request.cpu\":1,\"time_limit_s\":5}\n"
                          "{\"queue\":\"q\",\"submit_s\":3,\"duration_s\":2,\"request.cpu\":1,\"estimate_s\":5}\n");
  ASSERT_TRUE(trace.ok()) << trace.status();
  ASSERT_EQ(trace->terms.size(), 2u);
  EXPECT_EQ(trace->TermsOf(trace->jobs[0])->estimate_s, 5);
  EXPECT_EQ(trace->TermsOf(trace->jobs[1])->estimate_s, std::nullopt);
  EXPECT_EQ(trace->TermsOf(trace->jobs[1])->own.time_limit_s, 5);
  EXPECT_EQ(trace->jobs[0].terms, trace->jobs[2].terms);
}

TEST(TraceTest, AFieldThatComesTwiceIsAnError) {
  EXPECT_FALSE(Read("twice.csv", "queue,submit_s,submit_s,duration_s,request.cpu\nq,1,2,3,1\n").ok());
  const auto twice =
      Read("twice.jsonl", "{\"queue\":\"q\",\"submit_s\":1,\"submit_s\":2,\"duration_s\":3,\"request\":{\"cpu\":1}}\n");
  EXPECT_EQ(twice->problems.at(0).reason, "the row has the field \"submit_s\" twice");
}

TEST(TraceTest, WhatIsIgnoredDoesNotCount) {
  std::istringstream in("q,s,d,cpus,gpus\na,1,2,4,1\na,1,2,4,\n");
  const auto m = Mapping::Parse(
      "columns: {queue: q, submit: s, duration: d}\nrequests: {cpu: cpus, gpu: gpus}\nignoreRequests: [cpu]\n");
  ASSERT_TRUE(m.ok()) << m.status();
  const auto trace = ReadTrace(&in, "t", *m);
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_EQ(trace->bad_rows, 0);
  ASSERT_EQ(trace->jobs.size(), 1u);
  EXPECT_EQ(trace->shapes[0].pods[0].requests.size(), 1u);
  EXPECT_EQ(trace->remarks.at(0).count, 1);
}

TEST(MappingTest, NamesColumnsQueuesAndPriorities) {
  auto m = Mapping::Parse(
      "columns: {id: i, queue: vc, submit: s, duration: d, gpus: g, priority: p}\nqueueMap: {a: team-a}\n"
      "priorityMap: {high: 100}\ngpusPerPod: 4\n");
  ASSERT_TRUE(m.ok()) << m.status();
  auto trace = ReadTrace(WriteFile("m.csv", "i,vc,s,d,g,p\n1,a,2017-10-01T00:00:00Z,5,8,high\n"), *m);
  ASSERT_TRUE(trace.ok()) << trace.status();
  ASSERT_EQ(trace->jobs.size(), 1u);
  EXPECT_EQ(trace->ShapeOf(trace->jobs[0]).queue, "team-a");
  EXPECT_EQ(trace->jobs[0].submit_s, 1506816000);
  EXPECT_EQ(trace->ShapeOf(trace->jobs[0]).priority, 100);
  EXPECT_EQ(trace->ShapeOf(trace->jobs[0]).pods[0].count, 2);
}

TEST(MappingTest, MistakesNameTheLine) {
  for (const auto& [yaml, part] : {std::pair<std::string, std::string>{"columns: {submitt: x}", "submitt"},
                                   {"format: xml", "csv, jsonl, swf"},
                                   {"a: [", "line"},
                                   {"7", "YAML map"},
                                   {"columns: {submit: s, duration: d, queue: q}", "columns.gpus"},
                                   {"gpusPerPod: 0", "line 1"}}) {
    const auto m = Mapping::Parse(yaml);
    ASSERT_FALSE(m.ok()) << yaml;
    EXPECT_NE(std::string(m.status().message()).find(part), std::string::npos) << m.status();
  }
}

}  // namespace
}  // namespace muster::sim
