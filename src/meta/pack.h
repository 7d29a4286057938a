// SPDX-License-Identifier: Apache-2.0
#pragma once

// Private to meta/: MessagePack with errors as values. `Packer` appends; `Fields` takes one array's values in
// order and remembers the first trouble. Includes the library: only meta/shapes.h may include this.

#define MSGPACK_NO_BOOST
#include <cstdint>
#include <limits>
#include <msgpack.hpp>
#include <string>
#include <type_traits>

#include "base/error.h"
#include "base/limits.h"
#include "base/uuid.h"

namespace nodedb::meta {

struct BytesSink {
  Bytes& out;
  void write(const char* data, std::size_t size) { out.append(data, size); }
};

class Packer {
 public:
  explicit Packer(Bytes& out) : sink_{out}, pack_(sink_) {}

  void array(std::size_t size) { pack_.pack_array(static_cast<std::uint32_t>(size)); }
  void number(std::uint64_t value) { pack_.pack_uint64(value); }
  void truth(bool value) { value ? pack_.pack_true() : pack_.pack_false(); }
  void text(BytesView value, std::size_t size_max) {
    const BytesView kept = value.substr(0, size_max);
    pack_.pack_str(static_cast<std::uint32_t>(kept.size()));
    pack_.pack_str_body(kept.data(), static_cast<std::uint32_t>(kept.size()));
  }
  void bin(BytesView value) {
    pack_.pack_bin(static_cast<std::uint32_t>(value.size()));
    pack_.pack_bin_body(value.data(), static_cast<std::uint32_t>(value.size()));
  }
  void uuid(const Uuid& value) {
    bin({reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size()});
  }

 private:
  BytesSink sink_;
  msgpack::packer<BytesSink> pack_;
};

/// What one decode has found wrong; shared by the `Fields` of nested arrays.
class Trouble {
 public:
  bool ok() const { return !bad_; }
  void refuse(Code code, std::string why) {
    if (bad_) return;
    bad_ = true;
    error_ = Error{code, std::move(why)};
  }
  Error error(const char* what) const { return Error{error_.code, std::string(what) + ": " + error_.detail}; }

 private:
  bool bad_ = false;
  Error error_;
};

class Fields {
 public:
  Fields(const msgpack::object& object, Trouble& trouble) : trouble_(trouble) {
    if (object.type != msgpack::type::ARRAY) {
      trouble_.refuse(Code::malformed, "an array is missing");
    } else {
      next_ = object.via.array.ptr;
      left_ = object.via.array.size;
    }
  }

  bool ok() const { return trouble_.ok(); }
  std::size_t left() const { return left_; }

  template <class Number>
  Number number(std::type_identity_t<Number> value_max = std::numeric_limits<Number>::max()) {
    const msgpack::object* object = take(msgpack::type::POSITIVE_INTEGER);
    if (object == nullptr) return 0;
    if (object->via.u64 > value_max) {
      trouble_.refuse(Code::malformed, "a number is out of range");
      return 0;
    }
    return static_cast<Number>(object->via.u64);
  }
  bool truth() {
    const msgpack::object* object = take(msgpack::type::BOOLEAN);
    return object != nullptr && object->via.boolean;
  }
  std::string text(std::size_t size_max) {
    const msgpack::object* object = take(msgpack::type::STR);
    if (object == nullptr) return {};
    if (object->via.str.size > size_max) {
      trouble_.refuse(Code::too_large, "a text is longer than its cap");
      return {};
    }
    return std::string(object->via.str.ptr, object->via.str.size);
  }
  /// Lives as long as what was unpacked.
  BytesView bin() {
    const msgpack::object* object = take(msgpack::type::BIN);
    return object == nullptr ? BytesView() : BytesView(object->via.bin.ptr, object->via.bin.size);
  }
  Uuid uuid() {
    Uuid value;
    const msgpack::object* object = take(msgpack::type::BIN);
    if (object == nullptr) return value;
    if (object->via.bin.size != value.bytes.size()) {
      trouble_.refuse(Code::malformed, "a UUID has a wrong size");
      return value;
    }
    for (std::size_t i = 0; i < value.bytes.size(); ++i) {
      value.bytes[i] = static_cast<std::uint8_t>(object->via.bin.ptr[i]);
    }
    return value;
  }
  Fields array(std::size_t size_max) {
    static const msgpack::object nothing;
    const msgpack::object* object = take(msgpack::type::ARRAY);
    if (object == nullptr) return Fields(nothing, trouble_);
    if (object->via.array.size > size_max) trouble_.refuse(Code::too_large, "a list is longer than its cap");
    return Fields(*object, trouble_);
  }
  void end() {
    if (left_ != 0) trouble_.refuse(Code::malformed, "there are more fields than expected");
  }

 private:
  const msgpack::object* take(msgpack::type::object_type type) {
    if (!trouble_.ok()) return nullptr;
    if (left_ == 0) {
      trouble_.refuse(Code::malformed, "a field is missing");
      return nullptr;
    }
    if (next_->type != type) {
      trouble_.refuse(Code::malformed, "a field has a wrong type");
      return nullptr;
    }
    --left_;
    return next_++;
  }

  Trouble& trouble_;
  const msgpack::object* next_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace nodedb::meta
