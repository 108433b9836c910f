#include "tarn/os/next_symbol.hpp"

#include <dlfcn.h>

namespace tarn {

void* next_symbol(const char* name) noexcept { return dlsym(RTLD_NEXT, name); }

}  // namespace tarn
