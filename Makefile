# Two commands do everything on a fresh machine: `make demo` and `make test`.

# A clean clone builds without a database: what each query means is recorded in .sqlx.
export SQLX_OFFLINE = true

.PHONY: demo test test-upgrade check sqlx bench bench-peers clean

# Builds what the tests use, too, starts everything here, fires one closed-won webhook, prints the finished run and the dashboard's address.
# DEMO_ARGS=--exit stops after that.
demo:
	@scripts/install.sh postgres
	cargo build --locked
	target/debug/stepwell dev --fire $(DEMO_ARGS)

# Every check and test, the browser's too; installs what they need where it may.
test:
	@scripts/install.sh postgres browser scripts senders valgrind nextest
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	scripts/with-postgres.sh scripts/sqlx-prepare.sh --check
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items --quiet
	npm --silent --prefix senders test
	node --test bench-peers/*.test.mjs
	scripts/with-postgres.sh cargo nextest run --locked --workspace --lib --bins --tests --no-fail-fast

# After a change of a query or a migration.
sqlx:
	scripts/with-postgres.sh scripts/sqlx-prepare.sh

# Twenty rolling upgrades and rollbacks under load, against the version before the last change of format, built from its source.
# OLD=REF takes another one.
test-upgrade:
	@scripts/install.sh postgres nextest
	scripts/test-upgrade.sh $(OLD)

# The figures of docs/performance.md on this machine.
bench:
	cargo build --release --locked
	target/release/stepwell bench
	target/release/stepwell bench --catalog 50000
	cargo bench --locked

# Stepwell against Restate and DBOS on this machine, the ratios of docs/performance.md. ARGS='--rounds 1 --seconds 2' for a quick look.
bench-peers:
	@scripts/install.sh postgres
	cargo build --release --locked
	scripts/bench-peers.sh $(ARGS)

clean:
	cargo clean
