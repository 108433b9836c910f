#include "tarn/os/process.hpp"

#include <unistd.h>

namespace tarn {

long process_id() noexcept { return ::getpid(); }

}  // namespace tarn
