// SPDX-License-Identifier: Apache-2.0
#include "base/units.h"

#include <charconv>
#include <cstdio>
#include <limits>
#include <span>

namespace nodedb {

namespace {

struct Unit {
  BytesView name;
  std::uint64_t factor;
};
constexpr Unit durations[] = {{"ns", 1},
                              {"us", 1'000},
                              {"ms", 1'000'000},
                              {"s", 1'000'000'000},
                              {"m", 60ULL * 1'000'000'000},
                              {"h", 3600ULL * 1'000'000'000}};
constexpr Unit sizes[] = {
    {"B", 1},      {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20},   {"GiB", 1ULL << 30},      {"TiB", 1ULL << 40},
    {"kB", 1'000}, {"MB", 1'000'000},   {"GB", 1'000'000'000}, {"TB", 1'000'000'000'000}};

constexpr BytesView hex_digits = "0123456789abcdef";

std::string quoted(BytesView text) {
  return "'" + std::string(text.substr(0, 64)) + "'";
}

Result<std::uint64_t> parse_quantity(BytesView text, std::span<const Unit> units, BytesView example) {
  std::uint64_t count = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (problem == std::errc::result_out_of_range) return fail(Code::too_large, quoted(text) + " is too large");
  if (problem != std::errc{})
    return fail(Code::malformed, quoted(text) + " is not a quantity like " + std::string(example));
  const BytesView suffix = text.substr(static_cast<std::size_t>(end - text.data()));
  if (suffix.empty() && count == 0) return 0;
  for (const Unit& unit : units) {
    if (unit.name != suffix) continue;
    if (count > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / unit.factor)
      return fail(Code::too_large, quoted(text) + " is too large");
    return count * unit.factor;
  }
  std::string names;
  for (const Unit& unit : units) names += (names.empty() ? "" : ", ") + std::string(unit.name);
  return fail(Code::malformed, quoted(text) + " needs a whole number and one of the units " + names +
                                   ", as in " + std::string(example));
}

std::string shortest(std::uint64_t quantity, std::span<const Unit> units) {
  if (quantity == 0) return "0";
  const Unit* best = &units[0];
  for (const Unit& unit : units)
    if (quantity % unit.factor == 0) best = &unit;
  return std::to_string(quantity / best->factor) + std::string(best->name);
}

}  // namespace

Result<std::int64_t> parse_duration(BytesView text) {
  const auto ns = parse_quantity(text, durations, "250ms");
  if (!ns) return std::unexpected(ns.error());
  return static_cast<std::int64_t>(*ns);
}

Result<std::uint64_t> parse_size(BytesView text) {
  return parse_quantity(text, sizes, "64MiB");
}

Result<std::uint64_t> parse_number(BytesView text) {
  std::uint64_t number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, problem] = std::from_chars(text.data(), last, number);
  if (problem == std::errc::result_out_of_range) return fail(Code::too_large, quoted(text) + " is too large");
  if (problem != std::errc{} || end != last)
    return fail(Code::malformed, quoted(text) + " is not a whole number");
  return number;
}

std::string hex_text(BytesView bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += hex_digits[byte >> 4];
    text += hex_digits[byte & 15];
  }
  return text;
}

Result<Bytes> parse_hex(BytesView text) {
  if (text.size() % 2 != 0) return fail(Code::malformed, "hexadecimal digits come in pairs");
  Bytes bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::size_t high = hex_digits.find(text[i]);
    const std::size_t low = hex_digits.find(text[i + 1]);
    if (high == BytesView::npos || low == BytesView::npos)
      return fail(Code::malformed, quoted(text.substr(i, 2)) + " are no hexadecimal digits");
    bytes.push_back(static_cast<char>(high << 4 | low));
  }
  return bytes;
}

Result<HostPort> parse_host_port(BytesView text) {
  const auto refuse = [&] {
    return fail(Code::malformed, quoted(text) + " is not an address like host:port");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == BytesView::npos || colon == 0) return refuse();
  BytesView host = text.substr(0, colon);
  if (host.front() == '[') {
    if (host.size() < 3 || host.back() != ']') return refuse();
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != BytesView::npos) {
    return fail(Code::malformed, quoted(text) + " needs brackets around its IPv6 address: [address]:port");
  }
  if (host.size() > 255 || host.find_first_of(" \t\r\n[]/") != BytesView::npos) return refuse();
  const auto port = parse_number(text.substr(colon + 1));
  if (!port || *port > std::numeric_limits<std::uint16_t>::max()) return refuse();
  return HostPort{std::string(host), static_cast<std::uint16_t>(*port)};
}

std::string duration_text(std::int64_t ns) {
  return shortest(static_cast<std::uint64_t>(ns), durations);
}

std::string size_text(std::uint64_t bytes) {
  return shortest(bytes, std::span(sizes).first(5));
}

std::string fixed(double value, int digits) {
  char text[64];
  return {text, static_cast<std::size_t>(std::snprintf(text, sizeof text, "%.*f", digits, value))};
}

}  // namespace nodedb
