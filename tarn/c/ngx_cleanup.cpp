// Cleanups as nginx's modules know them: a list in the pool's own memory, newest first.

#include <cstdint>

#include "tarn/c/ngx_names.hpp"
#include "tarn/c/ngx_report.hpp"
#include "tarn/os/file.hpp"

extern "C" {

void* tarn_ngx_palloc(ngx_pool_t* pool, std::size_t bytes);

// One block for both, so that a refusal leaves nothing behind.
ngx_pool_cleanup_t* tarn_ngx_pool_cleanup_add(ngx_pool_t* pool, std::size_t data_bytes) {
  // Data that may need an alignment of 16 makes a block whose size is a multiple of 16.
  const std::size_t data_offset = data_bytes % 16 == 0 ? 32 : sizeof(ngx_pool_cleanup_t);
  const bool wraps = data_bytes > SIZE_MAX - data_offset;
  void* const block = tarn_ngx_palloc(pool, wraps ? SIZE_MAX : data_offset + data_bytes);
  if (block == nullptr) return nullptr;
  auto* const cleanup = static_cast<ngx_pool_cleanup_t*>(block);
  cleanup->handler = nullptr;
  cleanup->data = data_bytes != 0 ? static_cast<char*>(block) + data_offset : nullptr;
  cleanup->next = pool->cleanup;
  return pool->cleanup = cleanup;
}

void tarn_ngx_pool_cleanup_file(void* data) {
  const auto* const file = static_cast<const ngx_pool_cleanup_file_t*>(data);
  if (!tarn::close_file(file->fd)) tarn::ngx::report_close(file->log, file->name);
}

void tarn_ngx_pool_delete_file(void* data) {
  const auto* const file = static_cast<const ngx_pool_cleanup_file_t*>(data);
  if (!tarn::delete_file(reinterpret_cast<const char*>(file->name))) {
    tarn::ngx::report_delete(file->log, file->name);
  }
  tarn_ngx_pool_cleanup_file(data);
}

void tarn_ngx_pool_run_cleanup_file(ngx_pool_t* pool, ngx_fd_t fd) {
  for (ngx_pool_cleanup_t* cleanup = pool->cleanup; cleanup != nullptr; cleanup = cleanup->next) {
    if (cleanup->handler != tarn_ngx_pool_cleanup_file) continue;
    if (static_cast<const ngx_pool_cleanup_file_t*>(cleanup->data)->fd != fd) continue;
    cleanup->handler = nullptr;
    return tarn_ngx_pool_cleanup_file(cleanup->data);
  }
}

}  // extern "C"

TARN_NGX_NAMES(pool_cleanup_add);
TARN_NGX_NAMES(pool_run_cleanup_file);
TARN_NGX_NAMES(pool_cleanup_file);
TARN_NGX_NAMES(pool_delete_file);
