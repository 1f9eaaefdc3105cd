# kconnectd: `make` builds build/kconnectd; see README.md for everything else.
#   make deps            install the Debian packages below (root or sudo)
#   make                 the daemon and the examples' plugins
#   make demo            back up two topics and restore them, everything embedded
#   make test            unit, fuzz and integration tests            [SAN=address,undefined | SAN=thread] [CC=clang]
#   make golden GOLDEN=DIR  run a folder of golden vectors (default tests/golden)
#   make unit fuzz integration bench check-style install
SAN     ?=
OPT     ?= -O2
PREFIX  ?= /usr/local
DESTDIR ?=

# ---- dependencies: the one list ----
DEPS_BUILD := gcc make pkg-config libc6-dev librdkafka-dev libmicrohttpd-dev libgnutls28-dev \
              libcurl4-openssl-dev libssl-dev libcjson-dev libuv1-dev libpcre2-dev zlib1g-dev libexpat1-dev libyaml-dev
DEPS_TEST  := check libsubunit-dev python3-venv kcat curl jq openssl clang clang-format clang-tidy procps wrk
# Java and Maven only start the Kafka broker and the S3 server of the tests.
DEPS_JAVA  := maven default-jre-headless

# ---- variants ----
comma   := ,
VARIANT := $(if $(SAN),$(subst $(comma),-,$(SAN)),plain)$(if $(filter clang%,$(CC)),-clang)
OUT     := build/$(VARIANT)
PKGS    := rdkafka libmicrohttpd gnutls libcurl openssl libcjson libuv libpcre2-8 zlib expat yaml-0.1
WARN    := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Werror
CPPFLAGS += -I. -D_GNU_SOURCE -DPCRE2_CODE_UNIT_WIDTH=8 $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
CFLAGS  += -std=gnu17 $(OPT) -g $(WARN) -fno-omit-frame-pointer -pthread $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all)
LDFLAGS += -rdynamic -pthread $(if $(SAN),-fsanitize=$(SAN)) $(if $(findstring thread,$(SAN)),-Wl$(comma)-u$(comma)thrd_create)
LIBS     = $(shell pkg-config --libs $(PKGS)) -ldl -lm

SRCS    := $(sort $(wildcard connect/*.c connect/*/*.c connectors/*.c connectors/*/*.c rest/*.c config/*.c))
LIBSRCS := $(filter-out connect/main.c,$(SRCS))
OBJS    := $(SRCS:%.c=$(OUT)/%.o)
LIBOBJS := $(LIBSRCS:%.c=$(OUT)/%.o)

all: $(OUT)/kconnectd $(if $(filter plain,$(VARIANT)),build/kconnectd) build/demo hello_sink hello_parts

$(OUT)/kconnectd: $(OUT)/connect/main.o $(OUT)/libkconnectd.a
	@echo "LINK $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(OUT)/connect/main.o -Wl,--whole-archive $(OUT)/libkconnectd.a \
	    -Wl,--no-whole-archive $(LIBS)

# The plain build is the one that people run.
build/kconnectd: build/plain/kconnectd
	@ln -sfn plain/kconnectd $@

$(OUT)/libkconnectd.a: $(LIBOBJS)
	@rm -f $@
	@ar rcs $@ $(LIBOBJS)

$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	@echo "CC   $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# What `make demo` fills and compares topics with; knows nothing of the daemon's code.
build/demo: examples/demo/demo.c
	@mkdir -p build
	@echo "CC   $<"
	@$(CC) -std=gnu17 -O2 $(WARN) -o $@ $< $(shell pkg-config --cflags --libs rdkafka)

hello_sink hello_parts:
	@if [ -d examples/$@ ]; then $(MAKE) -s -C examples/$@; fi

objs: $(OBJS)
lib: $(OUT)/libkconnectd.a

# ---- tests ----
# One program per suite: tests/unit/connect/base/test_buf.c → build/plain/tests/unit/connect/base/test_buf. What several
# suites share lies in tests/support/*.c.
UNIT_SRCS    := $(sort $(wildcard tests/unit/*/*.c tests/unit/*/*/*.c))
UNIT_BINS    := $(UNIT_SRCS:%.c=$(OUT)/%)
SUPPORT_SRCS := $(sort $(wildcard tests/support/*.c))
SUPPORT_OBJS := $(SUPPORT_SRCS:%.c=$(OUT)/%.o)
FUZZ_SRCS    := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_BINS    := $(FUZZ_SRCS:%.c=$(OUT)/%)
BENCH_SRCS   := $(sort $(wildcard tests/bench/bench_*.c))
BENCH_BINS   := $(BENCH_SRCS:%.c=$(OUT)/%)
CHECK_LIBS    = $(shell pkg-config --libs check)

$(OUT)/libsupport.a: $(SUPPORT_OBJS)
	@rm -f $@
	@ar rcs $@ $(SUPPORT_OBJS)

# A test that includes a fake gets it in place of the real thing.
define link_test
@fakes=$$(grep -q -E '"tests/support/(fake_|task_lab)' $*.c && echo $(OUT)/libsupport.a); \
$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $$fakes $(OUT)/libkconnectd.a $(OUT)/libsupport.a $(OUT)/libkconnectd.a $(CHECK_LIBS) $(LIBS)
endef
$(UNIT_BINS): $(OUT)/%: $(OUT)/%.o $(OUT)/libsupport.a $(OUT)/libkconnectd.a
	$(link_test)
GOLDEN_BIN   := $(OUT)/tests/golden/golden

$(FUZZ_BINS) $(BENCH_BINS) $(GOLDEN_BIN): $(OUT)/%: $(OUT)/%.o $(OUT)/libsupport.a $(OUT)/libkconnectd.a
	$(link_test)

# Judges a folder of golden vectors: make golden GOLDEN=DIR
GOLDEN ?= tests/golden
golden: $(GOLDEN_BIN)
	@$(GOLDEN_BIN) $(GOLDEN)

units: $(UNIT_BINS)
unit: units
	@tests/support/run_unit.sh $(UNIT_BINS)
fuzzers: $(FUZZ_BINS)
fuzz: fuzzers
	@tests/support/run_fuzz.sh $(FUZZ_BINS)
benches: $(BENCH_BINS)

VENV := build/venv
$(VENV)/.complete: tests/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip -q install -r tests/requirements.txt
	@touch $@
build/jars/.complete: tests/support/pom.xml
	@rm -rf build/jars
	for server in kafka s3proxy; do mvn -q -B -f tests/support/pom.xml -P$$server dependency:copy-dependencies \
	    -DoutputDirectory=$(CURDIR)/build/jars/$$server || exit 1; done
	@touch $@
# The worker that kconnectd takes over from.
build/jars-connect/.complete: tests/support/connect-pom.xml
	@rm -rf build/jars-connect
	mvn -q -B -f tests/support/connect-pom.xml dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/build/jars-connect
	@touch $@
# The Schema Registry of the tests, a whole server.
REGISTRY := io.apicurio:apicurio-registry-app:2.6.13.Final:tar.gz:all
build/jars-registry/.complete:
	@rm -rf build/jars-registry && mkdir -p build/jars-registry
	cd build/jars-registry && mvn -q -B dependency:unpack -Dartifact=$(REGISTRY) -DoutputDirectory=. && rm -rf '$${project.basedir}'
	@touch $@
jars: build/jars/.complete build/jars-connect/.complete build/jars-registry/.complete

# K="expression" selects tests; the daemon under test is the one of this variant. Each of the JOBS has its own servers.
JOBS ?= 2
integration: all $(GOLDEN_BIN) jars $(VENV)/.complete
	KCONNECTD=$(CURDIR)/$(OUT)/kconnectd $(VENV)/bin/python -m pytest -q -p no:cacheprovider -n $(JOBS) --dist loadgroup tests/scenario \
	    $(if $(K),-k "$(K)") $(PYTEST)

test:
	@$(MAKE) --no-print-directory deps-test
	@$(MAKE) --no-print-directory -j$$(nproc) all units fuzzers $(GOLDEN_BIN)
	@$(MAKE) --no-print-directory unit
	@$(MAKE) --no-print-directory fuzz
	@$(MAKE) --no-print-directory integration

demo:
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@examples/demo/demo.sh $(if $(KAFKA),--kafka $(KAFKA)) $(if $(S3),--s3 $(S3))

build/bench-jars/.complete: tests/bench/pom.xml
	@rm -rf build/bench-jars
	mvn -q -B -f tests/bench/pom.xml dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/build/bench-jars
	@touch $@

build/bench-worker-jars/.complete: tests/bench/pom.xml
	@rm -rf build/bench-worker-jars
	mvn -q -B -f tests/bench/pom.xml -Pworker dependency:copy-dependencies -DexcludeArtifactIds=slf4j-nop,ecj \
	    -DoutputDirectory=$(CURDIR)/build/bench-worker-jars
	@touch $@

# BENCH=json,transforms,sink,rest chooses parts; see tests/bench/bench.py.
bench: all benches jars build/bench-jars/.complete build/bench-worker-jars/.complete $(VENV)/.complete
	KCONNECTD=$(CURDIR)/$(OUT)/kconnectd BENCHES=$(CURDIR)/$(OUT)/tests/bench $(VENV)/bin/python tests/bench/bench.py

# ---- style ----
STYLE_FILES = $(shell git ls-files '*.c' '*.h')
check-style:
	@tests/support/check_style.sh $(STYLE_FILES)

# ---- packages ----
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
define install_packages
	@missing=$$(for p in $(1); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then echo "installing:" $$missing; \
	$(SUDO) apt-get -q update >/dev/null && \
	DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get -q install -y --no-install-recommends $$missing >/dev/null; fi
endef
deps:
	$(call install_packages,$(DEPS_BUILD))
deps-test: deps
	$(call install_packages,$(DEPS_TEST))
	@command -v mvn >/dev/null && command -v java >/dev/null || { \
	$(SUDO) apt-get -q update >/dev/null && \
	DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get -q install -y --no-install-recommends $(DEPS_JAVA) >/dev/null; }

install: $(OUT)/kconnectd
	install -D -m 755 $(OUT)/kconnectd $(DESTDIR)$(PREFIX)/bin/kconnectd
	for name in connect-distributed connect-standalone; do \
	    ln -sf kconnectd $(DESTDIR)$(PREFIX)/bin/$$name && ln -sf kconnectd $(DESTDIR)$(PREFIX)/bin/$$name.sh || exit 1; done
	install -D -m 644 connect/plugin.h $(DESTDIR)$(PREFIX)/include/kconnectd/plugin.h
	install -d $(DESTDIR)$(PREFIX)/share/kconnectd/examples
	install -m 644 $(wildcard examples/*.json examples/*.properties) $(DESTDIR)$(PREFIX)/share/kconnectd/examples

clean:
	rm -rf build

.PHONY: all objs lib golden units unit fuzz fuzzers benches jars integration test demo bench check-style deps deps-test install clean hello_sink hello_parts
.SECONDARY:

-include $(OBJS:.o=.d) $(SUPPORT_OBJS:.o=.d) $(UNIT_BINS:=.d) $(FUZZ_BINS:=.d) $(BENCH_BINS:=.d) $(GOLDEN_BIN:=.d)
