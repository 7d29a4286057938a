// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/support/redis.h"

#include <hiredis/hiredis.h>

namespace nodedb::e2e {

namespace {

Answer answer_of(const redisReply& reply) {
  Answer answer;
  switch (reply.type) {
    case REDIS_REPLY_ERROR:
      answer.kind = Answer::Kind::error;
      answer.text.assign(reply.str, static_cast<std::size_t>(reply.len));
      break;
    case REDIS_REPLY_NIL:
      answer.kind = Answer::Kind::nil;
      break;
    case REDIS_REPLY_INTEGER:
      answer.kind = Answer::Kind::number;
      answer.number = reply.integer;
      break;
    case REDIS_REPLY_ARRAY:
      answer.kind = Answer::Kind::list;
      for (std::size_t i = 0; i < reply.elements; ++i) answer.list.push_back(answer_of(*reply.element[i]));
      break;
    default:  // status and string
      answer.kind = Answer::Kind::text;
      answer.text.assign(reply.str, static_cast<std::size_t>(reply.len));
  }
  return answer;
}

timeval span_of(int ms) {
  return {ms / 1000, (ms % 1000) * 1000};
}

}  // namespace

std::string Answer::describe() const {
  switch (kind) {
    case Kind::lost:
      return "(connection lost: " + text + ")";
    case Kind::error:
      return "(error) " + text;
    case Kind::nil:
      return "(nil)";
    case Kind::number:
      return std::to_string(number);
    case Kind::text:
      return "\"" + text + "\"";
    case Kind::list:
      break;
  }
  std::string all = "[";
  for (const Answer& one : list) all += (all.size() > 1 ? ", " : "") + one.describe();
  return all + "]";
}

void Redis::Close::operator()(redisContext* context) const {
  redisFree(context);
}

Redis::Redis(int port, int timeout_ms)
    : context_(redisConnectWithTimeout("127.0.0.1", port, span_of(timeout_ms))) {
  if (connected()) redisSetTimeout(context_.get(), span_of(timeout_ms));
}

bool Redis::connected() const {
  return context_ && context_->err == 0;
}

void Redis::append(const std::vector<std::string>& words) {
  std::vector<const char*> pointers;
  std::vector<std::size_t> lengths;
  for (const std::string& word : words) {
    pointers.push_back(word.data());
    lengths.push_back(word.size());
  }
  redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), pointers.data(), lengths.data());
}

Answer Redis::read() {
  void* raw = nullptr;
  if (redisGetReply(context_.get(), &raw) != REDIS_OK || !raw) {
    Answer lost;
    lost.text = context_->errstr;
    return lost;
  }
  const std::unique_ptr<void, void (*)(void*)> reply(raw, freeReplyObject);
  return answer_of(*static_cast<const redisReply*>(raw));
}

Answer Redis::command(const std::vector<std::string>& words) {
  return pipeline({words}).front();
}

std::vector<Answer> Redis::pipeline(const std::vector<std::vector<std::string>>& commands) {
  std::vector<Answer> answers(commands.size());
  if (!connected()) {
    for (Answer& answer : answers) answer.text = "not connected";
    return answers;
  }
  for (const auto& words : commands) append(words);
  for (Answer& answer : answers) {
    answer = read();
    if (answer.kind == Answer::Kind::lost) break;
  }
  return answers;
}

}  // namespace nodedb::e2e
