// What takes memory from the program in which a call stack may have been noted.
//
//     munmap, mremap, mprotect ---> every CallStackLog forgets | the function itself

#include <sys/mman.h>

#include <cstdarg>
#include <cstddef>

#include "tarn/record/preload/call_stack_log.hpp"
#include "tarn/record/preload/hooks.hpp"

using namespace tarn::record;

extern "C" {

TARN_HOOK int munmap(void* address, std::size_t bytes) noexcept {
  resolve_next();
  CallStackLog::forget_all();
  return next.munmap(address, bytes);
}

// Which flags have a fifth argument the function knows: it gets what came, be it one or not.
TARN_HOOK void* mremap(void* address, std::size_t bytes, std::size_t new_bytes, int flags,
                       ...) noexcept {
  va_list more;
  va_start(more, flags);
  void* const new_address = va_arg(more, void*);
  va_end(more);
  resolve_next();
  CallStackLog::forget_all();
  return next.mremap(address, bytes, new_bytes, flags, new_address);
}

TARN_HOOK int mprotect(void* address, std::size_t bytes, int protection) noexcept {
  resolve_next();
  if ((protection & PROT_READ) == 0) CallStackLog::forget_all();
  return next.mprotect(address, bytes, protection);
}

}  // extern "C"
