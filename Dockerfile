# syntax=docker/dockerfile:1
# Two stages: what builds is not what runs. The image has the compiled JavaScript, its own dependencies and
# nothing else, and runs as a user that owns none of it.

# Pin it by digest: `docker build --build-arg NODE_IMAGE=node:22-bookworm-slim@sha256:… .`
ARG NODE_IMAGE=node:22-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package runs a script of its own while it is installed. The hashers come with their binaries.
RUN npm ci --ignore-scripts
COPY tsconfig.json app.ts server.ts cli.ts ./
COPY commands commands
COPY dev dev
COPY lib lib
COPY plugins plugins
COPY routes routes
COPY sql sql
RUN npm run build:server && npm prune --omit=dev

FROM ${NODE_IMAGE}
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
USER node
EXPOSE 3000
# The process itself gets the signals: no shell and no npm in between.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=2s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health/live').then(answer => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/server.js"]
