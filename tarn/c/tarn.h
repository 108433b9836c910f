/* tarn/c/tarn.h - memory of one lifetime, given back together, from C.
 *
 *     one chunk of the source                               more of them when it is full
 *     +--------------+-------------------+----------+       +-------------------+----------+
 *     | tarn_region  | handed out        | free     |------>| handed out        | free     |
 *     +--------------+-------------------+----------+       +-------------------+----------+
 *
 * Threads:    one at a time per region. What a source allows, its function says.
 * Failure:    see 2 and 3; what was called is as it was before.
 * Lifetime:   a block lives until its region is reset, is rewound to before it, or ends. A region
 *             ends when it is destroyed, or when its parent is destroyed, reset, or rewound to
 *             before the region was created in it or adopted by it. The handle ends with the
 *             region: of a region that may have ended with its parent nothing may be called, not
 *             even tarn_region_destroy().
 * Invariant:  a region holds nothing but chunks of its source, its handle included.
 *
 * Conventions. The comment of a function says what these leave open.
 *
 *  1. Sizes are in bytes. What counts things ends in "count".
 *  2. A pointer is returned for what was made or found. NULL is failure and errno says which:
 *     ENOMEM, the source or a limit refused the memory, or no machine has so much; EINVAL, an
 *     argument is wrong.
 *  3. An int is 0 for done, or -1 for failure with errno as in 2.
 *  4. A bool is an answer. "false" is no failure: it could not be so. errno is EINVAL if that is
 *     because an argument was wrong, else untouched.
 *  5. errno is written on failure only, whatever happens on the way and in cleanups.
 *  6. Blocks are aligned to 16 unless the name says otherwise; an alignment is a power of two, or
 *     EINVAL. Zero bytes are a valid request: the result is not NULL and must not be read. New
 *     bytes are unspecified unless the name says "zeroed".
 *  7. NULL for a region, a source, a function or a string is EINVAL where nothing else is said.
 *  8. A call costs O(1), and a call to the source for each chunk, where nothing else is said.
 *  9. A structure begins with its own size and is born by its _INIT macro; 0 in a field is the
 *     default. Fields are only added, at the end. A library that is newer than the program takes
 *     the missing ones for 0; an older one refuses, with EINVAL, those it does not know unless
 *     they are 0. The Linux kernel's openat2() grows so: one line to begin with, no function to
 *     call first, and program and library may be of different ages.
 * 10. No exception crosses this interface. Its functions are noexcept, and so are, from C++17 on,
 *     the types of functions given to it: what could throw does not compile. Before, and in C, they
 *     must not.
 * 11. What can not be told cheaply is undefined. Of that, a region that checks tells a wrong
 *     thread, a foreign pointer, a mark that a rewind ended and more, and stops the program with a
 *     line that says why: set TARN_CHECKING=guarded in the environment, or run under
 *     AddressSanitizer or Valgrind. The handle of a region that has ended is as a freed pointer:
 *     Valgrind tells, and AddressSanitizer if tarn is compiled with it.
 */

#ifndef TARN_C_TARN_H
#define TARN_C_TARN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TARN_API __attribute__((visibility("default")))
#define TARN_PRINTF(text, first) __attribute__((format(printf, text, first)))

#if defined(__cplusplus) && __cplusplus >= 201703L
#define TARN_NOTHROW noexcept
#else
#define TARN_NOTHROW
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tarn_region tarn_region;
typedef struct tarn_source tarn_source;

/* ---- sources: where chunks come from -------------------------------------------------------- */

/* Returns the heap: malloc. For any thread. Never NULL, never to be destroyed. */
TARN_API tarn_source* tarn_source_heap(void) TARN_NOTHROW;

/* Returns the source of a region that was told none: the heap, behind a cache of chunks for each
 * thread. For any thread; a chunk may be released on another thread than it was acquired on. Never
 * NULL, never to be destroyed. */
TARN_API tarn_source* tarn_source_thread_cached(void) TARN_NOTHROW;

/* Gives the calling thread's cached chunks back to the heap: for a thread about to wait for long.
 * O(cached chunks). */
TARN_API void tarn_source_drain_thread_cache(void) TARN_NOTHROW;

/* Bounds what the calling thread's cache keeps, having emptied it, and what the caches of threads
 * keep that have none yet: for a process that shall stay small after its busiest moment. O(cached
 * chunks). */
TARN_API void tarn_source_limit_thread_caches(size_t bytes_max) TARN_NOTHROW;

enum {
  TARN_PAGES_ORDINARY = 0,
  TARN_PAGES_TRANSPARENT_HUGE = 1,
  TARN_PAGES_EXPLICIT_HUGE = 2 /* out of vm.nr_hugepages; ordinary ones where it has no more */
};

/* Returns the source that maps whole pages for each chunk, and unmaps them. For any thread; meant
 * for chunks of many pages. Not to be destroyed. NULL: EINVAL, no such `pages`. */
TARN_API tarn_source* tarn_source_mapped(int pages) TARN_NOTHROW;

/* Returns a source of chunks cut from `buffer`, its handle lying in there too: a budget, and no
 * heap. One thread at a time. The buffer outlives the source, and until tarn_source_destroy()
 * nobody else writes to it. Acquiring and releasing is O(free pieces). NULL: EINVAL, no buffer or
 * one of less than 256 bytes. */
TARN_API tarn_source* tarn_source_create_fixed(void* buffer, size_t buffer_bytes) TARN_NOTHROW;

/* Returns a source that has no more than `bytes_max` bytes of `upstream` out at a time: a limit
 * that several regions share. One thread at a time. Its handle is a chunk of `upstream`, which is
 * not counted. `upstream` outlives it. */
TARN_API tarn_source* tarn_source_create_limited(tarn_source* upstream,
                                                 size_t bytes_max) TARN_NOTHROW;

/* Returns `bytes` bytes (at least 1) aligned to `alignment` (a power of two, at least 16), or NULL
 * for no more. A chunk that is not so aligned stops the program. */
typedef void* tarn_acquire_function(void* context, size_t bytes, size_t alignment) TARN_NOTHROW;

/* Takes a chunk back, with the numbers it was acquired with. */
typedef void tarn_release_function(void* context, void* chunk, size_t bytes,
                                   size_t alignment) TARN_NOTHROW;

/* Returns a source made of two functions, which are given `context` with each call. Its handle is a
 * chunk from `acquire`. For as many threads at once as the functions are. */
TARN_API tarn_source* tarn_source_create(tarn_acquire_function* acquire,
                                         tarn_release_function* release,
                                         void* context) TARN_NOTHROW;

/* Ends a source that was created; NULL is nothing to do. EINVAL for one that was not created, and,
 * where the source counts (fixed, limited), while chunks of it are out. What stands on it must have
 * ended: regions, limited sources. */
TARN_API int tarn_source_destroy(tarn_source* source) TARN_NOTHROW;

typedef struct tarn_source_stats {
  size_t struct_bytes;
  size_t used_bytes;         /* of the chunks that are out */
  size_t free_bytes;         /* what can still be given, in all */
  size_t largest_free_bytes; /* what can still be given, in one chunk */
  size_t refused_count;      /* requests refused by the limit; 0 for a fixed source */
} tarn_source_stats;

#define TARN_SOURCE_STATS_INIT \
  { sizeof(tarn_source_stats), 0, 0, 0, 0 }

/* Fills `stats` in for a fixed or a limited source; O(free pieces). EINVAL for one that does not
 * count. */
TARN_API int tarn_source_get_stats(const tarn_source* source,
                                   tarn_source_stats* stats) TARN_NOTHROW;

/* ---- regions -------------------------------------------------------------------------------- */

/* What a region takes at least: its handle and a few blocks. */
#define TARN_REGION_BYTES_MIN 1024

/* How closely a region watches its user. The environment's TARN_CHECKING=off|guarded|passthrough
 * says what "automatic" is; without it, "guarded" under AddressSanitizer, under Valgrind and in a
 * library built without NDEBUG, else "off". */
enum {
  TARN_CHECKING_AUTOMATIC = 0,
  TARN_CHECKING_OFF = 1,
  TARN_CHECKING_GUARDED = 2,    /* red zones; threads, marks and pointers are checked */
  TARN_CHECKING_PASSTHROUGH = 3 /* and every block by itself from the heap, or the source given */
};

typedef struct tarn_region_options {
  size_t struct_bytes;
  const char* name;          /* in messages; not copied: outlives the region. NULL: "region" */
  tarn_source* source;       /* outlives the region. NULL: tarn_source_thread_cached() */
  size_t first_chunk_bytes;  /* with the handle, TARN_REGION_BYTES_MIN at least. 0: 32768 */
  size_t chunk_bytes_max;    /* chunks double up to this. 0: 114688 */
  size_t reserved_bytes_max; /* most to hold from the source, handle included. 0: no limit */
  int checking;              /* TARN_CHECKING_... */
} tarn_region_options;

#define TARN_REGION_OPTIONS_INIT \
  { sizeof(tarn_region_options), NULL, NULL, 0, 0, 0, TARN_CHECKING_AUTOMATIC }

/* Returns a region; NULL for `parent` makes one that is nobody's child, NULL for `options` takes
 * over the parent's, or the defaults. The handle and the first blocks lie in one chunk of
 * first_chunk_bytes: creating, filling and destroying a small region is one call to the source and
 * one back. (A handle in the parent's memory would stay there until the parent's end, and a
 * connection of a thousand requests would hold a thousand.) If that is refused, a chunk of
 * TARN_REGION_BYTES_MIN is asked for. ENOMEM also for a reserved_bytes_max below that. */
TARN_API tarn_region* tarn_region_create(tarn_region* parent,
                                         const tarn_region_options* options) TARN_NOTHROW;

/* As tarn_region_create(), with handle and first blocks in `buffer`, which outlives the region: no
 * source is asked before it is full, and it does not count against reserved_bytes_max. EINVAL for
 * NULL or less than TARN_REGION_BYTES_MIN. */
TARN_API tarn_region* tarn_region_create_in(tarn_region* parent, const tarn_region_options* options,
                                            void* buffer, size_t buffer_bytes) TARN_NOTHROW;

/* Ends the children, newest first, runs the cleanups, newest first, and gives all memory back. NULL
 * is nothing to do. The handle is gone, and those of all children and theirs. A cleanup must not
 * destroy the region it belongs to, nor an ancestor. O(chunks + large blocks + children +
 * cleanups). */
TARN_API void tarn_region_destroy(tarn_region* region) TARN_NOTHROW;

/* ---- blocks --------------------------------------------------------------------------------- */

/* Returns `bytes` bytes. */
TARN_API void* tarn_region_allocate(tarn_region* region, size_t bytes) TARN_NOTHROW;

/* Returns `bytes` bytes aligned to `alignment`. */
TARN_API void* tarn_region_allocate_aligned(tarn_region* region, size_t bytes,
                                            size_t alignment) TARN_NOTHROW;

/* Returns `bytes` bytes aligned to 1: characters lie without gaps. */
TARN_API char* tarn_region_allocate_characters(tarn_region* region, size_t bytes) TARN_NOTHROW;

/* Returns `bytes` zeroed bytes. O(bytes). */
TARN_API void* tarn_region_allocate_zeroed(tarn_region* region, size_t bytes) TARN_NOTHROW;

/* Returns `bytes` zeroed bytes aligned to `alignment`. O(bytes). */
TARN_API void* tarn_region_allocate_zeroed_aligned(tarn_region* region, size_t bytes,
                                                   size_t alignment) TARN_NOTHROW;

/* Returns `count` zeroed elements of `element_bytes` each; ENOMEM if the product does not fit a
 * size_t. O(bytes). */
TARN_API void* tarn_region_allocate_zeroed_array(tarn_region* region, size_t count,
                                                 size_t element_bytes) TARN_NOTHROW;

/* Returns a block that can go early: whatever its size, it has a chunk of its own, and
 * tarn_region_deallocate_large() gives that back. */
TARN_API void* tarn_region_allocate_large(tarn_region* region, size_t bytes) TARN_NOTHROW;
TARN_API void* tarn_region_allocate_large_aligned(tarn_region* region, size_t bytes,
                                                  size_t alignment) TARN_NOTHROW;

/* Grows `block` from `bytes` to `new_bytes` where it lies: the newest block, while its chunk has
 * room. false: it stays as it is; allocate and copy. EINVAL: no block, or `new_bytes` < `bytes`. */
TARN_API bool tarn_region_try_extend(tarn_region* region, void* block, size_t bytes,
                                     size_t new_bytes) TARN_NOTHROW;

/* Shrinks `block` from `bytes` to `new_bytes`; what is beyond must not be used any more. true: it
 * can be handed out again, as this is the newest block. EINVAL: no block, or `new_bytes` >
 * `bytes`. */
TARN_API bool tarn_region_shrink(tarn_region* region, void* block, size_t bytes,
                                 size_t new_bytes) TARN_NOTHROW;

/* Gives `block`, of `bytes` bytes, back as far as that is possible; it must not be used any more.
 * true: the memory can be used again now, as this was the newest or a large block; false: when the
 * region ends. */
TARN_API bool tarn_region_deallocate(tarn_region* region, void* block, size_t bytes) TARN_NOTHROW;

/* Gives a large block back to the source. false: `block` is not a large block of this region. */
TARN_API bool tarn_region_deallocate_large(tarn_region* region, void* block) TARN_NOTHROW;

/* Free bytes from `first` to before `limit`. */
typedef struct tarn_room {
  char* first;
  char* limit;
} tarn_room;

/* Returns what is free behind the newest block, for code that moves a cursor of its own; valid
 * until the next call that allocates or gives back. Empty before the first block and when checking.
 * Two NULLs: EINVAL. */
TARN_API tarn_room tarn_region_room(const tarn_region* region) TARN_NOTHROW;

/* Takes what lies in tarn_region_room() before `cursor`, or gives back what was handed out from
 * `cursor` on in the newest chunk; the latter is O(chunks). EINVAL for any other place. */
TARN_API int tarn_region_move_cursor(tarn_region* region, char* cursor) TARN_NOTHROW;

/* ---- text: copies that end in '\0', aligned to 1 --------------------------------------------- */

/* Returns a copy of `string`. O(length). */
TARN_API char* tarn_region_copy_string(tarn_region* region, const char* string) TARN_NOTHROW;

/* Returns a copy of `bytes` characters, with a '\0' behind them. `characters` may be NULL if
 * `bytes` is 0. O(bytes). */
TARN_API char* tarn_region_copy_characters(tarn_region* region, const char* characters,
                                           size_t bytes) TARN_NOTHROW;

/* Returns what printf() would print. EINVAL: this locale can not, or it is longer than INT_MAX.
 * Costs what printf() does, twice if the text has more than 127 characters. */
TARN_API TARN_PRINTF(2, 3) char* tarn_region_format(tarn_region* region, const char* format,
                                                    ...) TARN_NOTHROW;
TARN_API TARN_PRINTF(2, 0) char* tarn_region_format_list(tarn_region* region, const char* format,
                                                         va_list arguments) TARN_NOTHROW;

/* ---- cleanups ------------------------------------------------------------------------------- */

typedef void tarn_cleanup_function(void* argument) TARN_NOTHROW;

/* Names a registered cleanup; to be copied at will. Valid until the region is rewound to before it;
 * after a reset it is told (EINVAL). */
typedef struct tarn_cleanup {
  uint64_t words[4];
} tarn_cleanup;

/* Has `run(argument)` called when the region ends or is reset or rewound past this point, the
 * newest first. It may use the region: allocate, add and cancel cleanups. Not the children, which
 * have ended by then. `cleanup` may be NULL; -1 leaves it alone. */
TARN_API int tarn_region_add_cleanup(tarn_region* region, tarn_cleanup_function* run,
                                     void* argument, tarn_cleanup* cleanup) TARN_NOTHROW;

/* As tarn_region_add_cleanup(), to close a file. EINVAL for a negative `descriptor`. An error of
 * the system when the time has come is not told. */
TARN_API int tarn_region_close_on_cleanup(tarn_region* region, int descriptor,
                                          tarn_cleanup* cleanup) TARN_NOTHROW;

/* The same, to delete the file `path`, which is copied. */
TARN_API int tarn_region_delete_file_on_cleanup(tarn_region* region, const char* path,
                                                tarn_cleanup* cleanup) TARN_NOTHROW;

/* Takes a cleanup off the list without running it. false: it has run or been cancelled already; or
 * EINVAL, it is of another region or was ended by a reset. */
TARN_API bool tarn_region_cancel_cleanup(tarn_region* region,
                                         const tarn_cleanup* cleanup) TARN_NOTHROW;

/* Takes a cleanup off the list and runs it now. false: as above. */
TARN_API bool tarn_region_run_cleanup(tarn_region* region,
                                      const tarn_cleanup* cleanup) TARN_NOTHROW;

/* ---- lifetimes ------------------------------------------------------------------------------ */

#define TARN_RETAIN_NOTHING 0
#define TARN_RETAIN_EVERYTHING SIZE_MAX

/* Ends all that the region holds: children, then cleanups, then blocks; the region itself stays. Of
 * its chunks it keeps the first, which the handle lies in, and of the others the oldest, up to
 * `retained_bytes_max` together. O(chunks + large blocks + children + cleanups). */
TARN_API int tarn_region_reset(tarn_region* region, size_t retained_bytes_max) TARN_NOTHROW;

/* As tarn_region_reset(), exchanging the chunks that it keeps behind the first for a single one, as
 * large as they are together: the next use of that size finds one long chunk. */
TARN_API int tarn_region_reset_to_one_chunk(tarn_region* region,
                                            size_t retained_bytes_max) TARN_NOTHROW;

/* A moment of a region; to be copied at will. */
typedef struct tarn_mark {
  uint64_t words[8];
} tarn_mark;

/* Stores this moment in `mark`. */
TARN_API int tarn_region_mark(tarn_region* region, tarn_mark* mark) TARN_NOTHROW;

/* Ends all that began after `mark`: children, cleanups, blocks. The chunks stay with the region.
 * Marks nest: those taken after `mark` end. EINVAL: a mark of another region, or one that a reset
 * ended. O(large blocks + children + cleanups that end). */
TARN_API int tarn_region_rewind(tarn_region* region, const tarn_mark* mark) TARN_NOTHROW;

/* Makes `child`, with all it holds, the newest child of `region` instead of its parent's or of
 * nobody's. EINVAL: `child` is `region` or an ancestor of it. O(depth of the tree). */
TARN_API int tarn_region_adopt(tarn_region* region, tarn_region* child) TARN_NOTHROW;

/* Makes `region` nobody's child: from now on only tarn_region_destroy() ends it. */
TARN_API int tarn_region_detach(tarn_region* region) TARN_NOTHROW;

/* Tells a checking region that the calling thread owns it from now on. A region may travel between
 * threads when no two use it at once; this makes the journey known. */
TARN_API int tarn_region_bind_to_this_thread(tarn_region* region) TARN_NOTHROW;

/* ---- looking -------------------------------------------------------------------------------- */

typedef struct tarn_region_stats {
  size_t struct_bytes;
  size_t requested_bytes;       /* asked for; known when checking, else as the next */
  size_t handed_out_bytes;      /* what the user holds, padding for alignment included */
  size_t peak_handed_out_bytes; /* the most that has ever been */
  size_t free_bytes;            /* can be handed out without asking the source */
  size_t reserved_bytes;        /* held from the source or in a caller's buffer, handle included */
  size_t wasted_bytes;          /* the rest: handle, headers, tables, tails of chunks */
  size_t chunk_count;
  size_t large_count;
  size_t cleanup_count;
  size_t child_count;
  size_t refused_count; /* requests refused by reserved_bytes_max */
} tarn_region_stats;

#define TARN_REGION_STATS_INIT \
  { sizeof(tarn_region_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/* Fills `stats` in. O(chunks + children + cleanups). */
TARN_API int tarn_region_get_stats(const tarn_region* region,
                                   tarn_region_stats* stats) TARN_NOTHROW;

/* Fills in what the region was created with: to change one thing for a child, say. */
TARN_API int tarn_region_get_options(const tarn_region* region,
                                     tarn_region_options* options) TARN_NOTHROW;

/* Returns the name the region was given. */
TARN_API const char* tarn_region_name(const tarn_region* region) TARN_NOTHROW;

/* Returns the parent; NULL, and errno untouched, for a region that has none. */
TARN_API tarn_region* tarn_region_parent(const tarn_region* region) TARN_NOTHROW;

/* Is given one child, which it must not end, and the `context`. */
typedef void tarn_visit_function(const tarn_region* child, void* context) TARN_NOTHROW;

/* Calls `visit` for each child, newest first; not for theirs. O(children). */
TARN_API int tarn_region_for_each_child(const tarn_region* region, tarn_visit_function* visit,
                                        void* context) TARN_NOTHROW;

/* true: the `bytes` bytes at `block` lie in what this region has handed out. For tests and
 * debuggers: O(chunks + large blocks). */
TARN_API bool tarn_region_owns(const tarn_region* region, const void* block,
                               size_t bytes) TARN_NOTHROW;

#ifdef __cplusplus
}
#endif

#endif
