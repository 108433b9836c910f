// tarn/record/preload/module_log.hpp - tells the recorder where code lies, before it asks.
//
//     a stack leads to new code ---> read_modules() ---> the thread's next event writes them first
//
// A process that has ended can not be asked any longer, and many end within milliseconds.
//
// Threads:    any.
// Failure:    write_modules() says.

#pragma once

#include <atomic>
#include <thread>

#include "tarn/record/preload/process_log.hpp"

namespace tarn::record {

/// Held while the modules are read or looked at. It lies in memory that a fork wipes, so that a
/// child does not wait for a thread that it does not have.
class ModulesLock {
 public:
  explicit ModulesLock(ProcessLog& process) noexcept : is_held_(process.modules_are_held) {
    while (is_held_.exchange(1, std::memory_order_acquire) != 0) std::this_thread::yield();
  }
  ~ModulesLock() { is_held_.store(0, std::memory_order_release); }
  ModulesLock(const ModulesLock&) = delete;
  ModulesLock& operator=(const ModulesLock&) = delete;

 private:
  std::atomic<std::uint32_t>& is_held_;
};

/// Finds out what lies where, and sends the calling thread's next event to the slow path. Requires
/// the lock.
void read_modules(ProcessLog& process) noexcept;

/// Whether there are modules that the recorder has not been told of.
[[nodiscard]] bool has_modules_to_write(ProcessLog& process) noexcept;

/// Writes them to the log; returns false if there was not enough room for all.
[[nodiscard]] bool write_modules(ProcessLog& process, ThreadLog& log) noexcept;

}  // namespace tarn::record
