FROM node:20-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# The build is the package's `prepare` script, which needs the sources: they come next.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY build ./build
COPY src ./src
# An image runs everything, so it keeps what the package leaves to its users: fastify, Bull Board, libsql, the trace exporter.
RUN npm run build && node build/keep-features.mjs && npm prune --omit=dev --ignore-scripts

FROM node:20-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# A named volume takes over the owner of the folder that it is mounted on.
RUN mkdir /data && chown node:node /data
USER node
# A worker is asked on the port that the command below opens; another command says its own address, or `healthcheck` in compose.
ENV HEALTH_URL=http://127.0.0.1:7421/healthz
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(process.env.HEALTH_URL).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js", "worker", "--health-port", "7421"]
