// SPDX-License-Identifier: Apache-2.0
#include "app/move_rows.h"

#include <algorithm>
#include <ctime>

#include "app/table.h"

namespace nodedb::app {

namespace {

constexpr std::size_t id_chars_min = 4;

std::string text_of(const Json& row, const char* key) {
  return std::to_string(row[key].number());
}

std::string tenths(std::int64_t amount, std::int64_t unit) {
  const std::int64_t tenth = amount * 10 / unit;
  return std::to_string(tenth / 10) + "." + std::to_string(tenth % 10);
}

std::string ms_text(std::int64_t us) {
  return tenths(us, 1000) + " ms";
}

std::string when_text(std::int64_t ms) {
  if (ms <= 0) return "-";
  const std::time_t time = ms / 1000;
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%SZ", &parts)};
}

std::string waits_text(const Json& migration) {
  const std::string what = migration["waits_for"].text();
  return what.empty() ? "-" : what + " (" + age_text(migration["waits_ms"].number()) + ")";
}

std::string line(const char* name, const std::string& value) {
  std::string text(name);
  text.resize(14, ' ');
  return text + (value.empty() ? "-" : value) + "\n";
}

}  // namespace

std::string age_text(std::int64_t ms) {
  const std::int64_t s = std::max<std::int64_t>(0, ms) / 1000;
  if (s < 120) return std::to_string(s) + " s";
  return s < 7200 ? std::to_string(s / 60) + " min" : std::to_string(s / 3600) + " h";
}

std::string bytes_text(std::int64_t bytes) {
  constexpr std::int64_t kib = 1024;
  if (bytes < kib) return std::to_string(bytes) + " B";
  if (bytes < kib * kib) return std::to_string(bytes / kib) + " KiB";
  if (bytes < kib * kib * kib) return tenths(bytes, kib * kib) + " MiB";
  return tenths(bytes, kib * kib * kib) + " GiB";
}

std::string copied_text(const Json& migration) {
  const std::int64_t copied = migration["copied_bytes"].number(), all = migration["copy_bytes"].number();
  return bytes_text(copied) + (all > copied ? " of " + bytes_text(all) : "");
}

std::string phase_text(const Json& migration) {
  return (migration["aborting"].boolean() ? "aborting " : "") + migration["phase"].text();
}

std::string migrations_table(const Json& migrations) {
  Table table({"MIGRATION", "VSHARD", "FROM", "TO", "PHASE", "TRY", "COPIED", "LAG", "WAITING"});
  for (const Json& one : migrations.items())
    table.add({one["id"].text(), text_of(one, "vshard"), text_of(one, "source"), text_of(one, "target"),
               phase_text(one), text_of(one, "attempt"), copied_text(one), text_of(one, "lag_entries"),
               waits_text(one)});
  return table.text();
}

std::string history_table(const Json& history) {
  Table table({"MIGRATION", "VSHARD", "FROM", "TO", "OUTCOME", "ENDED", "TOOK", "PAUSE", "REASON"});
  for (const Json& one : history.items()) {
    const std::int64_t took = one["ended_ms"].number() - one["started_ms"].number();
    table.add({one["id"].text(), text_of(one, "vshard"), text_of(one, "source"), text_of(one, "target"),
               one["outcome"].text(), when_text(one["ended_ms"].number()), ms_text(took * 1000),
               ms_text(one["pause_us"].number()), one["reason"].text()});
  }
  return table.text();
}

std::string ghosts_table(const Json& ghosts) {
  Table table({"VSHARD", "NODE", "LEADS TO", "EPOCH", "CUT OVER AT", "MIGRATION"});
  for (const Json& one : ghosts.items())
    table.add({text_of(one, "vshard"), text_of(one, "node"), text_of(one, "to"), text_of(one, "epoch"),
               text_of(one, "cutover"), one["migration"].text()});
  return table.text();
}

std::string migration_text(const Json& migration) {
  std::string text = line("migration", migration["id"].text()) +
                     line("vshard", text_of(migration, "vshard")) +
                     line("from", "node " + text_of(migration, "source")) +
                     line("to", "node " + text_of(migration, "target")) +
                     line("started", when_text(migration["started_ms"].number()));
  if (has_ended(migration)) {
    return text + line("outcome", migration["outcome"].text()) +
           line("ended", when_text(migration["ended_ms"].number())) +
           line("attempts", text_of(migration, "attempts")) +
           line("pause", ms_text(migration["pause_us"].number())) +
           line("reason", migration["reason"].text());
  }
  std::string steps;
  for (const Json& step : migration["compensations"].items())
    steps += (steps.empty() ? "" : ", ") + step.text();
  text += line("phase", phase_text(migration)) + line("attempt", text_of(migration, "attempt")) +
          line("copied", copied_text(migration)) +
          line("lag", text_of(migration, "lag_entries") + " entries") +
          line("pause budget", ms_text(migration["pause_budget_us"].number())) +
          line("waiting", waits_text(migration));
  if (const std::int64_t pace = migration["pace_bytes_per_second"].number(); pace > 0)
    text += line("writes", "at most " + bytes_text(pace) + "/s, so that the copy can end");
  if (migration["aborting"].boolean())
    text += line("reason", migration["reason"].text()) + line("undoes", steps);
  return text;
}

bool has_ended(const Json& migration) {
  return !migration["outcome"].is_null();
}

Result<Json> find_migration(const Json& status, const std::string& id) {
  if (id.size() < id_chars_min)
    return fail(Code::malformed,
                "'" + id + "' is too short: give the migration's id or its first 4 characters");
  std::string wanted = id;
  for (char& c : wanted)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  const Json* found = nullptr;
  for (const char* rows : {"migrations", "history"}) {
    for (const Json& one : status[rows].items()) {
      if (!one["id"].text().starts_with(wanted)) continue;
      if (found && (*found)["id"].text() != one["id"].text())
        return fail(Code::malformed, "several migrations begin with " + id + ": give more of the id");
      if (!found) found = &one;
    }
  }
  if (found) return *found;
  return fail(Code::not_found, "there is no migration " + id +
                                   ": nodedb-cluster migration ls, nodedb-cluster migration history");
}

}  // namespace nodedb::app
