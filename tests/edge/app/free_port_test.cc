// SPDX-License-Identifier: Apache-2.0
#include "app/free_port.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <set>
#include <vector>

namespace nodedb::app {
namespace {

bool can_be_bound(int type, std::uint16_t port) {
  const edge::FileHandle socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

TEST(FreePort, IsNobodyElsesForAsLongAsItLives) {
  auto drawn = FreePort::draw();
  ASSERT_TRUE(drawn);
  std::optional<FreePort> port(std::move(*drawn));
  const std::uint16_t number = port->number();
  EXPECT_FALSE(can_be_bound(SOCK_DGRAM, number));
  EXPECT_FALSE(can_be_bound(SOCK_STREAM, number));
  port.reset();
  EXPECT_TRUE(can_be_bound(SOCK_DGRAM, number));
  EXPECT_TRUE(can_be_bound(SOCK_STREAM, number));
}

TEST(FreePort, ThoseThatAreHeldDifferAndLieBelowThoseOfOutgoingConnections) {
  constexpr std::uint16_t first_outgoing = 32'768;  // Linux's default
  std::vector<FreePort> held;
  std::set<std::uint16_t> numbers;
  for (int i = 0; i < 200; ++i) {
    auto drawn = FreePort::draw();
    ASSERT_TRUE(drawn);
    EXPECT_LT(drawn->number(), first_outgoing);
    numbers.insert(drawn->number());
    held.push_back(std::move(*drawn));
  }
  EXPECT_EQ(numbers.size(), held.size());
}

}  // namespace
}  // namespace nodedb::app
