# syntax=docker/dockerfile:1
# Two stages: build with the Rust toolchain, run with nothing but the program. No shell, no package manager, not root.
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends cmake gcc g++ make && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY config config
COPY benches benches
RUN cargo build --release --locked --bin obsgate

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/target/release/obsgate /usr/local/bin/obsgate
# Mount the settings, and what they name, below /etc/obsgate.
USER nonroot:nonroot
EXPOSE 8080 8443 9900
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/obsgate"]
CMD ["run", "--config", "/etc/obsgate/obsgate.toml"]
