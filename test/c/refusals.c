/* test/c/refusals.c - whatever the library asks a source for may be refused, each request by itself
 * and as the beginning of a shortage: nothing is lost, and the region is as it was. */

#include <string.h>

#include "expect.h"

typedef struct scene {
  tarn_region* region;
  tarn_cleanup cleanup;
  tarn_mark mark;
  int run_count;
  size_t refused_count; /* calls answered with ENOMEM */
} scene;

/* Makes one call of the play; returns whether it could be done. */
static int play(scene* scene, int call) {
  tarn_region* region = scene->region;
  switch (call % 13) {
    case 0:
      return tarn_region_allocate(region, 100) != NULL;
    case 1:
      return tarn_region_add_cleanup(region, count_up, &scene->run_count, &scene->cleanup) == 0;
    case 2:
      return tarn_region_allocate_zeroed_array(region, 300, 7) != NULL;
    case 3:
      return tarn_region_allocate_large(region, 10) != NULL;
    case 4:
      return tarn_region_create(region, NULL) != NULL;
    case 5:
      return tarn_region_copy_characters(region, "some characters", 15) != NULL;
    case 6:
      return tarn_region_format(region, "%0200d", 7) != NULL;
    case 7:
      return tarn_region_delete_file_on_cleanup(region, "/nonexistent/tarn", NULL) == 0;
    case 8:
      return tarn_region_allocate_aligned(region, 5000, 256) != NULL;
    case 9:
      return tarn_region_close_on_cleanup(region, 1000000, NULL) == 0;
    case 10:
      return tarn_region_allocate_large_aligned(region, 100, 4096) != NULL;
    case 11:
      return tarn_region_allocate_characters(region, 40) != NULL;
    default:
      return tarn_region_allocate(region, 700) != NULL;
  }
}

enum { CALL_COUNT = 3 * 13 };

/* What can be seen of a region. How much its table of large blocks reserved is left out: it may
 * grow before the block is refused. */
static tarn_region_stats visible(const tarn_region* region) {
  tarn_region_stats stats = stats_of(region);
  stats.peak_handed_out_bytes = 0;
  stats.reserved_bytes = 0;
  stats.wasted_bytes = 0;
  return stats;
}

static void play_all(scene* scene) {
  for (int call = 0; call < CALL_COUNT; ++call) {
    const tarn_region_stats before = visible(scene->region);
    errno = EDOM;
    if (play(scene, call)) {
      EXPECT(errno == EDOM);
    } else {
      const tarn_region_stats after = visible(scene->region);
      EXPECT(errno == ENOMEM);
      EXPECT(memcmp(&before, &after, sizeof before) == 0);
      ++scene->refused_count;
    }
  }
}

static void end_all(scene* scene) {
  const size_t cleanup_count = stats_of(scene->region).cleanup_count;
  errno = EDOM;
  EXPECT(tarn_region_reset_to_one_chunk(scene->region, TARN_RETAIN_EVERYTHING) == 0);
  EXPECT(stats_of(scene->region).handed_out_bytes == 0);
  EXPECT(stats_of(scene->region).child_count == 0);
  EXPECT(scene->run_count <= 3 && cleanup_count >= (size_t)scene->run_count);
  tarn_region_destroy(scene->region);
  EXPECT(errno == EDOM);
}

/* Returns whether anything was left to refuse. */
static int run(size_t fail_index, size_t fail_count) {
  test_source counted = {0, 0, 0, 0, 0, 0};
  scene scene = {NULL, {{0}}, {{0}}, 0, 0};
  tarn_region_options options = TARN_REGION_OPTIONS_INIT;
  counted.fail_index = fail_index;
  counted.fail_count = fail_count;
  errno = EDOM;
  options.source = tarn_source_create(test_acquire, test_release, &counted);
  if (options.source == NULL) {
    EXPECT(errno == ENOMEM && counted.out_count == 0);
    return 1;
  }
  options.first_chunk_bytes = 2048;
  options.chunk_bytes_max = 4096;
  scene.region = tarn_region_create(NULL, &options);
  if (scene.region != NULL) {
    EXPECT(errno == EDOM);
    play_all(&scene);
    end_all(&scene);
  } else {
    EXPECT(errno == ENOMEM);
  }
  EXPECT(tarn_source_destroy(options.source) == 0);
  EXPECT(counted.out_count == 0 && counted.out_bytes == 0);
  return counted.refused_count != 0;
}

int main(void) {
  size_t single_count = 0;
  size_t shortage_count = 0;
  while (run(single_count, 1)) ++single_count;
  while (run(shortage_count, (size_t)-1)) ++shortage_count;
  EXPECT(single_count >= 8 && shortage_count >= 8);
  printf("%u requests refused by themselves, %u with all after\n", (unsigned)single_count,
         (unsigned)shortage_count);
  return failure_count != 0;
}
