// test/misuse/unknown_checking.cpp - is run with a TARN_CHECKING that tarn does not know.
//
// Expect strict:
//     tarn: TARN_CHECKING is "strict"; set it to off, guarded or passthrough
//     [tarn/os/checking.cpp:<line>]

#include "tarn/region/region.hpp"

int main() {
  tarn::Region region;
  static_cast<void>(region.allocate(100));
}
