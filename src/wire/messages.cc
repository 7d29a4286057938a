// SPDX-License-Identifier: Apache-2.0
#include "wire/messages.h"

namespace nodedb::wire {

namespace {

struct Classify {
  StreamClass operator()(const Hello&) const { return StreamClass::control; }
  StreamClass operator()(const Found&) const { return StreamClass::control; }
  StreamClass operator()(const Founded&) const { return StreamClass::control; }
  StreamClass operator()(const RaftBundle&) const { return StreamClass::log; }
  StreamClass operator()(const raft::Pulse&) const { return StreamClass::control; }
  StreamClass operator()(const ForwardBundle&) const { return StreamClass::forward; }
  StreamClass operator()(const LargeReply&) const { return StreamClass::bulk; }
  StreamClass operator()(const SnapshotOffer&) const { return StreamClass::control; }
  StreamClass operator()(const SnapshotCredit&) const { return StreamClass::control; }
  StreamClass operator()(const SnapshotChunk&) const { return StreamClass::bulk; }
  StreamClass operator()(const MoveOrder&) const { return StreamClass::control; }
  StreamClass operator()(const MoveReport&) const { return StreamClass::control; }
  StreamClass operator()(const SnapshotWanted&) const { return StreamClass::control; }
  StreamClass operator()(const swim::Message&) const { return StreamClass::control; }
  StreamClass operator()(const LoadReport&) const { return StreamClass::control; }
  StreamClass operator()(const CertificateWanted&) const { return StreamClass::control; }
  StreamClass operator()(const CertificateGiven&) const { return StreamClass::control; }
  StreamClass operator()(const Vitals&) const { return StreamClass::control; }
};

}  // namespace

StreamClass stream_class(const PeerMessage& message) {
  return std::visit(Classify{}, message);
}

bool rides_datagram(const PeerMessage& message) {
  return std::holds_alternative<swim::Message>(message);
}

}  // namespace nodedb::wire
