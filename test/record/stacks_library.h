/* test/record/stacks_library.h - a library that is loaded and unloaded while a program runs. */

#pragma once

extern "C" void call_through_library(void (*call)());
