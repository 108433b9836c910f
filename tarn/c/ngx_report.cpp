#include "tarn/c/ngx_report.hpp"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "tarn/c/ngx_chunks.hpp"
#include "tarn/os/process.hpp"

// nginx's own, where the program is nginx.
extern "C" [[gnu::weak]] void ngx_log_error_core(ngx_uint_t level, ngx_log_t* log, int error,
                                                 const char* format, ...);

namespace tarn::ngx {
namespace {

// nginx's levels.
constexpr ngx_uint_t emergency = 1;
constexpr ngx_uint_t alert = 2;
constexpr ngx_uint_t critical = 3;

// nginx overwrites its environment with its title: the wish is copied.
char statistics_prefix[256] = "";

// The first member of nginx's log is the level up to which it wants to hear.
bool wants(ngx_log_t* log, ngx_uint_t level) noexcept {
  return ngx_log_error_core != nullptr && log != nullptr &&
         *reinterpret_cast<const ngx_uint_t*>(log) >= level;
}

void write_statistics() {
  char path[sizeof statistics_prefix + 16];
  std::snprintf(path, sizeof path, "%s.%d", statistics_prefix, process_id());
  std::FILE* const file = std::fopen(path, "w");
  if (file == nullptr) return;
  const tarn_ngx_thread_stats& now = counts;
  std::fprintf(file,
               "pools created %zu\npools destroyed %zu\npools reset %zu\npools overflowed %zu\n"
               "large blocks %zu\nlarge blocks freed %zu\nrequests refused %zu\n",
               now.created_count, now.destroyed_count, now.reset_count, now.overflowed_count,
               now.large_count, now.freed_count, now.refused_count);
  std::fclose(file);
}

void prepare_statistics() noexcept {
  const char* const wish = std::getenv("TARN_NGX_STATS");
  if (wish == nullptr || *wish == '\0') return;
  std::snprintf(statistics_prefix, sizeof statistics_prefix, "%s", wish);
  std::atexit(write_statistics);
}

}  // namespace

constinit thread_local tarn_ngx_thread_stats counts = {};

void begin_statistics() noexcept {
  // Pairs with itself: one thread takes the word, and nobody waits for what it does then.
  static constinit std::atomic<bool> begun{false};
  if (!begun.exchange(true, std::memory_order_relaxed)) prepare_statistics();
}

void* refuse(ngx_log_t* log, std::size_t bytes) noexcept {
  ++counts.refused_count;
  if (wants(log, emergency)) {
    ngx_log_error_core(emergency, log, ENOMEM, "tarn: a pool was refused %uz bytes", bytes);
  }
  return nullptr;
}

void report_close(ngx_log_t* log, const unsigned char* name) noexcept {
  if (wants(log, alert)) ngx_log_error_core(alert, log, errno, "close() \"%s\" failed", name);
}

void report_delete(ngx_log_t* log, const unsigned char* name) noexcept {
  if (wants(log, critical))
    ngx_log_error_core(critical, log, errno, "unlink() \"%s\" failed", name);
}

}  // namespace tarn::ngx

extern "C" tarn_ngx_thread_stats tarn_ngx_stats_of_thread(void) {
  tarn_ngx_thread_stats stats = tarn::ngx::counts;
  if (tarn::ngx::Slots* const slots = tarn::ngx::this_slots) {
    slots->take_back();
    const tarn::ngx::SlotsStats now = slots->stats();
    stats.slot_bytes = now.used_bytes;
    stats.slab_bytes = now.reserved_bytes;
  }
  return stats;
}
