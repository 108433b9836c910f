// tarn/c/ngx_report.hpp - what nginx's pools tell: their numbers, and failures in nginx's log.
//
// Threads:    each thread counts for itself, without an atomic.
// Failure:    none; a statistics file that can not be written is left out.

#pragma once

#include <cstddef>

#include "tarn/c/tarn_ngx.h"

namespace tarn::ngx {

/// What tarn_ngx_stats_of_thread() returns, slabs excepted. initial-exec: reached without a call.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local tarn_ngx_thread_stats counts;

/// Has the numbers written at the end of the process if TARN_NGX_STATS asks for it. Only the first
/// call does anything; it must come before nginx replaces its environment.
void begin_statistics() noexcept;

/// Returns nullptr, having told `log` that `bytes` bytes were refused.
[[nodiscard]] void* refuse(ngx_log_t* log, std::size_t bytes) noexcept;

/// Tells `log` what failed, with the present errno.
void report_close(ngx_log_t* log, const unsigned char* name) noexcept;
void report_delete(ngx_log_t* log, const unsigned char* name) noexcept;

}  // namespace tarn::ngx
