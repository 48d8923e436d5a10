// One call into each system library the project uses.

#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>
#include <absl/strings/str_cat.h>
#include <absl/time/time.h>
#include <absl/types/span.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <openssl/crypto.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <spdlog/spdlog.h>
#include <yaml-cpp/yaml.h>

#include <CLI/CLI.hpp>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace io = boost::iostreams;

template <typename Compressor, typename Decompressor>
std::string ThereAndBack(const std::string& text) {
  std::stringstream packed, unpacked;
  io::filtering_ostream out;
  out.push(Compressor());
  out.push(packed);
  out << text;
  io::close(out);
  EXPECT_NE(packed.str(), text);

  io::filtering_istream in;
  in.push(Decompressor());
  in.push(packed);
  io::copy(in, unpacked);
  return unpacked.str();
}

TEST(SmokeTest, Abseil) {
  absl::flat_hash_map<std::string, int> hash = {{"a", 1}};
  absl::btree_map<std::string, int> tree(hash.begin(), hash.end());
  EXPECT_EQ(absl::StrCat(tree["a"], "x"), "1x");

  std::vector<int> v = {1, 2, 3};
  absl::Span<const int> span = v;
  EXPECT_EQ(std::accumulate(span.begin(), span.end(), 0), 6);

  absl::StatusOr<int> bad = absl::InvalidArgumentError("spec.x: no");
  EXPECT_EQ(bad.status().ToString(), "INVALID_ARGUMENT: spec.x: no");
  absl::Time time;
  std::string error;
  ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, "1970-01-01T00:01:00Z", &time, &error));
  EXPECT_EQ(absl::ToUnixSeconds(time), 60);
}

TEST(SmokeTest, BoostGraph) {
  boost::adjacency_list<> graph(3);
  boost::add_edge(0, 1, graph);
  boost::add_edge(1, 2, graph);
  boost::breadth_first_search(graph, 0, boost::visitor(boost::default_bfs_visitor()));
  EXPECT_EQ(boost::num_edges(graph), 2u);
}

TEST(SmokeTest, BoostIostreams) {
  const std::string text(1000, 'x');
  EXPECT_EQ((ThereAndBack<io::gzip_compressor, io::gzip_decompressor>(text)), text);
  EXPECT_EQ((ThereAndBack<io::lzma_compressor, io::lzma_decompressor>(text)), text);
}

TEST(SmokeTest, Httplib) {
  // The version of httplib with TLS, or this does not compile.
  httplib::SSLServer server("/nonexistent.crt", "/nonexistent.key");
  EXPECT_FALSE(server.is_valid());
}

TEST(SmokeTest, OpenSsl) { EXPECT_NE(std::string(OpenSSL_version(OPENSSL_VERSION)), ""); }

TEST(SmokeTest, Json) { EXPECT_EQ(nlohmann::json::parse(R"({"b": 1, "a": [2]})").dump(), R"({"a":[2],"b":1})"); }

TEST(SmokeTest, Yaml) { EXPECT_EQ(YAML::Load("{a: {b: 7}}")["a"]["b"].as<int>(), 7); }

TEST(SmokeTest, Cli11) {
  CLI::App app;
  int n = 0;
  app.add_option("-n", n);
  app.parse("-n 5");
  EXPECT_EQ(n, 5);
}

TEST(SmokeTest, Spdlog) {
  spdlog::set_level(spdlog::level::warn);
  EXPECT_EQ(spdlog::get_level(), spdlog::level::warn);
}

TEST(SmokeTest, Prometheus) {
  auto registry = prometheus::Registry();
  prometheus::BuildCounter().Name("c").Register(registry).Add({}).Increment(3);
  EXPECT_THAT(prometheus::TextSerializer().Serialize(registry.Collect()), testing::HasSubstr("c 3"));
}

}  // namespace
