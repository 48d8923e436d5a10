#include "webhook/serving/bind_address.h"

#include <gtest/gtest.h>

namespace muster::webhook {
namespace {

TEST(BindAddressTest, IsAPortWithOrWithoutAnAddress) {
  const struct {
    const char* text;
    const char* address;
    int port;  // -1: refused
  } cases[] = {
      {"8081", "", 8081},
      {"0", "", 0},
      {":8081", "", 8081},
      {"127.0.0.1:8081", "127.0.0.1", 8081},
      {"[::1]:8081", "::1", 8081},
      {"", "", -1},
      {":", "", -1},
      {"8081:", "", -1},
      {"127.0.0.1", "", -1},
      {"::1:8081", "", -1},
      {"[::1:8081", "", -1},
      {"65536", "", -1},
      {"-1", "", -1},
      {"+1", "", -1},
      {"http", "", -1},
      {"99999999999999999999", "", -1},
  };
  for (const auto& c : cases) {
    const auto made = ParseBindAddress(c.text);
    EXPECT_EQ(made.ok(), c.port >= 0) << c.text << ": " << made.status();
    if (!made.ok() || c.port < 0) continue;
    EXPECT_EQ(made->address, c.address) << c.text;
    EXPECT_EQ(made->port, c.port) << c.text;
  }
}

}  // namespace
}  // namespace muster::webhook
