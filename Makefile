# SPDX-License-Identifier: MIT
#
# mrcount's build, for GNU make.
#
#   make                the program build/mrcount, build/libmapreduce.a and .so
#   make run            counts a sample text and shows its ten most frequent words
#   make check          all tests; the last line is check's own summary
#   make asan, tsan     the tests under ASan and UBSan, or under TSan, in build/asan, build/tsan
#   make fault          every allocation and every system call made to fail in turn
#   make fuzz           random inputs under sanitizers, with clang
#   make stress         random calls of the library from many threads
#   make lint           compilers with warnings as errors, clang-tidy, cppcheck, shellcheck, man pages,
#                       and the rules about who may include and call what
#   make check-corpus   the comparisons of the tests on big texts from Debian packages
#   make check-arm64    builds for 64-bit ARM, and runs the golden cases and the kernels under qemu-user
#   make check-cluster  mrcount under real Spark and Hadoop daemons on this machine, which are fetched
#                       once; make bench-cluster takes times of them
#   make documents      runs the examples of README and man pages and writes their outputs anew
#   make manual         writes the man pages of the library's calls anew, from mapreduce.h
#   make bench          times on large texts, beside those of other programs
#   make bench-memory   exact counts, times and peaks where memory is scarce
#   make unicode        writes the Unicode tables anew from the Unicode Character Database in UCD
#   make install        PREFIX (/usr/local) and DESTDIR are respected; make uninstall undoes it
#   make dist           a source tarball in build/, of what is committed
#   make package        Debian packages of it in build/package, and lintian
#   make check-package  installs those in a new Debian made by debootstrap, and tries them there
#
# CC, CFLAGS, CPPFLAGS and LDFLAGS are the user's; V=1 shows whole commands. HARDENING= builds without
# hardening flags, CPPFLAGS=-DMRCOUNT_NO_SANDBOX without the filter of system calls, and
# CROSS=aarch64-linux-gnu- NATIVE=build/mrcount for another machine.

BUILD  ?= build
CFLAGS ?= -O2 -g
OBJCOPY ?= objcopy
CXX     ?= c++
ifdef CROSS
CC := $(CROSS)gcc
LD := $(CROSS)ld
AR := $(CROSS)ar
OBJCOPY := $(CROSS)objcopy
endif
PREFIX ?= /usr/local

bindir       ?= $(PREFIX)/bin
libdir       ?= $(PREFIX)/lib
includedir   ?= $(PREFIX)/include
datadir      ?= $(PREFIX)/share
mandir       ?= $(datadir)/man
pkgconfigdir ?= $(libdir)/pkgconfig
bashcompdir  ?= $(datadir)/bash-completion/completions
zshcompdir   ?= $(datadir)/zsh/site-functions
fishcompdir  ?= $(datadir)/fish/vendor_completions.d

# One number for program and library, "MAJOR MINOR PATCH" of the header: libmapreduce.so.1 is of 1.x.y.
NUMBERS := $(shell sed -nE 's/^\#define MR_VERSION_(MAJOR|MINOR|PATCH) ([0-9]+)$$/\2/p' src/engine/mapreduce.h)
ifneq (3,$(words $(NUMBERS)))
$(error src/engine/mapreduce.h says no version)
endif
VERSION := $(word 1,$(NUMBERS)).$(word 2,$(NUMBERS)).$(word 3,$(NUMBERS))
SONAME  := libmapreduce.so.$(word 1,$(NUMBERS))
SOFILE  := libmapreduce.so.$(VERSION)

# ---- Flags ---------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
            -Wmissing-prototypes -Wvla
ifdef WERROR
WARNINGS += -Werror
endif

# $(call supported,FLAG): the flag, where the compiler takes it without a word.
supported = $(shell $(CC) -Werror $(1) -x c -c /dev/null -o /dev/null 2>/dev/null && echo $(1))

ifndef VARIANT
HARDENING := -fstack-protector-strong $(call supported,-fstack-clash-protection) \
             $(call supported,-fcf-protection)
ifeq (,$(findstring _FORTIFY_SOURCE,$(CFLAGS) $(CPPFLAGS)))
ifneq (,$(filter -O1 -O2 -O3 -Os -Og,$(CFLAGS)))
HARDENING += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif
endif
HARDENING_LD := -Wl,-z,relro,-z,now
SHARED_LD    := -Wl,-z,defs
else ifeq ($(VARIANT),asan)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else ifeq ($(VARIANT),tsan)
SANITIZE := -fsanitize=thread -fno-omit-frame-pointer
else
$(error VARIANT is asan or tsan)
endif

# Libraries that the program can do without; PCRE2=no leaves one out. Each is loaded when it is needed.
# Older Debians have libbz2 without a file for pkg-config.
found = $(if $(CROSS),no,$(shell pkg-config --exists $(1) 2> /dev/null && echo yes))
PCRE2 ?= $(call found,libpcre2-8)
ISAL  ?= $(call found,libisal)
ZSTD  ?= $(call found,libzstd)
LZMA  ?= $(call found,liblzma)
LZ4   ?= $(call found,liblz4)
BZIP2 ?= $(if $(CROSS),no,$(shell echo '\#include <bzlib.h>' | $(CC) $(CPPFLAGS) -E -x c - > /dev/null 2>&1 && echo yes))

# $(call optional,NAME,PACKAGE): what the compiler is told where NAME is built in.
optional = $(if $(filter yes,$($(1))),-DMRCOUNT_$(1) $(shell pkg-config --cflags $(2) 2> /dev/null))
OPTIONAL := $(strip $(call optional,PCRE2,libpcre2-8) $(call optional,ISAL,libisal) $(call optional,ZSTD,libzstd) \
            $(call optional,LZMA,liblzma) $(call optional,LZ4,liblz4) $(call optional,BZIP2,bzip2))

ALL_CPPFLAGS = -D_GNU_SOURCE -Isrc $(OPTIONAL) $(CPPFLAGS)
ALL_CFLAGS   = -std=c11 $(WARNINGS) -fvisibility=hidden -pthread $(HARDENING) $(SANITIZE) $(CFLAGS)
ALL_LDFLAGS  = -pthread $(HARDENING_LD) $(SANITIZE) $(LDFLAGS)

# The library's objects go into the program, the static and the shared library alike.
PIC := -fPIC $(call supported,-fno-semantic-interposition)
PIE := -fPIE

# What builds shows as a short line, $(call say,CC,FILE), or as it is with V=1.
ifeq ($(V),1)
say =
quiet =
else
say = @$(if $(findstring s,$(firstword -$(MAKEFLAGS))),,echo $(1) $(2) &&)
quiet = @
endif

# ---- What is built from what ---------------------------------------------------------------------

SOURCES := $(sort $(wildcard src/*.c src/*/*.c src/engine/*/*.c src/text/*/*.c src/base/*/*.c))
LIB_SOURCES  := $(filter src/engine/% src/base/%,$(SOURCES))
PROG_SOURCES := $(filter-out $(LIB_SOURCES),$(SOURCES))
TEST_SOURCES := $(sort $(wildcard tests/unit/*.c))
EXAMPLES     := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/examples/*.c)))

object       = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
LIB_OBJECTS  := $(call object,$(LIB_SOURCES))
PROG_OBJECTS := $(call object,$(PROG_SOURCES))
TEST_OBJECTS := $(call object,$(TEST_SOURCES))
SUITES       := $(patsubst tests/unit/%.c,%,$(filter tests/unit/test_%.c,$(TEST_SOURCES)))

.PHONY: all run check asan tsan fault stress fuzz fuzz-programs lint check-corpus check-arm64 check-cluster bench \
        bench-memory bench-cluster unicode manual install uninstall dist \
        package check-package documents clean check-programs FORCE
.DELETE_ON_ERROR:
.SUFFIXES:

COMPLETIONS := $(patsubst %,$(BUILD)/completions/%,bash zsh fish)

all: $(BUILD)/mrcount $(BUILD)/libmapreduce.a $(BUILD)/libmapreduce.so $(COMPLETIONS)

# Everything depends on the flags it was built with, so that a change of them builds anew.
FLAGS_NOW := $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(FLAGS_NOW))' | cmp -s - $@ || \
	    printf '%s\n' '$(subst ','\'',$(FLAGS_NOW))' > $@

$(LIB_OBJECTS): CODE := $(PIC)
$(PROG_OBJECTS) $(TEST_OBJECTS): CODE := $(PIE)
$(TEST_OBJECTS): private ALL_CPPFLAGS += -I$(BUILD)/obj/tests -Itests
$(call object,tests/unit/main.c): $(BUILD)/obj/tests/suites.inc

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<) $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(CODE) -MMD -MP -c -o $@ $<

$(BUILD)/mrcount: $(PROG_OBJECTS) $(LIB_OBJECTS)
	$(call say,LD,$@) $(CC) $(ALL_CFLAGS) -pie $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

# The program prints its own completions. Where it is built for another machine, one that is built for
# this says the same: NATIVE.
NATIVE ?= $(BUILD)/mrcount
$(COMPLETIONS): $(BUILD)/completions/%: $(NATIVE)
	@mkdir -p $(@D)
	$(call say,GEN,$@) $(NATIVE) --completion=$* > $@

# One object whose only global names are the public ones: a user's own `queue_push` is no clash.
$(BUILD)/libmapreduce.a: $(LIB_OBJECTS)
	$(call say,AR,$@) $(LD) -r -o $(BUILD)/libmapreduce.o $^
	$(quiet)$(OBJCOPY) --localize-hidden $(BUILD)/libmapreduce.o
	$(quiet)rm -f $@
	$(quiet)$(AR) rcs $@ $(BUILD)/libmapreduce.o
	$(quiet)rm -f $(BUILD)/libmapreduce.o

# The map names what it exports, each with the version that brought it.
SYMBOLS := src/engine/mapreduce.map
$(BUILD)/$(SOFILE): $(LIB_OBJECTS) $(SYMBOLS)
	$(call say,LD,$@) $(CC) $(ALL_CFLAGS) -shared -Wl,-soname,$(SONAME) -Wl,--version-script=$(SYMBOLS) \
	    $(SHARED_LD) $(ALL_LDFLAGS) -o $@ $(LIB_OBJECTS)

$(BUILD)/libmapreduce.so: $(BUILD)/$(SOFILE)
	$(quiet)ln -sf $(SOFILE) $(BUILD)/$(SONAME)
	$(quiet)ln -sf $(SONAME) $@

$(BUILD)/generate: data/generate.c $(BUILD)/flags
	$(call say,CC,$<) $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(PIE) -pie $(ALL_LDFLAGS) -o $@ $<

# ---- Tests ---------------------------------------------------------------------------------------

# The suites are the files tests/unit/test_*.c; each defines `Suite *<file name>_suite(void)`.
$(BUILD)/obj/tests/suites.inc: FORCE
	@mkdir -p $(@D)
	@printf 'SUITE(%s_suite)\n' $(SUITES) | cmp -s - $@ || printf 'SUITE(%s_suite)\n' $(SUITES) > $@

# What an assertion that holds costs: see mark_point.c.
$(BUILD)/tests/unit: $(TEST_OBJECTS) $(filter-out %/src/main.o,$(PROG_OBJECTS)) $(LIB_OBJECTS)
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) $(ALL_CFLAGS) -pie $(ALL_LDFLAGS) -Wl,--wrap=_mark_point -o $@ $^ $$(pkg-config --libs check)

# As a user of the library would: the public header and the library, nothing else, and the compiler's
# own dialect. A callback need not use all that it is given.
$(BUILD)/tests/examples/%: tests/examples/%.c $(BUILD)/libmapreduce.a src/engine/mapreduce.h
	@mkdir -p $(@D)
	$(call say,CC,$<) $(CC) -Isrc/engine $(CPPFLAGS) $(ALL_CFLAGS) -std=gnu11 -Wno-unused-parameter $(PIE) -pie \
	    $(ALL_LDFLAGS) -o $@ $< $(BUILD)/libmapreduce.a

# What makes calls fail, and the programs of the library that it is tried on. A sanitizer has
# functions of its own in the place of those that are to fail.
FAULT_PROGRAMS := $(patsubst %,$(BUILD)/fault/%,clients decoded stress $(if $(VARIANT),,preload.so intrude.so \
    libraries.so nofilter))

$(BUILD)/fault/%.so: tests/fault/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<) $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -U_FORTIFY_SOURCE -fPIC -shared -o $@ $< -ldl

$(BUILD)/fault/%: tests/fault/%.c $(BUILD)/libmapreduce.a src/engine/mapreduce.h
	@mkdir -p $(@D)
	$(call say,CC,$<) $(CC) -Isrc/engine $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(PIE) -pie $(ALL_LDFLAGS) -o $@ $< \
	    $(BUILD)/libmapreduce.a

check-programs: all $(BUILD)/tests/unit $(BUILD)/generate $(EXAMPLES) $(FAULT_PROGRAMS)

TEST_ENV = MRCOUNT_SOURCE='$(CURDIR)' MRCOUNT_BUILD='$(abspath $(BUILD))' MRCOUNT_VARIANT='$(VARIANT)' \
           CC='$(CC)'
ifdef VARIANT
TEST_ENV += CK_TIMEOUT_MULTIPLIER=$${CK_TIMEOUT_MULTIPLIER:-10}
endif

check: check-programs
	@$(TEST_ENV) $(BUILD)/tests/unit

asan:
	@ASAN_OPTIONS=$${ASAN_OPTIONS:-detect_stack_use_after_return=1:allocator_may_return_null=1} \
	UBSAN_OPTIONS=$${UBSAN_OPTIONS:-print_stacktrace=1} \
	$(MAKE) --no-print-directory BUILD=$(BUILD)/asan VARIANT=asan check

tsan:
	@TSAN_OPTIONS=$${TSAN_OPTIONS:-second_deadlock_stack=1:history_size=4} \
	$(MAKE) --no-print-directory BUILD=$(BUILD)/tsan VARIANT=tsan check

# Writes the outputs of the examples into the README and the man pages.
documents: check-programs
	rm -rf $(BUILD)/tests/documents
	mkdir -p $(BUILD)/tests/documents
	cd $(BUILD)/tests/documents && PATH='$(abspath $(BUILD))':"$$PATH" LC_ALL=C $(TEST_ENV) \
	    '$(CURDIR)'/tests/scripts/documents.py --write

check-corpus: check-programs
	$(TEST_ENV) tests/corpus/run

# Where the cross compiler or qemu is missing it says so and passes; with CI set that is a failure.
check-arm64: check-programs
	@$(TEST_ENV) tests/arm64/run || [ $$? = 77 ]

# A fuzz harness with random inputs instead of a fuzzer.
$(BUILD)/tests/kernels: tests/arm64/kernels.c tests/fuzz/fuzz_kernels.c $(LIB_OBJECTS)
	@mkdir -p $(@D)
	$(call say,LD,$@) $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(PIE) -pie $(ALL_LDFLAGS) -o $@ $^

# Spark and Hadoop are fetched into MRCOUNT_CLUSTER_CACHE (~/.cache/mrcount-cluster) at first. Where
# Java, Python or Maven is missing they say so and pass; with CI set that is a failure.
check-cluster: $(BUILD)/mrcount $(BUILD)/generate
	$(TEST_ENV) tests/cluster/spark || [ $$? = 77 ]
	$(TEST_ENV) tests/cluster/hadoop || [ $$? = 77 ]

# FAULT_ARGS=--each=N: how many calls of a class fail one by one.
fault: all $(FAULT_PROGRAMS) $(BUILD)/tests/examples/pagerank
	rm -rf $(BUILD)/fault/run
	mkdir -p $(BUILD)/fault/run
	cd $(BUILD)/fault/run && $(TEST_ENV) '$(CURDIR)'/tests/fault/fault.py $(FAULT_ARGS)

STRESS_JOBS ?= 100000
stress: $(BUILD)/fault/stress
	GLIBC_TUNABLES=glibc.malloc.tcache_count=0 $(BUILD)/fault/stress $(STRESS_JOBS)

# Fuzzing needs clang. FUZZ_SECONDS a harness, or FUZZ_RUNS inputs, always the same; what is found new
# goes to build/fuzz/corpus.
FUZZ_SECONDS ?= 60
FUZZ_CC      ?= clang
FUZZERS      := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(sort $(wildcard tests/fuzz/*.c)))
FUZZ_SOURCES := $(filter-out src/main.c,$(SOURCES)) tests/unit/words_reference.c \
                tests/unit/fields_reference.c tests/unit/normal_reference.c \
                tests/unit/charset_reference.c

FUZZ_FLAGS    = -std=c11 $(ALL_CPPFLAGS) -Itests -pthread -g -O1 -fno-omit-frame-pointer \
                -fno-sanitize-recover=all
# Compiled once for all harnesses.
FUZZ_OBJECTS := $(patsubst %.c,$(BUILD)/fuzz/obj/%.o,$(FUZZ_SOURCES))

$(BUILD)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<) $(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link,address,undefined -MMD -MP -c -o $@ $<

$(BUILD)/fuzz/%: tests/fuzz/%.c $(FUZZ_OBJECTS)
	$(call say,CC,$<) $(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer,address,undefined -o $@ $^

fuzz-programs: $(FUZZERS)
fuzz: fuzz-programs
	tests/fuzz/run '$(BUILD)/fuzz' $(if $(FUZZ_RUNS),-runs=$(FUZZ_RUNS) -seed=1,-max_total_time=$(FUZZ_SECONDS))

# gcc finds some of what it warns of while it optimizes, clang nothing. LINT_BUILD: where gcc builds.
# LINT_CLANG: where clang does; empty: not here, where all is built by it with WERROR=1 anyway.
LINT_BUILD ?= $(BUILD)/lint/gcc
LINT_CLANG ?= $(BUILD)/lint/clang
lint:
	$(MAKE) --no-print-directory BUILD=$(LINT_BUILD) CC=gcc WERROR=1 check-programs
	$(if $(LINT_CLANG),$(MAKE) --no-print-directory BUILD=$(LINT_CLANG) CC=clang CFLAGS=-O0 WERROR=1 check-programs)
	tests/lint/run '$(LINT_BUILD)'

# ---- Daily use -----------------------------------------------------------------------------------

run: $(BUILD)/mrcount
	@echo '$$ $(BUILD)/mrcount -i -b -p -n 10 data/tempest.txt'
	@$(BUILD)/mrcount -i -b -p -n 10 data/tempest.txt

# Words of two-byte scripts against ICU, where its headers are installed.
$(BUILD)/tests/bench/words_icu: tests/bench/words_icu.c $(filter-out %/src/main.o,$(PROG_OBJECTS)) $(LIB_OBJECTS)
	@mkdir -p $(@D)
	$(call say,CC,$<) $(CC) -Isrc $(CPPFLAGS) $(ALL_CFLAGS) $(PIE) -pie $$(pkg-config --cflags icu-uc) -o $@ $^ \
	    $(ALL_LDFLAGS) $$(pkg-config --libs icu-uc)

# As a user of the library would.
$(BUILD)/tests/bench/emit: tests/bench/emit.c $(BUILD)/libmapreduce.a src/engine/mapreduce.h
	@mkdir -p $(@D)
	$(call say,CC,$<) $(CC) -Isrc/engine $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(PIE) -pie $(ALL_LDFLAGS) -o $@ $< \
	    $(BUILD)/libmapreduce.a

# What one would write in C++ without the library, where there is a compiler of it.
$(BUILD)/tests/bench/words_map: tests/bench/words_map.cc $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX,$<) $(CXX) -std=c++17 -Wall -Wextra -pthread $(CFLAGS) -o $@ $<

$(BUILD)/tests/bench/%: tests/bench/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<) $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(PIE) -pie $(ALL_LDFLAGS) -o $@ $<

# BENCH_PARTS, BENCH_CORPUS, BENCH_RUNS and others choose: see CONTRIBUTING.md.
BENCH_PROGRAMS := $(patsubst %,$(BUILD)/tests/bench/%,measure spawn emit \
    $(shell pkg-config --exists icu-uc 2> /dev/null && echo words_icu) \
    $(shell command -v $(CXX) > /dev/null && echo words_map))

bench: all $(BUILD)/generate $(BENCH_PROGRAMS) $(BUILD)/tests/examples/wordcount
	@$(TEST_ENV) tests/bench/run

bench-memory: all $(BUILD)/generate $(BUILD)/tests/bench/measure
	@$(TEST_ENV) tests/bench/memory

bench-cluster: $(BUILD)/mrcount $(BUILD)/generate
	$(TEST_ENV) tests/cluster/bench

UCD ?= /usr/share/unicode
unicode:
	python3 src/text/unicode/generate.py $(UCD)

# What it writes is committed: no other target needs Python to build.
manual:
	src/engine/manual.py src/engine/mapreduce.h man

clean:
	rm -rf $(BUILD)

# ---- Installation --------------------------------------------------------------------------------

# man3 has a page of each call, and for what stands on the page of another a link to that.
MAN3      := $(notdir $(wildcard man/*.3))
# $(call names,PAGE): what the page is of.
names      = $(shell sed -n '/^\.Sh NAME/,/^\.Nd/s/^\.Nm \([^ ]*\).*/\1/p' man/$(1))
MAN3_LINKS = $(foreach page,$(MAN3),$(addsuffix :$(page),$(filter-out $(MAN3),$(addsuffix .3,$(call names,$(page))))))

install: all
	install -d $(DESTDIR)$(bindir) $(DESTDIR)$(libdir) $(DESTDIR)$(includedir) \
	    $(DESTDIR)$(pkgconfigdir) $(DESTDIR)$(mandir)/man1 $(DESTDIR)$(mandir)/man3
	install -m 755 $(BUILD)/mrcount $(DESTDIR)$(bindir)/mrcount
	install -d $(DESTDIR)$(datadir)/mrcount
	install -m 755 src/cluster/mrcount-hadoop src/cluster/mrcount-spark.py $(DESTDIR)$(datadir)/mrcount
	install -m 644 $(BUILD)/libmapreduce.a $(DESTDIR)$(libdir)/libmapreduce.a
	install -m 644 $(BUILD)/$(SOFILE) $(DESTDIR)$(libdir)/$(SOFILE)
	ln -sf $(SOFILE) $(DESTDIR)$(libdir)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(libdir)/libmapreduce.so
	install -m 644 src/engine/mapreduce.h $(DESTDIR)$(includedir)/mapreduce.h
	install -m 644 man/mrcount.1 $(DESTDIR)$(mandir)/man1/mrcount.1
	install -m 644 $(addprefix man/,$(MAN3)) $(DESTDIR)$(mandir)/man3
	set -e; for link in $(MAN3_LINKS); do ln -sf $${link#*:} $(DESTDIR)$(mandir)/man3/$${link%:*}; done
	sed -e 's,@prefix@,$(PREFIX),' -e 's,@libdir@,$(libdir),' -e 's,@includedir@,$(includedir),' \
	    -e 's,@version@,$(VERSION),' mapreduce.pc.in > $(DESTDIR)$(pkgconfigdir)/mapreduce.pc
	chmod 644 $(DESTDIR)$(pkgconfigdir)/mapreduce.pc
	install -d $(DESTDIR)$(bashcompdir) $(DESTDIR)$(zshcompdir) $(DESTDIR)$(fishcompdir)
	install -m 644 $(BUILD)/completions/bash $(DESTDIR)$(bashcompdir)/mrcount
	install -m 644 $(BUILD)/completions/zsh $(DESTDIR)$(zshcompdir)/_mrcount
	install -m 644 $(BUILD)/completions/fish $(DESTDIR)$(fishcompdir)/mrcount.fish

uninstall:
	rm -rf $(DESTDIR)$(datadir)/mrcount
	rm -f $(DESTDIR)$(bindir)/mrcount $(DESTDIR)$(libdir)/libmapreduce.a \
	    $(DESTDIR)$(libdir)/libmapreduce.so $(DESTDIR)$(libdir)/$(SONAME) \
	    $(DESTDIR)$(libdir)/$(SOFILE) $(DESTDIR)$(includedir)/mapreduce.h \
	    $(DESTDIR)$(mandir)/man1/mrcount.1 $(addprefix $(DESTDIR)$(mandir)/man3/,$(MAN3) \
	    $(foreach link,$(MAN3_LINKS),$(firstword $(subst :, ,$(link))))) \
	    $(DESTDIR)$(pkgconfigdir)/mapreduce.pc $(DESTDIR)$(bashcompdir)/mrcount \
	    $(DESTDIR)$(zshcompdir)/_mrcount $(DESTDIR)$(fishcompdir)/mrcount.fish

DIST := mrcount-$(VERSION)
# A tarball may lie unpacked in the repository of something else: only .git here makes it ours.
dist:
	@mkdir -p $(BUILD)
	set -e; \
	if [ -e .git ]; then \
	    git archive --format=tar --prefix=$(DIST)/ HEAD > $(BUILD)/$(DIST).tar; \
	else \
	    tar -c --exclude='./$(BUILD)' --exclude=./build --sort=name --owner=0 --group=0 \
	        --numeric-owner --transform='s,^\.,$(DIST),' -f $(BUILD)/$(DIST).tar .; \
	fi
	gzip -9nf $(BUILD)/$(DIST).tar

package: dist
	MRCOUNT_BUILD='$(BUILD)' tests/package/run build '$(BUILD)/$(DIST).tar.gz' || [ $$? = 77 ]

check-package:
	MRCOUNT_BUILD='$(BUILD)' tests/package/run chroot || [ $$? = 77 ]

-include $(FUZZ_OBJECTS:.o=.d) $(LIB_OBJECTS:.o=.d) $(PROG_OBJECTS:.o=.d) $(TEST_OBJECTS:.o=.d)
