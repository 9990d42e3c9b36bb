# The image of mockllm: one static binary, the certificates of public
# authorities, an empty folder for a scenario. See docs/container.md.
# It needs nothing that only BuildKit knows.

ARG GO_IMAGE=golang:1.26
FROM ${GO_IMAGE} AS build
LABEL org.mockllm.stage=build
ARG GOPROXY
ENV CGO_ENABLED=0
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=devel
RUN go build -trimpath -tags nethttpomithttp2 -ldflags "-s -w -X github.com/mockllm/mockllm.stamped=${VERSION}" -o /out/mockllm ./cmd/mockllm
# What a volume is mounted on gives it its owner: the folders must exist.
WORKDIR /out/scenarios
WORKDIR /out/tls

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /out/ /
COPY LICENSE /
ARG VERSION=devel
ARG REVISION
ARG CREATED
LABEL org.opencontainers.image.title="mockllm" \
      org.opencontainers.image.description="A double of Baidu Qianfan and Alibaba DashScope that fails on purpose" \
      org.opencontainers.image.source="https://github.com/mockllm/mockllm" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
USER 65532:65532
ENV MOCKLLM_LISTEN=0.0.0.0:8080 MOCKLLM_ADMIN=0.0.0.0:8081 MOCKLLM_SCENARIO=/scenarios
EXPOSE 8080 8081
HEALTHCHECK --interval=2s --timeout=3s --retries=5 CMD ["/mockllm", "health"]
ENTRYPOINT ["/mockllm"]
CMD ["serve"]
