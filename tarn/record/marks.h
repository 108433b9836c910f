/* tarn/record/marks.h - a program tells its recording which request it works on.
 *
 *     tarn_scope request = tarn_scope_begin("request");      recorded: in the trace, with all that
 *     handle();                                              the thread allocates meanwhile
 *     tarn_scope_end(request);                               otherwise: nothing
 *
 *     tarn_scope_begin() ---> tarn_recorder_scope_begin() of libtarn_record.so, if it is loaded
 *
 * A block belongs to the scope that its thread began last and that has not ended: mark what runs
 * in one piece, and not what a thread does several of at once. `tarn stat` says then, for each
 * name, what a scope allocates and what outlives it: what a region of that life would hold.
 *
 * Nothing is linked: the functions of the recorder are weak, null where it is not. Unrecorded, a
 * mark costs a load and a branch; recorded, about as much as an allocation.
 *
 * Threads:    any. A scope may end on another thread than it began on.
 * Failure:    none: what can not be recorded is not.
 * Lifetime:   a scope ends once. In the child of a fork the parent's scopes have no end.
 */

#ifndef TARN_RECORD_MARKS_H
#define TARN_RECORD_MARKS_H

#include <stdint.h>

/* A scope that has begun; 0: nothing is recorded. */
typedef uint64_t tarn_scope;

#ifdef __cplusplus
extern "C" {
#endif

__attribute__((weak)) tarn_scope tarn_recorder_scope_begin(const char* name);
__attribute__((weak)) void tarn_recorder_scope_end(tarn_scope scope);
__attribute__((weak)) void tarn_recorder_phase(const char* name);

#ifdef __cplusplus
} /* extern "C" */
#endif

/* Where `function` is, as the dynamic linker found it. Without the detour a linker that makes an
 * executable with fixed addresses would take a weak function that it does not know for null. */
#if defined(__x86_64__)
#define TARN_RECORDER_FIND(pointer, function) \
  __asm__(".weak " #function "\n\tmovq " #function "@GOTPCREL(%%rip), %0" : "=r"(pointer))
#else
#define TARN_RECORDER_FIND(pointer, function) ((pointer) = (function))
#endif

/* Begins a scope of that name, of which 255 bytes are kept. Names are kept once each: "request",
 * not "request 17". */
static inline tarn_scope tarn_scope_begin(const char* name) {
  tarn_scope (*begin)(const char*);
  TARN_RECORDER_FIND(begin, tarn_recorder_scope_begin);
  return begin ? begin(name) : 0;
}

/* Ends it. What it allocated and nobody has freed by now outlives it. */
static inline void tarn_scope_end(tarn_scope scope) {
  void (*end)(tarn_scope);
  if (scope == 0) return;
  TARN_RECORDER_FIND(end, tarn_recorder_scope_end);
  end(scope);
}

/* From here on the program is in the phase of that name: "loading", "serving". */
static inline void tarn_phase(const char* name) {
  void (*begin)(const char*);
  TARN_RECORDER_FIND(begin, tarn_recorder_phase);
  if (begin) begin(name);
}

#ifdef __cplusplus

namespace tarn {

/* A scope of the trace that ends with the C++ scope it is in, an exception's way out included. */
class MarkedScope {
 public:
  explicit MarkedScope(const char* name) noexcept : scope_(tarn_scope_begin(name)) {}
  ~MarkedScope() { tarn_scope_end(scope_); }
  MarkedScope(const MarkedScope&) = delete;
  MarkedScope& operator=(const MarkedScope&) = delete;

 private:
  tarn_scope scope_;
};

} /* namespace tarn */

#endif

#endif /* TARN_RECORD_MARKS_H */
