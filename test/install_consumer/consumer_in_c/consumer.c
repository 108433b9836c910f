/* What a stranger writes first in C: one include, one region, one line of output. */

#include <stdio.h>

#include "tarn/c/tarn.h"

int main(void) {
  tarn_region* region = tarn_region_create(NULL, NULL);
  const char* text = tarn_region_format(region, "tarn is installed, for %s too", "C");
  const int failed = text == NULL || puts(text) < 0;
  tarn_region_destroy(region);
  return failed;
}
