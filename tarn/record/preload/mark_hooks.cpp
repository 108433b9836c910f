// What marks.h finds: scopes and phases of the recorded program.
//
//     scope of the program's  | number of its process | number in that process |
//                             63                      32                       0
//
// So a child of a fork does not end its parent's scope, nor one of its own in its place.

#include <cstdint>

#include "tarn/record/marks.h"
#include "tarn/record/preload/hooks.hpp"
#include "tarn/record/preload/process_log.hpp"

using namespace tarn::record;

namespace {

constexpr unsigned process_shift = 32;

}  // namespace

extern "C" {

TARN_HOOK tarn_scope tarn_recorder_scope_begin(const char* name) {
  ThreadLog* const log = begin_event();
  if (log == nullptr) return 0;
  ProcessLog& process = *log->process;
  const std::uint32_t number = process.scope_count.fetch_add(1, std::memory_order_relaxed) + 1;
  log->append_text(RawKind::scope_begin, log->before(), number, name);
  end_event();
  return tarn_scope{process.number} << process_shift | number;
}

TARN_HOOK void tarn_recorder_scope_end(tarn_scope scope) {
  ThreadLog* const log = begin_event();
  if (log == nullptr) return;
  if (scope >> process_shift == log->process->number) {
    log->append_text(RawKind::scope_end, log->before(), static_cast<std::uint32_t>(scope), "");
  }
  end_event();
}

TARN_HOOK void tarn_recorder_phase(const char* name) {
  ThreadLog* const log = begin_event();
  if (log == nullptr) return;
  log->append_text(RawKind::phase, log->before(), 0, name);
  end_event();
}

}  // extern "C"
