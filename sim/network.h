// SPDX-License-Identifier: Apache-2.0
#pragma once

// What lies between the nodes: at most one connection a pair, made and remade as the transport would, and
// messages on it that take their time, get lost, come twice, overtake each other or sit out a cut. Ends of a
// connection learn of its birth and death at different instants, or late. Nodes are numbered from 0.

#include <array>
#include <cstdint>
#include <vector>

#include "base/digest.h"
#include "base/rng.h"
#include "sim/climate.h"
#include "sim/schedule.h"
#include "wire/messages.h"

namespace nodedb::sim {

class Network {
 public:
  struct Receiver {
    virtual ~Receiver() = default;
    virtual void connected(std::size_t node, std::size_t peer, bool dialled) = 0;
    virtual void disconnected(std::size_t node, std::size_t peer) = 0;
    virtual void received(std::size_t node, std::size_t from, wire::PeerMessage message) = 0;
    /// Whose certificate it shows, and whether it lets in who shows that one's.
    virtual Digest shown_by(std::size_t node) = 0;
    virtual bool trusts(std::size_t node, const Digest& issuer) = 0;
    /// A message did not survive its own encoding.
    virtual void codec_failed(std::size_t from, const Error& error) = 0;
  };

  Network(const Climate& climate, Schedule& schedule, Receiver& receiver, Rng rng);

  void start(std::size_t node);
  /// The process is gone; peers find out sooner or later.
  void stop(std::size_t node);
  /// Whom `node` dials from now on.
  void dial(std::size_t node, std::vector<std::size_t> peers);
  void send(std::size_t from, std::size_t to, wire::PeerMessage message);

  /// Nothing passes from `from` to `to` until the cut is undone. Cuts add up.
  void cut(std::size_t from, std::size_t to);
  void mend(std::size_t from, std::size_t to);
  /// The connection breaks and is dialled again.
  void flap(std::size_t a, std::size_t b);
  /// `node` trusts others than before: it closes connections whose other end it would no longer let in, by
  /// the certificate that they began with.
  void judge_again(std::size_t node);
  /// No more faults of any kind from now on, and all cuts undone.
  void calm();
  bool is_cut(std::size_t from, std::size_t to) const { return lane(from, to).cuts > 0; }

  /// Since when no process has come or gone and nothing was in the way of a message.
  std::int64_t quiet_since() const;

  std::uint64_t messages() const { return messages_; }

 private:
  struct End {
    bool connected = false;
    std::uint64_t epoch = 0;
  };
  struct Held {
    std::uint64_t epoch = 0;
    wire::PeerMessage message;
  };
  struct Lane {
    int cuts = 0;
    std::array<std::int64_t, wire::stream_classes.size()> latest{};  ///< by stream class: keeps the order
    std::int64_t open_at = 0;  ///< the receiving end knows of the connection from then on
    std::vector<Held> held;
  };
  struct Link {
    bool up = false;
    bool trying = false;
    std::uint64_t epoch = 0;
    std::array<Digest, 2> shown{};  ///< by the lower number, by the higher one
  };

  Link& link(std::size_t a, std::size_t b) { return links_[std::min(a, b) * nodes_ + std::max(a, b)]; }
  Lane& lane(std::size_t from, std::size_t to) { return lanes_[from * nodes_ + to]; }
  const Lane& lane(std::size_t from, std::size_t to) const { return lanes_[from * nodes_ + to]; }
  End& end(std::size_t node, std::size_t peer) { return ends_[node * nodes_ + peer]; }
  bool dials(std::size_t node, std::size_t peer) const;

  void try_connect(std::size_t a, std::size_t b, std::int64_t delay_ns);
  void attempt(std::size_t a, std::size_t b);
  void open(std::size_t node, std::size_t peer, std::uint64_t epoch, bool dialled);
  void close(std::size_t node, std::size_t peer, std::uint64_t epoch);
  /// Both ends lose the connection, each in its own time, and it is dialled again.
  void lose(std::size_t a, std::size_t b, std::int64_t within_ns);
  void carry(std::size_t from, std::size_t to, std::uint64_t epoch, wire::PeerMessage message);
  void deliver(std::size_t from, std::size_t to, std::uint64_t epoch, wire::PeerMessage message);
  std::int64_t delay();

  const Climate& climate_;
  Schedule& schedule_;
  Receiver& receiver_;
  Rng rng_;
  std::size_t nodes_;
  bool calm_ = false;
  std::vector<bool> running_;
  std::vector<std::vector<std::size_t>> dialled_;
  std::vector<Link> links_;
  std::vector<Lane> lanes_;
  std::vector<End> ends_;
  std::uint64_t messages_ = 0;
  std::int64_t trouble_at_ = 0;
};

}  // namespace nodedb::sim
