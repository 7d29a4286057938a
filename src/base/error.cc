// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include "base/check.h"

namespace nodedb {

namespace {

struct Facts {
  std::string_view name;
  Retry retry;
  Effect effect;
};

Facts facts(Code code) {
  switch (code) {
    case Code::malformed:
      return {"malformed", Retry::never, Effect::no};
    case Code::too_large:
      return {"too_large", Retry::never, Effect::no};
    case Code::busy:
      return {"busy", Retry::same_place, Effect::no};
    case Code::not_leader:
      return {"not_leader", Retry::elsewhere, Effect::no};
    case Code::wrong_epoch:
      return {"wrong_epoch", Retry::elsewhere, Effect::no};
    case Code::no_leader:
      return {"no_leader", Retry::same_place, Effect::no};
    case Code::timeout:
      return {"timeout", Retry::same_place, Effect::unknown};
    case Code::lost:
      return {"lost", Retry::same_place, Effect::no};
    case Code::stale_session:
      return {"stale_session", Retry::never, Effect::unknown};
    case Code::out_of_order:
      return {"out_of_order", Retry::same_place, Effect::no};
    case Code::stopping:
      return {"stopping", Retry::elsewhere, Effect::no};
    case Code::not_initialised:
      return {"not_initialised", Retry::same_place, Effect::no};
    case Code::already_initialised:
      return {"already_initialised", Retry::never, Effect::no};
    case Code::not_member:
      return {"not_member", Retry::never, Effect::no};
    case Code::wrong_cluster:
      return {"wrong_cluster", Retry::never, Effect::no};
    case Code::unauthenticated:
      return {"unauthenticated", Retry::never, Effect::no};
    case Code::forbidden:
      return {"forbidden", Retry::never, Effect::no};
    case Code::unreachable:
      return {"unreachable", Retry::elsewhere, Effect::unknown};
    case Code::disk_full:
      return {"disk_full", Retry::same_place, Effect::no};
    case Code::disk_failed:
      return {"disk_failed", Retry::elsewhere, Effect::unknown};
    case Code::damaged:
      return {"damaged", Retry::elsewhere, Effect::no};
    case Code::incompatible:
      return {"incompatible", Retry::never, Effect::no};
    case Code::not_found:
      return {"not_found", Retry::never, Effect::no};
    case Code::conflict:
      return {"conflict", Retry::same_place, Effect::no};
    case Code::invalid_state:
      return {"invalid_state", Retry::never, Effect::no};
    case Code::unsupported:
      return {"unsupported", Retry::never, Effect::no};
    case Code::over_budget:
      return {"over_budget", Retry::never, Effect::no};
  }
  check_failed(__FILE__, __LINE__, "a known error code");
}

}  // namespace

std::string_view name(Code code) {
  return facts(code).name;
}

Retry retry_advice(Code code) {
  return facts(code).retry;
}

Effect effect(Code code) {
  return facts(code).effect;
}

}  // namespace nodedb
