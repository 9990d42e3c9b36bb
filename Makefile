# The targets that people use. `make test` does its own set-up.

GO ?= go

.PHONY: help
help: ## Show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: test
test: ## Run every test: the packages, then the SDKs and the binary in e2e/, the image in tcmockllm/
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || echo "NOTE: no chromium, so the console is NOT tested" >&2
	@race="$$(scripts/race)"; set -e; \
	scripts/packages "shared state" "redis-server --version" redis-server; \
	scripts/packages "what other languages' clients say" $(CLIENTS); \
	set -x; \
	$(GO) vet ./...; \
	CGO_ENABLED=$${race:+1} $(GO) test $$race -shuffle=on ./...; \
	for module in e2e tcmockllm; do (cd $$module; $(GO) vet ./...; $(GO) test -shuffle=on -timeout 20m ./...); done
# These run without the race detector: compiling the vendors' SDKs with it takes
# many minutes and looks for races in their code, not in ours.

# What e2e/symptoms asks besides Go and Node.
CLIENTS = "curl --version && /usr/bin/python3 -c 'import aiohttp, httpx, requests'" curl python3-aiohttp python3-httpx python3-requests

.PHONY: build
build: ## Build bin/mockllm
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/mockllm ./cmd/mockllm

.PHONY: image
image: ## Build the container image: make image IMAGE=mockllm:latest
	docker build -t $(IMAGE) --build-arg GOPROXY --build-arg GO_IMAGE=$(GO_IMAGE) --build-arg VERSION=$(VERSION) \
	  --build-arg REVISION=$(shell git rev-parse HEAD) --build-arg CREATED=$(shell git log -1 --format=%cI) .
IMAGE ?= mockllm:latest
GO_IMAGE ?= golang:1.26

.PHONY: release
release: ## Build the archives of a release into dist/: make release VERSION=v0.1.0
	scripts/release $(VERSION) dist
VERSION ?= $(shell git describe --tags --always --dirty)

.PHONY: performance
performance: ## Compare with bare handlers and peers, in ratios: make performance UPDATE=1 rewrites docs/performance.md
	cd e2e && $(GO) build -o ../bin/performance ./performance
	bin/performance -root . $(if $(UPDATE),-update) $(if $(ONLY),-only $(ONLY)) $(PERFORMANCE)
PERFORMANCE ?=

.PHONY: bench
bench: ## Run the micro-benchmarks, for profiles
	$(GO) test -run '^$$' -bench . -benchmem . ./scenarios ./redisstate

.PHONY: soak
soak: ## Two minutes of everything at once, all of it hostile: make soak SOAK=10m
	race="$$(scripts/race)"; CGO_ENABLED=$${race:+1} $(GO) test $$race -count=1 -v -timeout 0 ./soak -soak $(SOAK)
SOAK ?= 2m

.PHONY: fuzz
fuzz: ## Run every fuzz target for a while: make fuzz FUZZTIME=60s
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x $$pkg; \
	  done; \
	done
FUZZTIME ?= 20s

.PHONY: docs
docs: ## Rewrite what is generated: docs/errors.md and the JSON Schema
	$(GO) test ./cmd/mockllm -run 'TestErrorsPage|TestSchema$$' -update

.PHONY: scorecards
scorecards: ## Rewrite docs/scorecards.md: real clients in every incident; read the difference before you commit it
	cd e2e && $(GO) test -count=1 -run TestScorecards ./scorecards -update

.PHONY: golden
golden: ## Rewrite the golden answers; read the difference before you commit it
	$(GO) test -run TestGolden -update .

.PHONY: symptoms
symptoms: ## Rewrite docs/symptoms.md: what clients of other languages say of each fault; read the difference before you commit it
	scripts/packages "what other languages' clients say" $(CLIENTS)
	cd e2e && $(GO) test -count=1 ./symptoms -update

.PHONY: check
check: ## Formatting, vet, staticcheck, known vulnerabilities, and tidy modules
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "not gofmt'ed"; exit 1; }
	@set -e; for module in . e2e tcmockllm tools; do (set -x; cd $$module; $(GO) mod tidy -diff); done
	@set -e; for module in . e2e tcmockllm; do (set -x; cd $$module; $(GO) vet ./...; \
	  $(GO) tool -modfile="$(CURDIR)/tools/go.mod" staticcheck ./...); done
	@set -e; for module in . tcmockllm; do (set -x; cd $$module; GOOS=windows $(GO) vet ./...); done # Tests, too, compile where they do not run.
	GO=$(GO) scripts/vulnerabilities
