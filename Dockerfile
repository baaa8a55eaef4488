# syntax=docker/dockerfile:1
# Two stages: a static build, and an image that holds nothing but the program. No shell, no package manager, not root.
FROM rust:1.95-alpine AS build
RUN apk add --no-cache build-base cmake perl linux-headers
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY config config
COPY benches benches
# Alpine's own target links statically.
RUN cargo build --release --locked --bin obsgate

FROM scratch
COPY --from=build /src/target/release/obsgate /obsgate
# Mount the settings, and what they name, below /etc/obsgate. The roots of the web are built in.
USER 65532:65532
EXPOSE 8080 8443 9900
STOPSIGNAL SIGTERM
ENTRYPOINT ["/obsgate"]
CMD ["run", "--config", "/etc/obsgate/obsgate.toml"]
