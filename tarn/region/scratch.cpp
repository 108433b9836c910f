#include "tarn/region/scratch.hpp"

namespace tarn {
namespace {

// Trivial, so that it can still be asked when the thread's other variables are gone.
constinit thread_local bool scratch_has_ended = false;

struct ThreadScratch {
  ~ThreadScratch() { scratch_has_ended = true; }

  Region region{RegionOptions{.name = "scratch"}};
  std::size_t depth = 0;
};

ThreadScratch& thread_scratch() noexcept {
  TARN_CHECK(!scratch_has_ended,
             "Scratch: used by a destructor that runs after the thread's scratch region has ended");
  static thread_local ThreadScratch scratch;
  return scratch;
}

}  // namespace

Scratch::Scratch() noexcept : region_(thread_scratch().region), mark_(region_.mark()) {
  ++thread_scratch().depth;
}

Scratch::~Scratch() {
  if (--thread_scratch().depth == 0) {
    region_.reset(Retain::at_most(scratch_retained_bytes));
  } else {
    region_.rewind(mark_);
  }
}

}  // namespace tarn
