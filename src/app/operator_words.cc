// SPDX-License-Identifier: Apache-2.0
#include "app/operator_words.h"

namespace nodedb::app {

void add_output(CLI::App* command, std::string& output) {
  command->add_option("-o,--output", output, "table or json")->check(CLI::IsMember({"table", "json"}));
}

CLI::App* add_operator_command(CLI::App& parent, const char* name, const char* help, OperatorWords& words) {
  CLI::App* const command = parent.add_subcommand(name, help);
  command->add_option("--certs", words.from.certs, "directory with client.crt of an operator (cert client)")
      ->envname("NODEDB_CERTS")
      ->required();
  command->add_option("--node", words.from.node, "QUIC address of any node")
      ->envname("NODEDB_NODE")
      ->required();
  add_output(command, words.output);
  return command;
}

}  // namespace nodedb::app
