// testing/record_session.hpp - a session for a test, and what its sinks were told.
//
// Threads:    one at a time.
// Lifetime:   the session's memory goes with it.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "tarn/base/check.hpp"
#include "tarn/os/shared_memory.hpp"
#include "tarn/record/process_sink.hpp"
#include "tarn/record/session.hpp"

namespace tarn::record {

/// A session whose stamps count from 0, far in the past.
class TestSession {
 public:
  explicit TestSession(Stacks stacks = Stacks::none)
      : session_(begin_session(StampClock::system, stacks).session) {
    TARN_CHECK(session_ != nullptr, "TestSession: no memory to share");
    session_->begin = 0;
  }
  ~TestSession() { unmap_shared_memory(session_, sizeof *session_); }
  TestSession(const TestSession&) = delete;
  TestSession& operator=(const TestSession&) = delete;

  [[nodiscard]] Session& operator*() const noexcept { return *session_; }
  [[nodiscard]] Session* operator->() const noexcept { return session_; }

 private:
  Session* session_;
};

/// Notes everything.
struct NotedProcess {
  std::vector<RawEvent> events;  // without their stacks, which are gone
  std::vector<std::uint32_t> ended_threads;
  bool has_ended = false;
};

class NotingSinks final : public ProcessSinkFactory {
 public:
  [[nodiscard]] std::unique_ptr<ProcessSink> begin_process(std::int32_t process_id) override {
    return std::make_unique<Sink>(processes[process_id]);
  }

  std::map<std::int32_t, NotedProcess> processes;  // by the system's number

 private:
  struct Sink final : ProcessSink {
    explicit Sink(NotedProcess& its_process) : process(its_process) {}
    ~Sink() override { process.has_ended = true; }
    void add(std::span<const RawEvent> events) override {
      for (RawEvent event : events) {
        event.stack = {};
        process.events.push_back(event);
      }
    }
    void expect(std::span<const RawEvent>) noexcept override {}
    void end_thread(std::uint32_t thread) override { process.ended_threads.push_back(thread); }

    NotedProcess& process;
  };
};

}  // namespace tarn::record
