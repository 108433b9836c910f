# The face for people. Each target sets the machine up by itself (scripts/packages.txt).

.DEFAULT_GOAL := help
.PHONY: help test demo bench bench-smoke nginx nginx-bench coverage format tidy clean
.NOTPARALLEL:

SOURCES = $(shell git ls-files -co --exclude-standard '*.cpp' '*.hpp' '*.h' '*.c')

help:  ## print this list
	@sed -n 's/^\([a-z-]*\): *## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

test:  ## build with assertions and run every test
	@scripts/setup build test
	@cmake --workflow --preset dev

demo:  ## serve real HTTP requests with and without regions; record and replay
	@scripts/setup build test demo
	@scripts/demo

bench:  ## measure tarn beside its peers and print the whole table
	@scripts/setup build test bench
	@scripts/bench

bench-smoke:  ## run every benchmark, and scripts/bench, with tiny inputs
	@scripts/setup build test bench
	@cmake --preset release
	@cmake --build --preset release
	@ctest --preset bench-smoke
	@scripts/bench --smoke --json >/dev/null

nginx:  ## build nginx without and with tarn, and hold one against the other
	@scripts/setup build test nginx
	@integrations/nginx/test

nginx-bench:  ## measure nginx with tarn beside stock nginx
	@scripts/setup build test nginx
	@integrations/nginx/measure

coverage:  ## print which lines the tests reach
	@scripts/setup build test ci
	@scripts/coverage

format:  ## format the sources
	@scripts/setup test
	@clang-format -i $(SOURCES)

tidy:  ## run clang-tidy over the sources
	@scripts/setup build test ci
	@scripts/tidy

clean:  ## remove what was built
	@rm -rf build
