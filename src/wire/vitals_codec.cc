// SPDX-License-Identifier: Apache-2.0
#include "wire/vitals_codec.h"

namespace nodedb::wire {

void put_vitals(Writer& out, const Vitals& vitals) {
  out.varint(vitals.cpu_permille);
  out.varint(vitals.disk_free_bytes);
  out.varint(vitals.disk_bytes);
  out.varint(vitals.answers);
  out.varint(vitals.answer_us);
  out.varint(vitals.answer_us_max);
}

Vitals get_vitals(Reader& in) {
  Vitals vitals;
  vitals.cpu_permille = in.varint();
  vitals.disk_free_bytes = in.varint();
  vitals.disk_bytes = in.varint();
  vitals.answers = in.varint();
  vitals.answer_us = in.varint();
  vitals.answer_us_max = in.varint();
  return vitals;
}

}  // namespace nodedb::wire
