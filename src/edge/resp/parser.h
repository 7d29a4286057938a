// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Redis protocol's way in: bytes become commands, either multibulk ("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n") or
// inline ("GET k\r\n"). Sans-IO and incremental: bytes may arrive in any pieces, a word is never scanned
// twice, and the words of a command are views into the buffer that the socket filled. Every length is checked
// against base/limits.h before memory is taken for it; complaints have Redis's own wording. After an error
// the stream has no meaning any more and the connection must end. Owned by the net thread.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "kv/command.h"

namespace nodedb::resp {

/// What a peer that has not given its password may send: words of a command, and bytes of a word.
inline constexpr std::size_t unauthenticated_words_max = 10;
inline constexpr std::size_t unauthenticated_word_bytes_max = 16 * 1024;
/// A line: an inline command, or a length.
inline constexpr std::size_t line_bytes_max = 64 * 1024;

class Parser {
 public:
  enum class Step {
    more,     ///< feed it
    command,  ///< `argv` is a whole command with at least one word
    error,    ///< `error_text` says why; every later step is an error too
  };

  Parser() = default;

  /// Room for at least `bytes` more input bytes. Views of the last command die here.
  std::span<char> prepare(std::size_t bytes);
  /// `bytes` of the prepared room were filled.
  void commit(std::size_t bytes);
  void feed(BytesView bytes);

  /// The tight limits for strangers, off by default.
  void set_unauthenticated(bool stranger) { stranger_ = stranger; }

  Step next();
  /// The last command's words; valid until the next call of `prepare`, `feed` or `next`.
  const kv::Argv& argv() const { return argv_; }
  /// As in "ERR Protocol error: <text>".
  const std::string& error_text() const { return error_; }

  /// Memory that the unfinished input takes.
  std::size_t held_bytes() const { return capacity_; }
  /// Gives the buffer back when it holds nothing.
  void release_if_empty();

 private:
  /// A word's place, counted from `begin_` so that it survives a move of the buffer.
  struct Place {
    std::size_t offset = 0;
    std::size_t size = 0;
  };
  enum class Progress { more, done, error };

  std::size_t left() const { return end_ - scan_; }
  BytesView line(char last) const;
  /// How long the line is, or is at least, if `line` has not found its end.
  std::size_t line_bytes(BytesView found) const { return found.data() == nullptr ? left() : found.size(); }
  Progress header();
  Progress bulk();
  Progress inline_command();
  Progress refuse(std::string text);
  void start_over();

  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;  ///< the command being read starts here
  std::size_t scan_ = 0;   ///< everything before is understood
  std::size_t end_ = 0;
  bool delivered_ = false;  ///< the bytes from begin_ to scan_ are a command that was handed out
  bool stranger_ = false;

  std::size_t words_left_ = 0;
  bool in_bulk_ = false;
  std::size_t bulk_bytes_ = 0;
  std::size_t request_bytes_ = 0;
  std::vector<Place> places_;
  std::vector<Bytes> inline_words_;
  kv::Argv argv_;
  std::string error_;
};

}  // namespace nodedb::resp
