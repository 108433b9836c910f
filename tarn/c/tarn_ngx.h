/* tarn/c/tarn_ngx.h - nginx's pools by nginx's names, on tarn.
 *
 *     pool: its own chunk                         when it overflows
 *     +----------------------------+----------+   +-------+------------+------+   +-------------+
 *     | ngx_pool_t, 80 bytes:      | handed   |   | Chunk | handed out | free |   | Region:     |
 *     | d.last d.end ... log       | out      |<--|       |            |      |   | large blocks|
 *     +----------------------------+----------+   +-------+------------+------+   +-------------+
 *                                                               d.last ^ d.end ^
 *
 * Code compiled against nginx's own headers works on these pools: the layout is nginx's on 64-bit
 * machines, and d.last and d.end are the live cursor and its limit, so nginx's arrays grow in place
 * in every chunk. docs/nginx.md tells how to link nginx itself with them.
 *
 * Threads:    one at a time per pool; a pool may be destroyed on another thread than it was made.
 * Failure:    NULL, and all blocks and cleanups are as they were; nginx's error log is told.
 *             A thread's first pool registers the thread's end: glibc stops the process with a
 *             message if it has no memory for that.
 * Lifetime:   a block lives until its pool is reset or destroyed, or ngx_pfree() gave it back.
 * Invariant:  d.last <= d.end, and d.end is a multiple of 16.
 */

#ifndef TARN_C_TARN_NGX_H
#define TARN_C_TARN_NGX_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Beside nginx's own headers these types are theirs. */
#ifndef _NGX_PALLOC_H_INCLUDED_

#define NGX_OK 0
#define NGX_DECLINED (-5)

typedef intptr_t ngx_int_t;
typedef uintptr_t ngx_uint_t;
typedef int ngx_fd_t;
typedef struct ngx_log_s ngx_log_t;
typedef struct ngx_chain_s ngx_chain_t;
typedef struct ngx_pool_s ngx_pool_t;
typedef struct ngx_pool_large_s ngx_pool_large_t;
typedef void (*ngx_pool_cleanup_pt)(void* data);

/* One function to be called when the pool ends. Fill in `handler`; `data` is already there. */
typedef struct ngx_pool_cleanup_s {
  ngx_pool_cleanup_pt handler;
  void* data;
  struct ngx_pool_cleanup_s* next;
} ngx_pool_cleanup_t;

typedef struct {
  unsigned char* last;
  unsigned char* end;
  ngx_pool_t* next;  /* tarn's: the newest chunk after the pool's own */
  ngx_uint_t failed; /* tarn's: the bytes of the pool's own chunk */
} ngx_pool_data_t;

struct ngx_pool_s {
  ngx_pool_data_t d;
  size_t max;          /* larger blocks can be given back by ngx_pfree() */
  ngx_pool_t* current; /* tarn's: the Region of a pool of many large blocks */
  ngx_chain_t* chain;  /* nginx's: chain links to use again */
  ngx_pool_large_t* large;
  ngx_pool_cleanup_t* cleanup; /* newest first; modules walk it and pop from it */
  ngx_log_t* log;
};

/* What ngx_pool_cleanup_file() and ngx_pool_delete_file() are given as data. */
typedef struct {
  ngx_fd_t fd;
  unsigned char* name;
  ngx_log_t* log;
} ngx_pool_cleanup_file_t;

#endif

/* Returns a pool whose own chunk has `bytes` bytes, its 80-byte head included, and at least 6 KiB
 * where 4 KiB or more are asked for; NULL if there is no memory. nginx lets too small a size wrap
 * and takes an odd one as it is, which lets blocks lie beyond the end; here 112 bytes are the
 * least, and the size is rounded up to 16. nginx needs its page size told before; here nothing is.
 * Up to 8 KiB it is a slot of this thread's slabs: no call to malloc, and few to the system. */
ngx_pool_t* ngx_create_pool(size_t bytes, ngx_log_t* log);

/* Runs the cleanups, newest first, and gives all memory back. O(chunks + large blocks). What a
 * cleanup registers while it runs is run as well; nginx forgets it. */
void ngx_destroy_pool(ngx_pool_t* pool);

/* Empties the pool for its next use: runs the cleanups, frees the large blocks, gives all chunks
 * but its own to the thread's slabs, where the next need finds them. nginx leaves the cleanups on a
 * list whose memory is handed out again, loses 48 bytes of every further chunk, and searches all
 * kept chunks in each allocation after: K blocks cost K * K. */
void ngx_reset_pool(ngx_pool_t* pool);

/* Returns `bytes` bytes aligned for any type of that size: to 16 if `bytes` is a multiple of 16,
 * else to 8 (nginx: always 8, wrong for long double and SSE types). Only the newest chunk is tried,
 * so the cost does not depend on how many there are; nginx tries about five old ones first. */
void* ngx_palloc(ngx_pool_t* pool, size_t bytes);

/* As ngx_palloc(), without alignment: for characters. What fits the present chunk lies there,
 * however large it is, and is not for ngx_pfree(). */
void* ngx_pnalloc(ngx_pool_t* pool, size_t bytes);

/* As ngx_palloc(), filled with zeros. */
void* ngx_pcalloc(ngx_pool_t* pool, size_t bytes);

/* As ngx_palloc(), aligned to `alignment`, a power of two (NULL for any other). A block of at most
 * pool->max bytes that fits the present chunk lies there; nginx always calls malloc. */
void* ngx_pmemalign(ngx_pool_t* pool, size_t bytes, size_t alignment);

/* Gives a block of more than pool->max bytes back: NGX_OK. Any other pointer: NGX_DECLINED, and
 * nothing happens. O(1); nginx walks its list of large blocks, which also grows without bound. */
ngx_int_t ngx_pfree(ngx_pool_t* pool, void* block);

/* Returns a cleanup, on the pool's list already, with `data_bytes` bytes at `data` (NULL for none),
 * whose handler the caller fills in; NULL, and nothing changed, if there is no memory. nginx keeps
 * the first of two blocks when it is refused the second. */
ngx_pool_cleanup_t* ngx_pool_cleanup_add(ngx_pool_t* pool, size_t data_bytes);

/* Closes `fd` now if the pool has a cleanup that would. O(cleanups). */
void ngx_pool_run_cleanup_file(ngx_pool_t* pool, ngx_fd_t fd);

/* Handlers: close the file of an ngx_pool_cleanup_file_t; delete it by its name and close it. */
void ngx_pool_cleanup_file(void* data);
void ngx_pool_delete_file(void* data);

/* What one pool holds. */
typedef struct {
  size_t reserved_bytes; /* chunks and large blocks, heads and all */
  size_t free_bytes;     /* of them, still to be handed out without another call */
  size_t chunk_count;
  size_t large_count;
  size_t cleanup_count;
} tarn_ngx_pool_stats;

/* O(chunks + cleanups). */
tarn_ngx_pool_stats tarn_ngx_stats_of_pool(const ngx_pool_t* pool);

/* What has happened on the calling thread since it began, and what its slabs hold now: chunks of up
 * to 8 KiB are slots of slabs. */
typedef struct {
  size_t created_count;
  size_t destroyed_count;
  size_t reset_count;
  size_t overflowed_count; /* pools that outgrew the chunk they were created with */
  size_t large_count;      /* blocks of more than pool->max bytes */
  size_t freed_count;      /* of them, given back by ngx_pfree() */
  size_t refused_count;    /* requests answered with NULL */
  size_t slot_bytes;       /* slots that pools hold */
  size_t slab_bytes;       /* the slabs they are of, and empty ones: from the system */
} tarn_ngx_thread_stats;

/* O(slabs). With TARN_NGX_STATS=PREFIX in the environment, each process also writes the counts of
 * its main thread to PREFIX.<process id> when it exits. */
tarn_ngx_thread_stats tarn_ngx_stats_of_thread(void);

#ifdef __cplusplus
}
#endif

#endif
