# The targets that people use. `make test` does its own set-up.

GO ?= go

.PHONY: help
help: ## Show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: test
test: ## Run every test: the packages, then the SDKs and the built binary in e2e/
	@race="$$(scripts/race)"; set -ex; \
	$(GO) vet ./...; \
	CGO_ENABLED=$${race:+1} $(GO) test $$race -shuffle=on ./...; \
	cd e2e; $(GO) vet ./...; \
	$(GO) test -shuffle=on ./...
# e2e/ runs without the race detector: compiling the vendors' SDKs with it takes
# many minutes and looks for races in their code, not in ours.

.PHONY: build
build: ## Build bin/mockllm
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/mockllm ./cmd/mockllm

.PHONY: bench
bench: ## Run the benchmarks
	$(GO) test -run '^$$' -bench . -benchmem . ./scenarios

.PHONY: fuzz
fuzz: ## Run every fuzz target for a while: make fuzz FUZZTIME=60s
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$pkg; \
	  done; \
	done
FUZZTIME ?= 20s

.PHONY: docs
docs: ## Rewrite what is generated: docs/errors.md
	$(GO) test ./cmd/mockllm -run TestErrorsPage -update

.PHONY: golden
golden: ## Rewrite the golden answers; read the difference before you commit it
	$(GO) test -run TestGolden -update .

.PHONY: check
check: ## Formatting, vet and tidy modules
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "not gofmt'ed"; exit 1; }
	$(GO) vet ./...
	$(GO) mod tidy -diff
	cd e2e && $(GO) mod tidy -diff
