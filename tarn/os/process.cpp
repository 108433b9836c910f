#include "tarn/os/process.hpp"

#include <unistd.h>

namespace tarn {

int process_id() noexcept { return ::getpid(); }

}  // namespace tarn
