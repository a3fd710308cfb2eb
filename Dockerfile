# slim, not alpine: the glibc that the test suite runs on; Node's builds for musl are experimental.
FROM node:26-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:26-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM node:26-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY package.json openapi.yaml asyncapi.yaml ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# The image's user "node", as a number: Kubernetes can only tell from that that it is not root.
USER 1000:1000
EXPOSE 3000
# The image has no curl. Liveness never asks Redis, so an outage of Redis restarts nothing.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# No shell and no npm in between: node itself gets SIGTERM, and drains. The flags are those of "npm start".
ENTRYPOINT ["node", "--max-semi-space-size=8", "--heap-growing-percent=40", "/app/dist/cli.cjs"]
