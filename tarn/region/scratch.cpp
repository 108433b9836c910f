#include "tarn/region/scratch.hpp"

namespace tarn {
namespace {

struct ThreadScratch {
  Region region{RegionOptions{.name = "scratch"}};
  std::size_t depth = 0;
};

ThreadScratch& thread_scratch() noexcept {
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
