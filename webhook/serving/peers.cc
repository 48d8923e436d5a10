#include "webhook/serving/peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace muster::webhook {

uint64_t PeerKey(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) return ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr);
  if (address.ss_family != AF_INET6) return 0;
  const unsigned char* bytes = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr.s6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr)) {
    uint32_t v4;
    std::memcpy(&v4, bytes + 12, sizeof(v4));
    return ntohl(v4);
  }
  uint64_t network;
  std::memcpy(&network, bytes, sizeof(network));
  return network;
}

std::string PeerText(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof(text));
  } else if (address.ss_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text, sizeof(text));
  }
  std::string ip = text;
  if (ip.rfind("::ffff:", 0) == 0) ip.erase(0, 7);  // IPv4 on a socket for both
  return ip;
}

}  // namespace muster::webhook
