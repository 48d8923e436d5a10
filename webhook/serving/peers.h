// What each client address holds. Internal to webhook/serving/.
#ifndef MUSTER_WEBHOOK_SERVING_PEERS_H_
#define MUSTER_WEBHOOK_SERVING_PEERS_H_

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/container/node_hash_map.h"

namespace muster::webhook {

// An address as far as it is one client: IPv4, or the network of 64 bits of IPv6.
uint64_t PeerKey(const sockaddr_storage& address);
// "10.0.0.1", "2001:db8::1".
std::string PeerText(const sockaddr_storage& address);

struct Peer {
  uint64_t key = 0;
  int connections = 0;
  size_t held = 0;  // bytes
  int users = 0;    // connections and jobs that point here
};

// Thread-compatible. O(1).
class Peers {
 public:
  // Counts a user of the address. The pointer is good until its Leave.
  Peer* Enter(uint64_t key) {
    Peer& peer = peers_[key];
    peer.key = key;
    ++peer.users;
    return &peer;
  }
  void Leave(Peer* peer) {
    if (--peer->users == 0) peers_.erase(peer->key);
  }

 private:
  absl::node_hash_map<uint64_t, Peer> peers_;
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVING_PEERS_H_
