// SPDX-License-Identifier: Apache-2.0
#include "app/rotate_words.h"

#include "app/output.h"
#include "app/rotate_command.h"

namespace nodedb::app {

void add_rotate(CLI::App& cert, OperatorWords& words, RotateWords& rotate, Exit& exit) {
  CLI::App* const command =
      add_operator_command(cert, "rotate-ca", "exchange the cluster's authority, in two steps", words);
  CLI::App* const step = command->add_option_group("step");
  CLI::Option* const stage =
      step->add_flag("--stage", rotate.stage, "trust a new authority beside the old one, and renew by it");
  step->add_flag("--finalize", rotate.finalize, "trust the new one alone: once every node has been renewed");
  step->add_flag("--status", rotate.status, "how far each node is");
  step->require_option(1);
  command
      ->add_option("--ca", rotate.ca_directory,
                   "with --stage: directory of the new ca.crt (cert ca --cluster UUID)")
      ->needs(stage);
  command->callback([&] {
    if (rotate.stage && rotate.ca_directory.empty())
      exit = complain({Code::malformed, "--stage needs the new authority's directory: --ca DIR"});
    else if (rotate.stage)
      exit = run_rotate_stage(words.from, rotate.ca_directory, words.kind());
    else if (rotate.finalize)
      exit = run_rotate_finalize(words.from, words.kind());
    else
      exit = run_rotate_status(words.from, words.kind());
  });
}

}  // namespace nodedb::app
