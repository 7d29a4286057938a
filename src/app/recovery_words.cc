// SPDX-License-Identifier: Apache-2.0
#include "app/recovery_words.h"

namespace nodedb::app {

void add_recovery(CLI::App& app, OperatorWords& words, RecoveryWords& recovery, Exit& exit) {
  CLI::App* const parent =
      app.add_subcommand("recover", "after a majority has been lost for good: what the survivors hold");
  parent->require_subcommand(1);
  CLI::App* const collect =
      add_operator_command(*parent, "collect", "ask every node what it holds of every group", words);
  collect->add_option("survey", recovery.survey, "file to write")->required();
  collect->callback([&] { exit = run_recover_collect(words.from, recovery.survey, words.kind()); });

  CLI::App* const plan = parent->add_subcommand("plan", "what each group is to go on from, and what is lost");
  plan->add_option("survey", recovery.survey, "file that collect has written")->required();
  plan->add_option("plan", recovery.plan, "file to write")->required();
  plan->add_option("--lost", recovery.lost, "members that are gone for good, as 4,5: they never come back")
      ->delimiter(',')
      ->required();
  add_output(plan, words.output);
  plan->callback(
      [&] { exit = run_recover_plan(recovery.survey, recovery.lost, recovery.plan, words.kind()); });

  CLI::App* const apply = add_operator_command(*parent, "apply", "carry a plan out; may be repeated", words);
  apply->add_option("plan", recovery.plan, "file that plan has written")->required();
  apply->add_option("--timeout", recovery.timeout, "how long to wait until the survivors lead");
  apply->callback(
      [&] { exit = run_recover_apply(words.from, recovery.plan, recovery.timeout, words.kind()); });

  add_operator_command(*parent, "verify", "has every group a leader and all its voters?", words)
      ->callback([&] { exit = run_recover_verify(words.from, words.kind()); });
}

}  // namespace nodedb::app
