// SPDX-License-Identifier: Apache-2.0
#include "edge/resp/link.h"

#include <algorithm>

namespace nodedb::resp {

namespace {

constexpr std::size_t read_bytes = 16 * 1024;
/// What one turn of the loop takes from one connection before the others have theirs.
constexpr std::size_t turn_bytes_max = 64 * 1024;
constexpr std::int64_t linger_ns = ns_per_s;
/// Output buffers above this are given back when they are empty.
constexpr std::size_t kept_output_bytes = 64 * 1024;

}  // namespace

Link::Link(LinkOwner& owner, asio::ip::tcp::socket socket, std::unique_ptr<Channel> channel, Session& session)
    : owner_(owner),
      socket_(std::move(socket)),
      channel_(std::move(channel)),
      session_(session.id),
      since_(owner.now().mono) {}

Session* Link::session() {
  return owner_.gateway().find(session_);
}

void Link::start() {
  shake_hands();
}

void Link::shake_hands() {
  switch (channel_->handshake()) {
    case Channel::Stop::none:
      stage_ = Stage::open;
      since_ = owner_.now().mono;
      wait_readable();
      if (channel_->holds_input()) on_readable();
      return;
    case Channel::Stop::want_read:
      wait_readable();
      return;
    case Channel::Stop::want_write:
      wait_writable();
      return;
    case Channel::Stop::ended:
    case Channel::Stop::closed:
      end();
      return;
  }
}

void Link::wait_readable() {
  if (waiting_read_ || stage_ == Stage::gone) return;
  waiting_read_ = true;
  socket_.async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](std::error_code error) {
    self->waiting_read_ = false;
    if (!error) self->on_readable();
  });
}

void Link::wait_writable() {
  if (waiting_write_ || stage_ == Stage::gone) return;
  waiting_write_ = true;
  socket_.async_wait(asio::ip::tcp::socket::wait_write, [self = shared_from_this()](std::error_code error) {
    self->waiting_write_ = false;
    if (error || self->stage_ == Stage::gone) return;
    if (self->stage_ == Stage::handshake) {
      self->shake_hands();
    } else {
      self->flush();
    }
  });
}

void Link::on_readable() {
  switch (stage_) {
    case Stage::gone:
      return;
    case Stage::handshake:
      shake_hands();
      return;
    case Stage::lingering: {
      std::array<char, read_bytes> waste;
      for (std::size_t taken = 0; taken < turn_bytes_max;) {
        const auto moved = channel_->read(waste);
        if (moved.stop == Channel::Stop::closed || moved.stop == Channel::Stop::ended) return end();
        if (moved.stop != Channel::Stop::none) break;
        taken += moved.bytes;
      }
      wait_readable();
      return;
    }
    case Stage::open:
      read_some();
      return;
  }
}

void Link::read_some() {
  Session* mine = session();
  if (mine == nullptr) return end();
  Channel::Stop stop = Channel::Stop::none;
  for (std::size_t taken = 0; taken < turn_bytes_max && !paused_ && !mine->closing;) {
    const auto room = parser_.prepare(read_bytes);
    const auto moved = channel_->read(room.first(std::min(room.size(), turn_bytes_max)));
    stop = moved.stop;
    if (stop != Channel::Stop::none) break;
    parser_.commit(moved.bytes);
    taken += moved.bytes;
    owner_.gateway().counters().input_bytes += moved.bytes;
    execute_commands();
    // A read that did not fill its room has emptied the socket; the next readiness will tell of more.
    if (moved.bytes < room.size() && !channel_->holds_input()) break;
  }
  if (stop == Channel::Stop::closed) return end();
  if (stage_ != Stage::open) return;
  if (stop == Channel::Stop::ended) {
    mine->closing = true;  // what it has asked is still answered, as to `printf … | nc`
    owner_.flush_soon(*this);
  }
  parser_.release_if_empty();
  const bool bearable = owner_.account_input(input_held_, parser_.held_bytes());
  input_held_ = parser_.held_bytes();
  if (!bearable && input_held_ > line_bytes_max) {
    owner_.gateway().protocol_error(*mine, "too much unfinished input is held for all clients");
    owner_.flush_soon(*this);
    return;
  }
  if (stop == Channel::Stop::want_write) wait_writable();
  if (!paused_ && !mine->closing) wait_readable();
  // What TLS has decrypted already makes no socket readable.
  if (!paused_ && channel_->holds_input()) {
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->on_readable(); });
  }
}

void Link::execute_commands() {
  Session* mine = session();
  Gateway& gateway = owner_.gateway();
  const Now now = owner_.now();
  while (!mine->closing && !mine->killed) {
    paused_ = !gateway.may_read(*mine);
    if (paused_) break;
    parser_.set_unauthenticated(!mine->authenticated);
    const Parser::Step step = parser_.next();
    if (step == Parser::Step::more) break;
    if (step == Parser::Step::error) {
      gateway.protocol_error(*mine, parser_.error_text());
    } else {
      gateway.execute(*mine, parser_.argv(), now);
    }
  }
  gateway.measure(*mine);
  owner_.flush_soon(*this);
}

void Link::flush() {
  if (stage_ != Stage::open) return;
  Session* mine = session();
  if (mine == nullptr || mine->killed) return end();
  write_some(*mine);
  if (stage_ != Stage::open) return;
  if (mine->closing) {
    if (mine->pipeline.idle() && mine->pipeline.output().empty()) linger();
    return;
  }
  // Without room the next answer brings the link back here: asking again before that would never end.
  if (!paused_ || !owner_.gateway().may_read(*mine)) return;
  execute_commands();
  if (!paused_ && !mine->closing) {
    wait_readable();
    if (channel_->holds_input()) on_readable();
  }
}

void Link::write_some(Session& session) {
  Bytes& output = session.pipeline.output();
  if (sent_ < output.size()) {
    const bool waited = waiting_write_;
    const auto moved = channel_->write(BytesView(output).substr(sent_));
    sent_ += moved.bytes;
    owner_.gateway().counters().output_bytes += moved.bytes;
    if (moved.bytes != 0 || !waited) since_ = owner_.now().mono;
    if (moved.stop == Channel::Stop::closed) return end();
    if (moved.stop == Channel::Stop::want_read) wait_readable();
    if (moved.stop == Channel::Stop::want_write) wait_writable();
  }
  if (sent_ == output.size()) {
    sent_ = 0;
    if (output.capacity() > kept_output_bytes) {
      output = Bytes();
    } else {
      output.clear();
    }
  } else if (sent_ > output.size() / 2) {
    output.erase(0, sent_);
    sent_ = 0;
  }
  owner_.gateway().measure(session);
  if (output.size() - sent_ > owner_.gateway().options().output_bytes_max) end();
}

void Link::check_patience(Time now) {
  const Options& options = owner_.gateway().options();
  switch (stage_) {
    case Stage::handshake:
      if (now - since_ > options.handshake_ns) end();
      return;
    case Stage::lingering:
      if (now - since_ > linger_ns) end();
      return;
    case Stage::open:
      if (waiting_write_ && now - since_ > options.stalled_ns) return end();
      // Room may have come from other connections: nobody else tells.
      if (paused_) flush();
      return;
    case Stage::gone:
      return;
  }
}

void Link::linger() {
  stage_ = Stage::lingering;
  since_ = owner_.now().mono;
  channel_->say_goodbye();
  on_readable();
}

void Link::end() {
  if (stage_ == Stage::gone) return;
  abandon();
  owner_.account_input(input_held_, 0);
  owner_.gone(*this);
}

void Link::abandon() {
  stage_ = Stage::gone;
  std::error_code ignored;
  socket_.close(ignored);
}

}  // namespace nodedb::resp
