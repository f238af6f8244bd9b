# Build: everything that compiles, with the development packages.
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# The tests' PostgreSQL and other binaries fetch or link things in their install scripts; the build needs none of them.
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

# Packages: what runs in production, and nothing else.
FROM node:20-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts

# Debian and not Alpine: Temporal's native core needs glibc. -slim lacks the certificates that TLS to the vendors needs.
FROM node:20-bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
ENV NODE_ENV=production
# About 80 % of the memory that docker-compose.yml allows a container; set both together.
ENV NODE_OPTIONS=--max-old-space-size=820
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/package.json ./
COPY --from=build /app/dist ./dist
# The image's user `node`, by number so that a host can resolve it.
USER 1000:1000
EXPOSE 3000
# Node itself as PID 1: signals reach it, and the worker drains.
CMD ["node", "dist/api/main.js"]
