// SPDX-License-Identifier: Apache-2.0
#include "app/cert_command.h"

#include <ctime>

#include "app/output.h"
#include "app/random.h"
#include "edge/tls/certificates.h"

namespace nodedb::app {

namespace {

/// The UUID that was given, or a new one.
Result<Uuid> uuid_or_new(const std::string& text) {
  if (text.empty()) return random_uuid();
  return Uuid::parse(text);
}

std::string date_text(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return {text, length};
}

Result<void> check_days(std::int64_t days) {
  if (days < 1 || days > 36'500) return fail(Code::malformed, "--days: must be from 1 to 36500");
  return {};
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

Exit run_cert_ca(const CertCaArguments& arguments) {
  const auto cluster = uuid_or_new(arguments.cluster);
  if (!cluster) return complain(cluster.error());
  if (const auto made = tls::create_ca(arguments.directory, *cluster); !made) return complain(made.error());
  print("cluster " + cluster->text() + "\nmade " + arguments.directory + "/ca.crt and " +
        arguments.directory + "/ca.key; keep the key off the nodes\nnext: nodedb-cluster cert node --ca " +
        arguments.directory + " --out DIR --host HOST\n");
  return Exit::ok;
}

Exit run_cert_node(const CertNodeArguments& arguments) {
  const auto node = uuid_or_new(arguments.node);
  if (!node) return complain(node.error());
  if (const auto fine = check_days(arguments.days); !fine) return complain(fine.error());
  const tls::NodeRequest request{*node, arguments.hosts, tls::valid_for_days(arguments.days)};
  const auto made = tls::issue_node(arguments.ca_directory, arguments.out_directory, request);
  if (!made) return complain(made.error());
  const std::string& out = arguments.out_directory;
  print("node " + node->text() + "\nmade " + out + "/node.crt, " + out + "/node.key and " + out +
        "/ca.crt\nnext: nodedb-cluster start --certs " + out +
        " --data DIR --listen ADDR --client ADDR --seed ADDR\n");
  return Exit::ok;
}

Exit run_cert_client(const CertClientArguments& arguments) {
  if (const auto fine = check_days(arguments.days); !fine) return complain(fine.error());
  const tls::Role role = arguments.role == "client" ? tls::Role::client : tls::Role::operator_;
  const tls::ClientRequest request{arguments.name, role, tls::valid_for_days(arguments.days)};
  const auto made = tls::issue_client(arguments.ca_directory, arguments.out_directory, request);
  if (!made) return complain(made.error());
  const std::string& out = arguments.out_directory;
  print(arguments.role + " " + arguments.name + "\nmade " + out + "/client.crt, " + out + "/client.key and " +
        out + "/ca.crt\n");
  return Exit::ok;
}

Exit run_cert_show(const std::string& file) {
  const auto info = tls::show(file);
  if (!info) return complain(info.error());
  std::vector<std::string> purposes;
  for (const tls::Purpose purpose : info->purposes)
    purposes.emplace_back(purpose == tls::Purpose::server ? "server" : "client");
  const auto line = [](const char* name, const std::string& value) {
    std::string text(name);
    text.resize(14, ' ');
    return text + (value.empty() ? "-" : value) + "\n";
  };
  print(line("identity", info->uri) + line("subject", info->subject) + line("issuer", info->issuer) +
        line("authority", info->authority ? "yes" : "no") + line("purposes", joined(purposes)) +
        line("hosts", joined(info->hosts)) + line("valid from", date_text(info->validity.from_s)) +
        line("valid until", date_text(info->validity.until_s)) + line("serial", info->serial) +
        line("sha256", info->fingerprint));
  return Exit::ok;
}

}  // namespace nodedb::app
