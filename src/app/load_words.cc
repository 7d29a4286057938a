// SPDX-License-Identifier: Apache-2.0
#include "app/load_words.h"

#include "app/operator_words.h"

namespace nodedb::app {

namespace {

CLI::App* add_client(CLI::App& app, const char* name, const char* help, LoadWords& words) {
  CLI::App* const command = app.add_subcommand(name, help);
  command
      ->add_option("--certs", words.redis.from.certs, "directory with client.crt of an operator, and ca.crt")
      ->envname("NODEDB_CERTS");
  command->add_option("--node", words.redis.from.node, "QUIC address of any node, to ask for the Redis ports")
      ->envname("NODEDB_NODE");
  command->add_option("--redis", words.redis.redis, "Redis ports, HOST:PORT[,HOST:PORT...], instead of those")
      ->delimiter(',')
      ->expected(1)
      ->take_all();
  command->add_option("--password-file", words.redis.password_file, "file with the Redis password");
  command->add_flag("--tls", words.redis.tls, "Redis over TLS, trusting the ca.crt of --certs");
  add_output(command, words.output);
  return command;
}

}  // namespace

void add_load(CLI::App& app, LoadWords& words, Exit& exit) {
  BenchWords& bench = words.bench;
  CLI::App* const load = add_client(app, "bench", "put a load on the cluster and measure it", words);
  load->add_option("--clients", bench.clients, "connections");
  load->add_option("--pipeline", bench.pipeline, "operations under way on each");
  load->add_option("--value-size", bench.value_bytes, "bytes of a value");
  load->add_option("--reads", bench.reads, "percent of the operations that read");
  load->add_option("--keys", bench.keys, "so many");
  load->add_option("--vshards", bench.vshards, "that the keys lie in, 1 to 1024");
  load->add_option(
      "--rate", bench.rate,
      "operations a second, begun whatever the answers do; default: as fast as they are answered");
  load->add_option("--duration", bench.duration, "how long");
  load->add_flag("--keep", bench.keep, "leave the keys there");
  load->callback([&] { exit = run_bench(words.redis, words.bench, words.kind()); });

  CheckWords& check = words.check;
  CLI::App* const judge =
      add_client(app, "check", "read and write keys of its own, and judge: is it linearizable?", words);
  judge->add_option("--clients", check.clients, "so many at once");
  judge->add_option("--keys", check.keys, "at once; the fewer, the more they meet");
  judge->add_option("--duration", check.duration, "how long");
  judge->add_option("--history", check.history, "file for all that was done and seen, a line of JSON each");
  judge->callback([&] { exit = run_check(words.redis, words.check, words.kind()); });
}

}  // namespace nodedb::app
