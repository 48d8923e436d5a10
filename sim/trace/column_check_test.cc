// Misspelt columns, in traces and in mappings.
#include "sim/trace/column_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "sim/trace/trace.h"

namespace muster::sim {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<Trace> Read(const std::string& text, const Mapping& mapping, bool lenient = false) {
  std::istringstream in(text);
  ReadTraceOptions options;
  options.lenient = lenient;
  return ReadTrace(&in, "t", mapping, options);
}

TEST(ColumnCheckTest, AColumnThatIsNoneOfMustersIsAnErrorOrAWarning) {
  struct Case {
    const char* column;
    const char* message;
  };
  const Case kCases[] = {
      {"Pods", "column \"Pods\" is none of Muster's; is pods meant?"},
      {"pod", "is pods meant?"},
      {"prioriti", "is priority meant?"},
      {"estimate", "is estimate_s meant?"},
      {"request", "is request. meant?"},
      {"Request.cpu", "is none of Muster's"},
      {"colour", "is none of Muster's; take it out, or say with --mapping"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.column);
    const std::string csv = std::string("queue,submit_s,duration_s,request.gpu,") + c.column + "\nq,1,2,1,4\n";
    const std::string jsonl =
        "{\"queue\":\"q\",\"submit_s\":1,\"duration_s\":2,\"request.gpu\":1}\n"
        "{\"queue\":\"q\",\"submit_s\":1,\"duration_s\":2,\"request.gpu\":1,\"" +
        std::string(c.column) + "\":4}\n";
    for (const auto& [text, format, jobs] : {std::tuple{csv, Format::kCsv, 1u}, {jsonl, Format::kJsonl, 2u}}) {
      const Mapping mapping = Mapping::ForFormat(format);
      const auto strict = Read(text, mapping);
      ASSERT_EQ(strict.status().code(), absl::StatusCode::kInvalidArgument);
      EXPECT_THAT(std::string(strict.status().message()), HasSubstr(c.message));
      const auto lenient = Read(text, mapping, /*lenient=*/true);
      ASSERT_TRUE(lenient.ok()) << lenient.status();
      EXPECT_EQ(lenient->jobs.size(), jobs);
      ASSERT_EQ(lenient->warnings.size(), 1u);
      EXPECT_THAT(lenient->warnings[0], HasSubstr(c.message));
    }
  }
}

TEST(ColumnCheckTest, AColumnThatNoRowCanDoWithoutIsAnErrorAlways) {
  const auto trace = Read("queue,submit,duration_s,request.gpu\nq,1,2,1\n", Mapping::ForFormat(Format::kCsv), true);
  EXPECT_THAT(std::string(trace.status().message()), HasSubstr("t: there is no column \"submit_s\"; is submit meant?"));
}

TEST(ColumnCheckTest, WhatAMappingNamesHasToBeThere) {
  const auto mapping = Mapping::Parse(
      "columns: {id: nope, queue: q, submit: s, duration: d, gpus: g, priority: prio}\nrequests: {cpu: cpus|cores}\n");
  ASSERT_TRUE(mapping.ok()) << mapping.status();
  const std::string header = "q,s,d,g,priority,cpus\n";
  const auto strict = Read(header + "a,1,2,3,4,5\n", *mapping);
  EXPECT_THAT(std::string(strict.status().message()), HasSubstr("names the column \"cores\", which is not there"));
  const auto lenient = Read(header + "a,1,2,3,4,5\n", *mapping, true);
  ASSERT_TRUE(lenient.ok()) << lenient.status();
  ASSERT_EQ(lenient->warnings.size(), 3u);
  EXPECT_THAT(lenient->warnings[2], HasSubstr("\"prio\", which is not there; is priority meant?"));
  // In JSON lines a field may be missing here and there, but not everywhere.
  const auto lines =
      Mapping::Parse("format: jsonl\ncolumns: {queue: q, submit: s, duration: d, gpus: g, priority: p}\n");
  const std::string plain = "{\"q\":\"a\",\"s\":1,\"d\":2,\"g\":3}\n";
  EXPECT_FALSE(Read(plain + plain, *lines).ok());
  EXPECT_TRUE(Read(plain + "{\"q\":\"a\",\"s\":1,\"d\":2,\"g\":3,\"p\":4}\n", *lines).ok());
}

TEST(ColumnCheckTest, NegativesAndColumnsOfOtherFormatsAreNoMistakes) {
  const auto shortest = Mapping::Parse("columns: {queue: q, submit: s, duration: d, gpus: g}\norder: shortest-first\n");
  ASSERT_TRUE(shortest.ok()) << shortest.status();
  const auto trace = Read("q,s,d,g,other\na,1,200,3,x\n", *shortest);
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_EQ(trace->shapes[0].priority, -200);
  const auto general = Mapping::Parse("columns: {queue: q, submit: s, duration: d, gpus: g, priority: -g}\n");
  EXPECT_EQ(Read("q,s,d,g\na,1,200,3\n", *general)->shapes[0].priority, -3);
}

}  // namespace
}  // namespace muster::sim
