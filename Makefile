# What people run here. Each target installs what it needs, and works on a fresh Debian machine with Rust.
CARGO ?= cargo
DATA  ?= data
LISTEN ?= 127.0.0.1:8080
CONSOLE := web/console
.PHONY: run serve build test lint check-deps unit oracles faults planted planted-check sim bench bench-long load tools mail-peers console console-check browser

run: console ## The desk with a demo on it: a window, three agents, a dozen customers who write and answer; kept in ./data
	$(CARGO) build --release -p madoguchi-web -p madoguchi-loadtest
	@exec ./target/release/loadtest demo --server target/release/madoguchi --data-dir $(DATA) --listen $(LISTEN) $(DEMO)

serve: console ## The bare server, as in production; the first start asks for the owner's password
	$(CARGO) build --release -p madoguchi-web
	@test -d $(DATA)/journal || { printf 'Password for the first login "owner" (8 characters or more): '; \
	  stty -echo 2>/dev/null || true; read -r password; stty echo 2>/dev/null || true; printf '\n'; \
	  printf '%s' "$$password" | ./target/release/madoguchi user add --data-dir $(DATA) --login owner --role owner; }
	@exec ./target/release/madoguchi serve --data-dir $(DATA) --listen $(LISTEN)

tools:
	./scripts/tools.sh

mail-peers: ## Postfix and the other mail programs that the tests talk to
	./scripts/mail-peers.sh

# npm's packages as the lock file names them; again only when it changes.
$(CONSOLE)/node_modules/.fresh: $(CONSOLE)/package-lock.json
	cd $(CONSOLE) && npm ci --ignore-scripts
	@touch $@

console: $(CONSOLE)/node_modules/.fresh ## The agents' console; a release build of the server carries it
	cd $(CONSOLE) && npm run --silent build

console-check: $(CONSOLE)/node_modules/.fresh ## Format, types, accessibility of templates, unit tests
	cd $(CONSOLE) && npm run --silent check && npm test --silent

browser: console build ## The console in Chromium against the real server and the LINE double
	./scripts/chromium.sh
	cd $(CONSOLE) && npm run --silent browser

build:
	$(CARGO) build -p madoguchi-web -p madoguchi-loadtest

# Everything that must hold before a change lands.
test: tools lint build unit planted-check oracles console-check browser

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --quiet -- -D warnings

check-deps: ## Licences, sources and bans; advisories where the database can be fetched
	$(CARGO) deny check bans licenses sources

unit: build mail-peers
	$(CARGO) nextest run --workspace --no-fail-fast

oracles: build ## LINE's own SDKs judge the double, the library of Standard Webhooks the server
	./loadtest/oracles/run.sh

planted-check: ## Every planted bug still applies, and the tests named for it exist
	CARGO="$(CARGO)" ./tests/planted/run.sh check

planted: tools mail-peers ## Every planted bug is caught by the tests named for it
	CARGO="$(CARGO)" ./tests/planted/run.sh

# What steers tests is named TEST_…: the server takes every MADOGUCHI_… for a setting of its own.
faults: build mail-peers planted ## The long form of kills, power cuts and readers who never read; and every planted bug
	TEST_FAULT_ROUNDS=1000 TEST_KILL_ROUNDS=1000 TEST_STUCK_SECONDS=60 $(CARGO) nextest run -p madoguchi-tests --profile long

sim: ## Seeded schedules; TEST_SIM_SEED repeats one
	TEST_SIM_RUNS=$${TEST_SIM_RUNS:-2000} $(CARGO) nextest run -p madoguchi-tests --profile long simulated

bench: ## Every budget in a short form, beside its peers; `make bench-long` at the size of the goals
	./scripts/peers.sh
	$(CARGO) build --release -p madoguchi-web -p madoguchi-benches
	$(CARGO) bench -p madoguchi-benches --bench journal --bench pure
	./target/release/budgets all

bench-long:
	./scripts/peers.sh
	$(CARGO) build --release -p madoguchi-web -p madoguchi-benches
	./target/release/budgets all --long

load: ## Thousands of chats and hundreds of agents on a release build, measured and checked; LOAD adds or changes options
	$(CARGO) build --release -p madoguchi-web -p madoguchi-loadtest
	./target/release/loadtest run --server target/release/madoguchi \
	  --chats 3000 --agents 300 --windows 10 --rate 300 --duration-s 60 --warm-up-s 15 $(LOAD)
