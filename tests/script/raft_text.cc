// SPDX-License-Identifier: Apache-2.0
#include "tests/script/raft_script.h"

namespace nodedb::raft::script {

namespace {

std::string text(Position at) {
  return std::to_string(at.index.value) + "/" + std::to_string(at.term.value);
}

std::string set_text(const std::vector<NodeId>& set) {
  std::string out;
  for (const NodeId member : set) out += (out.empty() ? "" : " ") + std::to_string(member.value);
  return "(" + out + ")";
}

std::string term_text(Term term) {
  return " term=" + std::to_string(term.value);
}

struct Describe {
  std::string operator()(const VoteRequest& m) const {
    return std::string(m.pre ? "PreVoteRequest" : "VoteRequest") + term_text(m.term) +
           " last=" + text(m.last) + (m.transfer ? " transfer" : "");
  }
  std::string operator()(const VoteReply& m) const {
    return std::string(m.pre ? "PreVoteReply" : "VoteReply") + term_text(m.term) +
           (m.granted ? " granted" : " refused");
  }
  std::string operator()(const Append& m) const {
    std::string out = "Append" + term_text(m.term) + " previous=" + text(m.previous) +
                      " commit=" + std::to_string(m.commit.value) + " entries=[";
    for (const Entry& entry : m.entries) {
      out += (out.back() == '[' ? "" : " ") + text(Position{entry.index, entry.term});
    }
    return out + "]";
  }
  std::string operator()(const AppendReply& m) const {
    if (m.success) return "AppendReply" + term_text(m.term) + " match=" + std::to_string(m.match.value);
    return "AppendReply" + term_text(m.term) + " rejected=" + std::to_string(m.rejected.value) +
           " conflict=" + text(m.conflict);
  }
  std::string operator()(const TimeoutNow& m) const { return "TimeoutNow" + term_text(m.term); }
  std::string operator()(const ReadIndexRequest& m) const {
    return "ReadIndexRequest" + term_text(m.term) + " context=" + std::to_string(m.context);
  }
  std::string operator()(const ReadIndexReply& m) const {
    return "ReadIndexReply" + term_text(m.term) + " context=" + std::to_string(m.context) +
           (m.granted ? " index=" + std::to_string(m.index.value) : " refused");
  }
};

}  // namespace

std::string text(const Message& message) {
  return std::visit(Describe(), message);
}

std::string text(const Config& config) {
  std::string out = "voters=" + set_text(config.voters);
  if (config.joint()) out += "&&" + set_text(config.outgoing);
  if (!config.learners.empty()) out += " learners=" + set_text(config.learners);
  if (!config.learners_next.empty()) out += " learners_next=" + set_text(config.learners_next);
  if (config.auto_leave) out += " auto_leave";
  return out;
}

}  // namespace nodedb::raft::script
