#include "sim/files/digest.h"

#include <gtest/gtest.h>

#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <fstream>
#include <sstream>
#include <string>

namespace muster::sim {
namespace {

// printf abc | sha256sum
constexpr char kAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

std::string Path(const std::string& name) { return testing::TempDir() + "/" + name; }

TEST(Digest, IsWhatSha256sumPrints) {
  EXPECT_EQ(Sha256Of("abc"), kAbc);
  EXPECT_EQ(Sha256Of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Digest, DoesNotDependOnHowTheBytesArriveAndStartsAfresh) {
  Sha256 digest;
  digest.Add("a");
  digest.Add("");
  digest.Add("bc");
  EXPECT_EQ(digest.Finish(), kAbc);
  digest.Add("abc");
  EXPECT_EQ(digest.Finish(), kAbc);
}

TEST(Digest, OfAFileAndOfWhatACompressedFileHolds) {
  std::ofstream(Path("plain")) << "abc";
  {
    std::ofstream file(Path("packed"), std::ios::binary);
    boost::iostreams::filtering_ostream out;
    out.push(boost::iostreams::gzip_compressor());
    out.push(file);
    out << "abc";
  }
  EXPECT_EQ(*Sha256OfFile(Path("plain")), kAbc);
  EXPECT_EQ(*Sha256OfContents(Path("plain")), kAbc);
  EXPECT_EQ(*Sha256OfContents(Path("packed")), kAbc);
  EXPECT_NE(*Sha256OfFile(Path("packed")), kAbc);
}

TEST(Digest, AFileThatIsNotThereOrBreaksOffIsAnErrorThatNamesIt) {
  const auto missing = Sha256OfFile(Path("nowhere"));
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.status().message().find("nowhere"), std::string::npos);
  std::ofstream(Path("cut"), std::ios::binary) << "\x1f\x8b\x08";
  const auto cut = Sha256OfContents(Path("cut"));
  ASSERT_FALSE(cut.ok());
  EXPECT_NE(cut.status().message().find("cut"), std::string::npos);
}

}  // namespace
}  // namespace muster::sim
