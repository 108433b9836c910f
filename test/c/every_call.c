/* test/c/every_call.c - each function of tarn.h, called from C as it is meant and as it is not. */

#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "expect.h"

static int is_aligned(const void* block, size_t alignment) {
  return (uintptr_t)block % alignment == 0;
}

static int is_zero(const unsigned char* bytes, size_t count) {
  while (count > 0) {
    if (bytes[--count] != 0) return 0;
  }
  return 1;
}

static int is_checking(void) { return strcmp(getenv("TARN_CHECKING"), "off") != 0; }

static int every_block_is_large(void) {
  return strcmp(getenv("TARN_CHECKING"), "passthrough") == 0;
}

static void blocks(tarn_region* region) {
  unsigned char* zeroed = tarn_region_allocate_zeroed(region, 100);
  unsigned char* array = tarn_region_allocate_zeroed_array(region, 10, 3);
  void* page = tarn_region_allocate_aligned(region, 10, 4096);
  unsigned char* line = tarn_region_allocate_zeroed_aligned(region, 10, 64);
  char* characters = tarn_region_allocate_characters(region, 5);
  void* large = tarn_region_allocate_large(region, 10);
  void* large_page = tarn_region_allocate_large_aligned(region, 10, 4096);
  EXPECT(is_aligned(tarn_region_allocate(region, 7), 16));
  EXPECT(tarn_region_allocate(region, 0) != NULL);
  EXPECT(is_zero(zeroed, 100) && is_zero(array, 30) && is_zero(line, 10));
  EXPECT(is_aligned(page, 4096) && is_aligned(line, 64) && is_aligned(large_page, 4096));
  EXPECT(tarn_region_owns(region, characters, 5));
  EXPECT(!tarn_region_owns(region, &page, sizeof page));
  EXPECT(stats_of(region).large_count >= 2);
  EXPECT(tarn_region_deallocate_large(region, large));
  EXPECT(tarn_region_deallocate(region, large_page, 10));
  EXPECT(every_block_is_large() || !tarn_region_deallocate_large(region, characters));
}

static void blocks_that_change(tarn_region* region) {
  char* newest = tarn_region_allocate(region, 32);
  if (every_block_is_large()) {
    EXPECT(!tarn_region_try_extend(region, newest, 32, 64));
    return;
  }
  EXPECT(tarn_region_try_extend(region, newest, 32, 64));
  memset(newest, 1, 64);
  EXPECT(!tarn_region_try_extend(region, newest, 64, SIZE_MAX));
  EXPECT(tarn_region_shrink(region, newest, 64, 8));
  EXPECT(tarn_region_deallocate(region, newest, 8));
  EXPECT(tarn_region_allocate(region, 32) == newest);
}

static void room_to_move_in(tarn_region* region) {
  const tarn_room room = tarn_region_room(region);
  const size_t before_bytes = stats_of(region).handed_out_bytes;
  EXPECT(room.first <= room.limit);
  EXPECT(tarn_region_move_cursor(region, room.first) == 0);
  EXPECT_ERROR(EINVAL, tarn_region_move_cursor(region, room.limit + 1) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_move_cursor(region, (char*)region) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_move_cursor(region, NULL) == -1);
  if (is_checking()) {
    EXPECT(room.first == room.limit);
    EXPECT_ERROR(EINVAL, tarn_region_move_cursor(region, room.first - 1) == -1);
    return;
  }
  memset(room.first, 1, 10);
  EXPECT(tarn_region_move_cursor(region, room.first + 10) == 0);
  EXPECT(tarn_region_owns(region, room.first, 10));
  EXPECT(stats_of(region).handed_out_bytes == before_bytes + 10);
  EXPECT(tarn_region_move_cursor(region, room.first + 4) == 0);
  EXPECT(tarn_region_room(region).first == room.first + 4);
}

static char* format_list(tarn_region* region, const char* format, ...) {
  char* text = NULL;
  va_list arguments;
  va_start(arguments, format);
  text = tarn_region_format_list(region, format, arguments);
  va_end(arguments);
  return text;
}

static void text(tarn_region* region) {
  EXPECT(strcmp(tarn_region_copy_string(region, "index"), "index") == 0);
  EXPECT(strcmp(tarn_region_copy_characters(region, "index.html", 5), "index") == 0);
  EXPECT(strcmp(tarn_region_copy_characters(region, NULL, 0), "") == 0);
  EXPECT(strcmp(tarn_region_format(region, "%s/%d", "page", 7), "page/7") == 0);
  EXPECT(strlen(tarn_region_format(region, "%0500d", 7)) == 500);
  EXPECT(strcmp(format_list(region, "%c%c", 'o', 'k'), "ok") == 0);
  EXPECT_ERROR(EINVAL, tarn_region_format(region, "%lc", (wint_t)0x20AC) == NULL);
}

static void cleanups(tarn_region* region) {
  int run_count = 0;
  tarn_cleanup cancelled, early, file;
  char path[] = "/tmp/tarn_c_XXXXXX";
  const int descriptor = mkstemp(path);
  EXPECT(tarn_region_add_cleanup(region, count_up, &run_count, NULL) == 0);
  EXPECT(tarn_region_add_cleanup(region, count_up, &run_count, &cancelled) == 0);
  EXPECT(tarn_region_add_cleanup(region, count_up, &run_count, &early) == 0);
  EXPECT(tarn_region_close_on_cleanup(region, descriptor, &file) == 0);
  EXPECT(tarn_region_delete_file_on_cleanup(region, path, NULL) == 0);
  EXPECT(stats_of(region).cleanup_count == 5);
  EXPECT(tarn_region_cancel_cleanup(region, &cancelled));
  EXPECT(tarn_region_run_cleanup(region, &early) && run_count == 1);
  EXPECT(tarn_region_run_cleanup(region, &file) && fcntl(descriptor, F_GETFD) == -1);
  errno = 0;
  EXPECT(!tarn_region_cancel_cleanup(region, &cancelled));
  EXPECT(!tarn_region_run_cleanup(region, &early) && errno == 0 && run_count == 1);
  EXPECT(access(path, F_OK) == 0);
  EXPECT(tarn_region_reset(region, TARN_RETAIN_EVERYTHING) == 0);
  EXPECT(run_count == 2 && access(path, F_OK) == -1);
  EXPECT_ERROR(EINVAL, !tarn_region_cancel_cleanup(region, &cancelled));
}

static void marks_and_resets(tarn_region* region) {
  tarn_mark mark;
  int run_count = 0;
  const size_t before_bytes = stats_of(region).handed_out_bytes;
  EXPECT(tarn_region_mark(region, &mark) == 0);
  EXPECT(tarn_region_allocate(region, 100000) != NULL);
  EXPECT(tarn_region_add_cleanup(region, count_up, &run_count, NULL) == 0);
  EXPECT(tarn_region_create(region, NULL) != NULL);
  EXPECT(tarn_region_rewind(region, &mark) == 0);
  EXPECT(run_count == 1 && stats_of(region).child_count == 0);
  EXPECT(stats_of(region).handed_out_bytes == before_bytes);
  EXPECT(tarn_region_reset(region, TARN_RETAIN_NOTHING) == 0);
  EXPECT(stats_of(region).handed_out_bytes == 0);
  EXPECT_ERROR(EINVAL, tarn_region_rewind(region, &mark) == -1);
  EXPECT(tarn_region_reset(region, 65536) == 0);
  EXPECT(tarn_region_reset_to_one_chunk(region, TARN_RETAIN_EVERYTHING) == 0);
}

static void add_name(const tarn_region* child, void* context) {
  strcat(context, tarn_region_name(child));
}

static void tree(tarn_region* region) {
  tarn_region_options options = TARN_REGION_OPTIONS_INIT;
  tarn_region* first = NULL;
  tarn_region* second = NULL;
  char names[8] = "";
  EXPECT(tarn_region_get_options(region, &options) == 0);
  options.name = "a";
  first = tarn_region_create(region, &options);
  options.name = "b";
  second = tarn_region_create(region, &options);
  EXPECT(tarn_region_parent(first) == region);
  EXPECT(tarn_region_for_each_child(region, add_name, names) == 0);
  EXPECT(strcmp(names, "ba") == 0);
  EXPECT(tarn_region_adopt(first, second) == 0 && tarn_region_parent(second) == first);
  EXPECT_ERROR(EINVAL, tarn_region_adopt(second, region) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_adopt(first, first) == -1);
  EXPECT(tarn_region_detach(first) == 0 && stats_of(region).child_count == 0);
  EXPECT_ERROR(0, tarn_region_parent(first) == NULL);
  EXPECT(tarn_region_bind_to_this_thread(first) == 0);
  tarn_region_destroy(first);
  tarn_region_destroy(NULL);
}

static void in_a_buffer(void) {
  static char buffer[3000];
  tarn_region* region = tarn_region_create_in(NULL, NULL, buffer + 1, sizeof buffer - 1);
  char* block = tarn_region_allocate(region, 100);
  const size_t place = (size_t)(block - buffer);
  EXPECT(every_block_is_large() || place < sizeof buffer);
  tarn_region_destroy(region);
  memset(buffer, 1, sizeof buffer);
  EXPECT_ERROR(EINVAL, tarn_region_create_in(NULL, NULL, NULL, 3000) == NULL);
  EXPECT_ERROR(EINVAL, tarn_region_create_in(NULL, NULL, buffer, 1023) == NULL);
}

static void use(tarn_source* source) {
  tarn_region_options options = TARN_REGION_OPTIONS_INIT;
  tarn_region* region = NULL;
  options.source = source;
  options.first_chunk_bytes = 2048;
  region = tarn_region_create(NULL, &options);
  EXPECT(tarn_region_allocate(region, 3000) != NULL);
  tarn_region_destroy(region);
}

static void sources(void) {
  static char buffer[16384];
  tarn_source_stats stats = TARN_SOURCE_STATS_INIT;
  tarn_source* fixed = tarn_source_create_fixed(buffer, sizeof buffer);
  tarn_source* limited = tarn_source_create_limited(fixed, 8192);
  use(tarn_source_heap());
  use(tarn_source_thread_cached());
  use(tarn_source_mapped(TARN_PAGES_TRANSPARENT_HUGE));
  use(limited);
  tarn_source_drain_thread_cache();
  tarn_source_limit_thread_caches(65536);
  EXPECT(tarn_source_get_stats(limited, &stats) == 0);
  EXPECT(stats.used_bytes == 0 && stats.free_bytes == 8192 && stats.largest_free_bytes == 8192);
  EXPECT(tarn_source_get_stats(fixed, &stats) == 0);
  EXPECT(stats.used_bytes > 0 && stats.free_bytes < sizeof buffer);
  EXPECT_ERROR(EINVAL, tarn_source_destroy(fixed) == -1); /* the limited one is out */
  EXPECT(tarn_source_destroy(limited) == 0 && tarn_source_destroy(fixed) == 0);
  EXPECT(tarn_source_destroy(NULL) == 0);
  EXPECT_ERROR(EINVAL, tarn_source_destroy(tarn_source_heap()) == -1);
  EXPECT_ERROR(EINVAL, tarn_source_get_stats(tarn_source_heap(), &stats) == -1);
  EXPECT_ERROR(EINVAL, tarn_source_mapped(3) == NULL);
  EXPECT_ERROR(EINVAL, tarn_source_create_fixed(NULL, 1000) == NULL);
  EXPECT_ERROR(EINVAL, tarn_source_create_fixed(buffer, 255) == NULL);
  EXPECT_ERROR(EINVAL, tarn_source_create_limited(NULL, 1000) == NULL);
  EXPECT_ERROR(EINVAL, tarn_source_create(NULL, test_release, NULL) == NULL);
  EXPECT_ERROR(EINVAL, tarn_source_create(test_acquire, NULL, NULL) == NULL);
}

static void sizes_no_machine_has(tarn_region* region) {
  const size_t huge = SIZE_MAX;
  const size_t strictest = SIZE_MAX / 2 + 1;
  for (size_t less = 0; less < 70; ++less) {
    EXPECT_ERROR(ENOMEM, tarn_region_allocate(region, huge - less) == NULL);
    EXPECT_ERROR(ENOMEM, tarn_region_allocate_characters(region, huge - less) == NULL);
    EXPECT_ERROR(ENOMEM, tarn_region_allocate_large(region, huge - less) == NULL);
    EXPECT_ERROR(ENOMEM, tarn_region_allocate_zeroed(region, huge - less) == NULL);
    EXPECT_ERROR(ENOMEM, tarn_region_copy_characters(region, "", huge - less) == NULL);
  }
  EXPECT_ERROR(ENOMEM, tarn_region_allocate_zeroed_array(region, huge / 2 + 2, 2) == NULL);
  EXPECT_ERROR(ENOMEM, tarn_region_allocate_aligned(region, huge - 4096, 4096) == NULL);
  EXPECT_ERROR(ENOMEM, tarn_region_allocate_aligned(region, 1, strictest) == NULL);
  EXPECT_ERROR(ENOMEM, tarn_region_allocate_large_aligned(region, huge, strictest) == NULL);
}

static void alignments_that_are_none(tarn_region* region) {
  static const size_t wrong[] = {0, 3, 24, SIZE_MAX};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
    EXPECT_ERROR(EINVAL, tarn_region_allocate_aligned(region, 1, wrong[i]) == NULL);
    EXPECT_ERROR(EINVAL, tarn_region_allocate_zeroed_aligned(region, 1, wrong[i]) == NULL);
    EXPECT_ERROR(EINVAL, tarn_region_allocate_large_aligned(region, 1, wrong[i]) == NULL);
  }
}

static void blocks_of_no_region(void) {
  char byte = 0;
  EXPECT_ERROR(EINVAL, tarn_region_allocate(NULL, 1) == NULL);
  EXPECT_ERROR(EINVAL, tarn_region_allocate_aligned(NULL, 1, 16) == NULL);
  EXPECT_ERROR(EINVAL, tarn_region_allocate_characters(NULL, 1) == NULL);
  EXPECT_ERROR(EINVAL, tarn_region_allocate_zeroed(NULL, 1) == NULL);
  EXPECT_ERROR(EINVAL, tarn_region_allocate_zeroed_aligned(NULL, 1, 16) == NULL);
  EXPECT_ERROR(EINVAL, tarn_region_allocate_zeroed_array(NULL, 1, 1) == NULL);
  EXPECT_ERROR(EINVAL, tarn_region_allocate_large(NULL, 1) == NULL);
  EXPECT_ERROR(EINVAL, tarn_region_allocate_large_aligned(NULL, 1, 16) == NULL);
  EXPECT_ERROR(EINVAL, !tarn_region_try_extend(NULL, &byte, 1, 2));
  EXPECT_ERROR(EINVAL, !tarn_region_shrink(NULL, &byte, 1, 0));
  EXPECT_ERROR(EINVAL, !tarn_region_deallocate(NULL, &byte, 1));
  EXPECT_ERROR(EINVAL, !tarn_region_deallocate_large(NULL, &byte));
  EXPECT_ERROR(EINVAL, tarn_region_room(NULL).first == NULL);
  EXPECT_ERROR(EINVAL, tarn_region_move_cursor(NULL, &byte) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_copy_string(NULL, "") == NULL);
  EXPECT_ERROR(EINVAL, tarn_region_copy_characters(NULL, "", 0) == NULL);
  EXPECT_ERROR(EINVAL, tarn_region_format(NULL, "x") == NULL);
  EXPECT_ERROR(EINVAL, !tarn_region_owns(NULL, &byte, 1));
}

static void lifetimes_of_no_region(tarn_region* region) {
  tarn_mark mark = {{0}};
  tarn_cleanup cleanup = {{0}};
  tarn_region_stats stats = TARN_REGION_STATS_INIT;
  tarn_region_options options = TARN_REGION_OPTIONS_INIT;
  EXPECT_ERROR(EINVAL, tarn_region_add_cleanup(NULL, count_up, NULL, NULL) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_close_on_cleanup(NULL, 1, NULL) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_delete_file_on_cleanup(NULL, "x", NULL) == -1);
  EXPECT_ERROR(EINVAL, !tarn_region_cancel_cleanup(NULL, &cleanup));
  EXPECT_ERROR(EINVAL, !tarn_region_run_cleanup(NULL, &cleanup));
  EXPECT_ERROR(EINVAL, tarn_region_reset(NULL, 0) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_reset_to_one_chunk(NULL, 0) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_mark(NULL, &mark) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_rewind(NULL, &mark) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_adopt(NULL, region) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_adopt(region, NULL) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_detach(NULL) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_bind_to_this_thread(NULL) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_get_stats(NULL, &stats) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_get_options(NULL, &options) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_name(NULL) == NULL);
  EXPECT_ERROR(EINVAL, tarn_region_parent(NULL) == NULL);
  EXPECT_ERROR(EINVAL, tarn_region_for_each_child(NULL, add_name, NULL) == -1);
}

static void arguments_that_are_wrong(tarn_region* region) {
  tarn_mark mark = {{0}};
  tarn_cleanup cleanup = {{0}};
  char* block = tarn_region_allocate(region, 8);
  EXPECT_ERROR(EINVAL, !tarn_region_try_extend(region, NULL, 8, 16));
  EXPECT_ERROR(EINVAL, !tarn_region_try_extend(region, block, 8, 7));
  EXPECT_ERROR(EINVAL, !tarn_region_shrink(region, NULL, 8, 0));
  EXPECT_ERROR(EINVAL, !tarn_region_shrink(region, block, 8, 9));
  EXPECT_ERROR(EINVAL, !tarn_region_deallocate(region, NULL, 8));
  EXPECT_ERROR(EINVAL, !tarn_region_deallocate_large(region, NULL));
  EXPECT_ERROR(EINVAL, tarn_region_copy_string(region, NULL) == NULL);
  EXPECT_ERROR(EINVAL, tarn_region_copy_characters(region, NULL, 1) == NULL);
  EXPECT_ERROR(EINVAL, format_list(region, NULL) == NULL);
  EXPECT_ERROR(EINVAL, tarn_region_add_cleanup(region, NULL, NULL, NULL) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_close_on_cleanup(region, -1, NULL) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_delete_file_on_cleanup(region, NULL, NULL) == -1);
  EXPECT_ERROR(EINVAL, !tarn_region_cancel_cleanup(region, &cleanup));
  EXPECT_ERROR(EINVAL, !tarn_region_cancel_cleanup(region, NULL));
  EXPECT_ERROR(EINVAL, !tarn_region_run_cleanup(region, &cleanup));
  EXPECT_ERROR(EINVAL, tarn_region_mark(region, NULL) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_rewind(region, NULL) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_rewind(region, &mark) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_get_stats(region, NULL) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_get_options(region, NULL) == -1);
  EXPECT_ERROR(EINVAL, tarn_region_for_each_child(region, NULL, NULL) == -1);
  EXPECT_ERROR(EINVAL, !tarn_region_owns(region, NULL, 0));
}

static void options_that_are_wrong(void) {
  tarn_region_options options = TARN_REGION_OPTIONS_INIT;
  options.checking = 4;
  EXPECT_ERROR(EINVAL, tarn_region_create(NULL, &options) == NULL);
  options.checking = -1;
  EXPECT_ERROR(EINVAL, tarn_region_create(NULL, &options) == NULL);
  options.checking = TARN_CHECKING_AUTOMATIC;
  options.struct_bytes = 0;
  EXPECT_ERROR(EINVAL, tarn_region_create(NULL, &options) == NULL);
  options.struct_bytes = sizeof options;
  options.reserved_bytes_max = TARN_REGION_BYTES_MIN - 1;
  EXPECT_ERROR(ENOMEM, tarn_region_create(NULL, &options) == NULL);
}

int main(void) {
  test_source counted = {0, 0, 0, 0, 0, 0};
  tarn_region_options options = TARN_REGION_OPTIONS_INIT;
  tarn_region* region = NULL;
  options.name = "every call";
  options.source = tarn_source_create(test_acquire, test_release, &counted);
  region = tarn_region_create(NULL, &options);
  blocks(region);
  blocks_that_change(region);
  room_to_move_in(region);
  text(region);
  cleanups(region);
  marks_and_resets(region);
  tree(region);
  in_a_buffer();
  sources();
  sizes_no_machine_has(region);
  alignments_that_are_none(region);
  blocks_of_no_region();
  lifetimes_of_no_region(region);
  arguments_that_are_wrong(region);
  options_that_are_wrong();
  tarn_region_destroy(region);
  EXPECT(tarn_source_destroy(options.source) == 0);
  EXPECT(counted.out_count == 0 && counted.out_bytes == 0);
  return failure_count != 0;
}
