# syntax=docker/dockerfile:1
# Build and run stand on the same Debian, whose C library the program is linked with.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock build.rs ./
COPY benches benches
COPY catalog catalog
COPY docs/handbook.md docs/handbook.md
COPY rules rules
COPY schemas schemas
COPY specs specs
COPY src src
COPY tests/main.rs tests/main.rs
RUN cargo build --release --locked --bin napkin

FROM debian:bookworm-slim
# `napkin diff --git` runs git, in folders that belong to whoever started the container.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && git config --system safe.directory '*' \
    && useradd --uid 10001 --no-create-home napkin
COPY --from=build /src/target/release/napkin /usr/local/bin/napkin
USER 10001
WORKDIR /work
ENTRYPOINT ["napkin"]
CMD ["check"]
