// Inputs of every kind: plain and compressed, files and pipes, whole and broken off.
#include "sim/files/input.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"

namespace muster::sim {
namespace {

constexpr size_t kNoLimit = 1 << 30;

std::string Write(const std::string& name, const std::string& bytes) {
  const std::string path = testing::TempDir() + "/" + name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

template <class Compressor>
std::string Boost(const std::string& text) {
  std::stringstream in(text), out;
  boost::iostreams::filtering_istream filter;
  filter.push(Compressor());
  filter.push(in);
  boost::iostreams::copy(filter, out);
  return out.str();
}

std::string Zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

// Larger than any buffer, and not all alike.
std::string Text() {
  std::string text;
  for (int i = 0; i < 60000; ++i) text += std::to_string(int64_t{i} * i % 100003) + "\n";
  return text;
}

using Compress = std::string (*)(const std::string&);
struct Kind {
  const char* name;
  Compress compress;
};
const Kind kKinds[] = {{"plain", [](const std::string& text) { return text; }},
                       {"gz", Boost<boost::iostreams::gzip_compressor>},
                       {"xz", Boost<boost::iostreams::lzma_compressor>},
                       {"zst", Zstd}};

TEST(InputTest, WhoWantsToSeeTheBytesSeesThemOnceAndInOrder) {
  const std::string text = Text();
  for (const Kind& kind : kKinds) {
    std::string seen;
    auto in = OpenInput(Write(std::string("seen.") + kind.name, kind.compress(text)),
                        [&](absl::string_view bytes) { absl::StrAppend(&seen, bytes); });
    ASSERT_TRUE(in.ok()) << in.status();
    ASSERT_TRUE(PeekInput(in->get(), 100).ok());
    std::ostringstream read;
    read << (*in)->rdbuf();
    EXPECT_TRUE(seen == text) << kind.name;
    EXPECT_TRUE(read.str() == text) << kind.name;
  }
}

TEST(InputTest, CompressionIsRecognisedByContent) {
  for (const Kind& kind : kKinds) {
    for (const std::string& text : {std::string("short\n"), Text()}) {
      const auto read = ReadInput(Write("any.name", kind.compress(text)), kNoLimit);
      ASSERT_TRUE(read.ok()) << kind.name << ": " << read.status();
      EXPECT_EQ(*read, text) << kind.name;
    }
  }
}

TEST(InputTest, AllMembersAreRead) {
  for (const Kind& kind : kKinds) {
    const auto read = ReadInput(Write("two", kind.compress(Text()) + kind.compress("last\n")), kNoLimit);
    ASSERT_TRUE(read.ok()) << kind.name << ": " << read.status();
    EXPECT_EQ(*read, Text() + "last\n") << kind.name;
  }
}

TEST(InputTest, WhatBreaksOffIsAnErrorWhereverItDoes) {
  for (const Kind& kind : kKinds) {
    if (kind.name == std::string("plain")) continue;
    const std::string whole = kind.compress(Text());
    const std::string last = kind.compress("last\n");
    for (const std::string& bytes :
         {whole.substr(0, 8), whole.substr(0, whole.size() / 2), whole.substr(0, whole.size() - 1),
          whole + last.substr(0, last.size() - 1), whole + last.substr(0, 3), whole + "something else"}) {
      const auto read = ReadInput(Write("cut", bytes), kNoLimit);
      EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss)
          << kind.name << ", " << bytes.size() << " of " << whole.size() << " bytes: " << read.status();
    }
  }
}

TEST(InputTest, APipeIsReadOnceAndWhole) {
  for (const Kind& kind : kKinds) {
    const std::string path = testing::TempDir() + "/fifo." + kind.name;
    unlink(path.c_str());
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    std::thread writer([&] {
      std::ofstream out(path, std::ios::binary);
      const std::string bytes = kind.compress(Text());
      out << bytes.substr(0, 1) << std::flush;  // the first bytes arrive alone
      out << bytes.substr(1, 3) << std::flush;
      out << bytes.substr(4);
    });
    const auto read = ReadInput(path, kNoLimit);
    writer.join();
    ASSERT_TRUE(read.ok()) << kind.name << ": " << read.status();
    EXPECT_EQ(*read, Text()) << kind.name;
  }
}

TEST(InputTest, PeekingTakesNothing) {
  for (const Kind& kind : kKinds) {
    auto in = OpenInput(Write("peek", kind.compress(Text())));
    ASSERT_TRUE(in.ok());
    EXPECT_EQ(*PeekInput(in->get(), 10), Text().substr(0, 10));
    EXPECT_EQ(*PeekInput(in->get(), kMaxPeek), Text().substr(0, kMaxPeek));
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(**in), {}), Text()) << kind.name;
  }
  std::istringstream other("abc");
  EXPECT_EQ(*PeekInput(&other, 10), "abc");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(other), {}), "abc");
}

TEST(InputTest, WhatExpandsWithoutEndIsCutOff) {
  // 300 MiB of zeros are 10 KiB of zstd.
  const std::string bomb = Zstd(std::string(300 << 20, '\0'));
  ASSERT_LT(bomb.size(), size_t{64} << 10);
  auto in = OpenInput(Write("bomb", bomb));
  ASSERT_TRUE(in.ok());
  int64_t read = 0;
  EXPECT_THROW(
      {
        while ((*in)->rdbuf()->sbumpc() != EOF) ++read;
      },
      std::runtime_error);
  EXPECT_NEAR(static_cast<double>(read), static_cast<double>(kFreeExpansion), 1 << 20);
}

TEST(InputTest, MistakesNameThePath) {
  EXPECT_EQ(OpenInput("/nowhere/at all").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(OpenInput(testing::TempDir()).status().code(), absl::StatusCode::kInvalidArgument);
  const auto large = ReadInput(Write("large", "12345"), 4);
  EXPECT_EQ(large.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(ReadInput(Write("empty", ""), 4)->empty());
}

}  // namespace
}  // namespace muster::sim
