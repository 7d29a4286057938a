// SPDX-License-Identifier: Apache-2.0
#include "app/rotate_command.h"

#include "app/authorities_file.h"
#include "app/output.h"
#include "app/table.h"
#include "edge/tls/certificates.h"
#include "edge/tls/digest.h"
#include "edge/tls/files.h"

namespace nodedb::app {

namespace {

constexpr std::size_t short_digits = 16;

/// The fingerprint of the staged authority, empty if there is none.
std::string staged_in(const Json& rotation) {
  for (const Json& one : rotation["authorities"].items())
    if (one["state"].text() == meta::name(meta::AuthorityState::staged)) return one["sha256"].text();
  return {};
}

/// What the member is doing, as far as group 0 knows.
std::string progress_of(const Json* trust, const std::string& staged) {
  if (trust == nullptr) return "has not reported itself";
  if (staged.empty()) return "nothing to do";
  if ((*trust)["issuer"].text() == staged) return "renewed";
  return (*trust)["staged"].text() == staged ? "trusts it, not renewed" : "does not trust it yet";
}

const Json* trust_of(const Json& rotation, std::int64_t node) {
  for (const Json& one : rotation["members"].items())
    if (one["node"].number() == node) return &one;
  return nullptr;
}

std::string rotation_text(const Json& status) {
  const Json& rotation = status["rotation"];
  std::string text;
  for (const Json& one : rotation["authorities"].items())
    text += "authority " + one["sha256"].text() + ": " + one["state"].text() + "\n";
  if (text.empty()) text = "no authority was ever exchanged: each node trusts what its ca.crt holds\n";
  const std::string staged = staged_in(rotation);
  Table table({"NODE", "CERTIFICATE-OF", "PROGRESS", "REACHED"});
  for (const Json& member : status["members"].items()) {
    if (member["state"].text() == meta::name(meta::MemberState::retired)) continue;
    const std::int64_t id = member["id"].number();
    const Json* const trust = trust_of(rotation, id);
    table.add({std::to_string(id), trust ? (*trust)["issuer"].text().substr(0, short_digits) : "-",
               progress_of(trust, staged), member["connected"].boolean() ? "yes" : "no"});
  }
  return text + table.text();
}

}  // namespace

Exit run_rotate_stage(const Operator& from, const std::string& ca_directory, Output output) {
  const std::string file = ca_directory + "/ca.crt";
  const auto text = tls::read_file(file);
  if (!text) return complain(text.error());
  const auto ders = tls::ders_of(*text, file);
  if (!ders) return complain(ders.error());
  if (ders->size() != 1) return complain({Code::malformed, file + " holds more than one certificate"});
  const Bytes& certificate = ders->front();
  const auto own = tls::identity_of(from.certs + "/client.crt");
  if (!own) return complain(own.error());
  const Digest fingerprint = tls::sha256(certificate);
  if (auto fine = check_authority(certificate, fingerprint, own->cluster); !fine)
    return complain(fine.error());
  // Before the nodes are told: afterwards they may show certificates of it.
  if (auto added = add_authority(from.certs, certificate); !added) return complain(added.error());
  const auto done = ask(from, AskAdminister{meta::AuthorityStage{fingerprint, certificate}});
  if (!done) return complain(done.error());
  return show(*done, output,
              "authority " + fingerprint.text() + " is staged, and trusted by this operator\nnext: put " +
                  ca_directory + "/ca.key in the place of ca_key on the nodes that sign, " + "add " + file +
                  " to every operator's ca.crt,\nand watch nodedb-cluster cert rotate-ca --status\n");
}

Exit run_rotate_finalize(const Operator& from, Output output) {
  const auto status = ask(from, AskStatus{});
  if (!status) return complain(status.error());
  const std::string staged = staged_in((*status)["rotation"]);
  if (staged.empty())
    return complain(
        {Code::not_found, "no authority is staged: nodedb-cluster cert rotate-ca --stage --ca DIR"});
  const auto fingerprint = Digest::parse(staged);
  if (!fingerprint) return complain(fingerprint.error());
  const auto done = ask(from, AskAdminister{meta::AuthorityFinalise{*fingerprint}});
  if (!done) return complain(done.error());
  return show(
      *done, output,
      "authority " + staged +
          " is the only one from now on\nnext: operators without a certificate of it need a new one, by "
          "cert client --ca DIR\n");
}

Exit run_rotate_status(const Operator& from, Output output) {
  const auto status = ask(from, AskStatus{});
  if (!status) return complain(status.error());
  return show((*status)["rotation"], output, rotation_text(*status));
}

}  // namespace nodedb::app
