# What people run here. Each target installs what it needs, and works on a fresh Debian machine with Rust.
CARGO ?= cargo
DATA  ?= data
.PHONY: run build test lint check-deps unit oracles faults sim bench bench-long tools

run: ## Start the server on ./data at http://127.0.0.1:8080; the first start asks for the owner's password
	$(CARGO) build --release -p madoguchi-web
	@test -d $(DATA)/journal || { printf 'Password for the first login "owner" (8 characters or more): '; \
	  read -r password; printf '%s' "$$password" | ./target/release/madoguchi user add --data-dir $(DATA) --login owner --role owner; }
	./target/release/madoguchi serve --data-dir $(DATA) --listen 127.0.0.1:8080

tools:
	./scripts/tools.sh

build:
	$(CARGO) build -p madoguchi-web -p madoguchi-loadtest

# Everything that must hold before a change lands.
test: tools lint build unit oracles

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --quiet -- -D warnings

check-deps: ## Licences, sources and bans; advisories where the database can be fetched
	$(CARGO) deny check bans licenses sources

unit: build
	$(CARGO) nextest run --workspace --no-fail-fast

oracles: build ## LINE's own SDKs judge the double
	./loadtest/oracles/run.sh

faults: build ## The long form of kills and power cuts
	MADOGUCHI_FAULT_ROUNDS=1000 MADOGUCHI_KILL_ROUNDS=1000 $(CARGO) nextest run -p madoguchi-tests --profile long

sim: build ## Seeded schedules; MADOGUCHI_SIM_SEED repeats one
	MADOGUCHI_SIM_RUNS=2000 $(CARGO) nextest run -p madoguchi-tests --profile long sim

bench: ## Every budget in a short form, beside its peers; `make bench-long` at the size of the goals
	./scripts/peers.sh
	$(CARGO) build --release -p madoguchi-web -p madoguchi-benches
	$(CARGO) bench -p madoguchi-benches --bench journal --bench pure
	./target/release/budgets all

bench-long:
	./scripts/peers.sh
	$(CARGO) build --release -p madoguchi-web -p madoguchi-benches
	./target/release/budgets all --long
