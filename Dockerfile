FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
WORKDIR /app
COPY --from=build --chown=node /app /app
RUN install -d -o node -g node /var/lib/keyturn
USER node
ENTRYPOINT ["node", "/app/dist/src/cli/main.js"]
