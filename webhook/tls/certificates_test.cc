#include "webhook/tls/certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace muster::webhook {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

KeyPair Pair(absl::Time now = absl::Now(), absl::Duration validity = absl::Hours(1)) {
  absl::StatusOr<KeyPair> pair = MakeSelfSigned({"muster.muster-system.svc", "127.0.0.1", "::1"}, now, validity);
  EXPECT_TRUE(pair.ok()) << pair.status();
  return *pair;
}

TEST(TlsTest, TakesWhatItMakes) {
  const absl::StatusOr<ServingCertificate> made = MakeServingCertificate(Pair(), absl::Now());
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_THAT(made->names, ElementsAre("muster.muster-system.svc", "127.0.0.1", "::1"));
  EXPECT_GT(made->not_after, absl::Now() + absl::Minutes(59));
  EXPECT_LT(made->not_after, absl::Now() + absl::Minutes(61));
}

TEST(TlsTest, NamesThatCouldBreakOutAreRefused) {
  EXPECT_FALSE(MakeSelfSigned({}, absl::Now(), absl::Hours(1)).ok());
  EXPECT_FALSE(MakeSelfSigned({"a,DNS:b"}, absl::Now(), absl::Hours(1)).ok());
  EXPECT_FALSE(MakeSelfSigned({""}, absl::Now(), absl::Hours(1)).ok());
}

TEST(TlsTest, RefusesPairsThatWouldNotWork) {
  const absl::Time now = absl::Now();
  const KeyPair good = Pair(), other = Pair();
  const struct {
    const char* about;
    KeyPair pair;
    absl::Time now;
    const char* error;
  } cases[] = {
      {"the key of another certificate", {good.certificate, other.key, ""}, now, "is not the key of the certificate"},
      {"no certificate", {"", good.key, ""}, now, "tls.crt: has no certificate"},
      {"half a certificate", {good.certificate.substr(0, 300), good.key, ""}, now, "tls.crt:"},
      {"a certificate that is garbage",
       {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", good.key, ""},
       now,
       "tls.crt: cannot be read as PEM"},
      {"no key", {good.certificate, "", ""}, now, "tls.key: no private key"},
      {"files swapped", {good.key, good.certificate, ""}, now, "tls.crt:"},
      {"expired", good, now + absl::Hours(2), "tls.crt: expired at"},
      {"not yet valid", good, now - absl::Hours(1), "tls.crt: not valid before"},
      {"another CA", {good.certificate, good.key, other.ca}, now, "does not verify against ca.crt"},
      {"a CA that is garbage", {good.certificate, good.key, "nope"}, now, "ca.crt: has no certificate"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.about);
    const absl::Status status = MakeServingCertificate(c.pair, c.now).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(status.ToString(), HasSubstr(c.error));
  }
}

class WatchTest : public ::testing::Test {
 protected:
  WatchTest() : folder_(absl::StrCat(::testing::TempDir(), "/certificates-", getpid())) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void Write(const char* name, const std::string& text) const { std::ofstream(folder_ + "/" + name) << text; }
  void Write(const KeyPair& pair) const {
    Write("ca.crt", pair.ca);
    Write("tls.crt", pair.certificate);
    Write("tls.key", pair.key);
  }
  std::unique_ptr<CertificateSource> Watch() {
    return CertificateSource::Watch(folder_, absl::Milliseconds(5), [this](const absl::Status& status, const auto*) {
      absl::MutexLock lock(&mutex_);
      reports_.push_back(status.ToString());
    });
  }
  size_t reports() {
    absl::MutexLock lock(&mutex_);
    return reports_.size();
  }
  void AwaitTaken(const CertificateSource& source, int64_t taken) {
    for (int i = 0; i < 2000 && source.taken() < taken; ++i) absl::SleepFor(absl::Milliseconds(5));
    EXPECT_EQ(source.taken(), taken);
  }

  const std::string folder_;
  absl::Mutex mutex_;
  std::vector<std::string> reports_;
};

TEST_F(WatchTest, WaitsForTheFirstPair) {
  auto source = Watch();
  EXPECT_EQ(source->Current(), nullptr);
  EXPECT_EQ(source->refused(), 1);
  Write(Pair());
  AwaitTaken(*source, 1);
  EXPECT_NE(source->Current(), nullptr);
}

TEST_F(WatchTest, TakesANewPairAndKeepsTheOldOneWhenItIsBad) {
  Write(Pair());
  auto source = Watch();
  const auto first = source->Current();
  ASSERT_NE(first, nullptr);

  // A key of its own is a pair half written: it stays with the old one, and says so once.
  const KeyPair next = Pair();
  const int64_t refused = source->refused();
  Write("tls.key", next.key);
  for (int i = 0; i < 2000 && source->refused() == refused; ++i) absl::SleepFor(absl::Milliseconds(5));
  EXPECT_EQ(source->Current(), first);
  const size_t said = reports();
  absl::SleepFor(absl::Milliseconds(50));
  EXPECT_EQ(reports(), said);

  Write(next);
  AwaitTaken(*source, 2);
  EXPECT_NE(source->Current()->serial, first->serial);

  // An expired pair is no improvement either.
  const auto second = source->Current();
  const int64_t before = source->refused();
  Write(Pair(absl::Now() - absl::Hours(5)));
  for (int i = 0; i < 2000 && source->refused() == before; ++i) absl::SleepFor(absl::Milliseconds(5));
  EXPECT_EQ(source->Current(), second);

  // The files gone: the same.
  std::filesystem::remove_all(folder_);
  absl::SleepFor(absl::Milliseconds(50));
  EXPECT_EQ(source->Current(), second);
}

// Opening one would wait for whoever writes into it.
TEST_F(WatchTest, APipeIsNoCertificate) {
  ASSERT_EQ(mkfifo((folder_ + "/tls.crt").c_str(), 0600), 0);
  auto source = Watch();
  EXPECT_EQ(source->Current(), nullptr);
  EXPECT_THAT(ReadKeyPair(folder_).status().ToString(), HasSubstr("tls.crt: is not a file"));
}

TEST_F(WatchTest, LooksWhenAsked) {
  Write(Pair());
  auto source = CertificateSource::Watch(folder_, absl::Hours(1), nullptr);
  Write(Pair());
  source->LookSoon();
  AwaitTaken(*source, 2);
}

// Without the file of the clients' CA nobody knows who may connect.
TEST_F(WatchTest, FollowsTheClientsCa) {
  Write(Pair());
  const std::string ca = folder_ + "/clients.crt";
  auto source = CertificateSource::Watch(folder_, absl::Milliseconds(5), nullptr, {ca, {}});
  EXPECT_EQ(source->Current(), nullptr);
  Write("clients.crt", "");
  absl::SleepFor(absl::Milliseconds(30));
  EXPECT_EQ(source->Current(), nullptr);
  Write("clients.crt", MakeClientIdentity("a", absl::Now(), absl::Hours(1))->ca);
  AwaitTaken(*source, 1);
  const auto first = source->Current();
  Write("clients.crt", MakeClientIdentity("a", absl::Now(), absl::Hours(1))->ca);
  AwaitTaken(*source, 2);
  Write("clients.crt", "nonsense");
  absl::SleepFor(absl::Milliseconds(30));
  EXPECT_EQ(source->taken(), 2);
}

}  // namespace
}  // namespace muster::webhook
