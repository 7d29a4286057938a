// SPDX-License-Identifier: Apache-2.0
#pragma once

// The program's requests on their way into its node and their completions on the way back: the client port of
// a node that is embedded. Calls come from any thread through a mailbox and are taken in on the net thread;
// each is completed exactly once, by the executor or on the net thread.

#include <asio/io_context.hpp>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <variant>

#include "app/client_port.h"
#include "edge/base/mailbox.h"
#include "nodedb/cluster/node.h"

namespace nodedb::door {

struct Call {
  node::ClientRequest request;  ///< its tag is given later
  nodedb::Node::Done done;
};
/// Something else to be done on the net thread. False: the node has stopped, nothing can be done any more.
using Errand = std::move_only_function<void(bool open)>;

class LocalPort final : public app::ClientPort {
 public:
  /// Both outlive it.
  LocalPort(asio::io_context& loop, app::ClientDesk& desk, const NodeHooks& hooks);

  // --- any thread ---

  /// Errors: busy, stopping; the call has not been taken.
  Result<void> take(Call call);
  Result<void> take(Errand errand);
  std::shared_ptr<const Placement> placement() const;
  /// Completions go where the program wants them.
  void run(std::move_only_function<void()> what) const;

  // --- net thread ---

  void completed(node::ClientReply reply) override;
  void set_routing(std::shared_ptr<const node::Routing> routing) override;
  void close() override;

 private:
  using Item = std::variant<Call, Errand>;
  Result<void> push(Item item);
  void work();
  void submit(Call call);
  void complete(nodedb::Node::Done done, Result<Answer> answer);

  asio::io_context& loop_;
  app::ClientDesk& desk_;
  const NodeHooks& hooks_;
  struct Waiting {
    nodedb::Node::Done done;
    bool write = false;
  };
  std::map<std::uint64_t, Waiting> waiting_;  ///< by tag
  std::uint64_t last_tag_ = 0;
  std::uint64_t version_ = 0;
  std::atomic<std::size_t> open_ = 0;  ///< calls that were taken and are not completed
  mutable std::mutex looking_;         ///< nothing else is done under it than to take or leave the picture
  // Shared with the program, which may keep a picture for as long as it likes.
  std::shared_ptr<const Placement> placement_;
  edge::Mailbox<Item> inbox_;
};

}  // namespace nodedb::door
